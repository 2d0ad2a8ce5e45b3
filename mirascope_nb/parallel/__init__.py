"""Many awaitables at once: bounded, ordered, cancellable, with progress."""

from mirascope_nb.parallel.batch import Batch, Outcome
from mirascope_nb.parallel.progress import Progress, ProgressActions, ProgressState, TextProgress
from mirascope_nb.parallel.tally import Tally

__all__ = [
    "Batch",
    "Outcome",
    "Progress",
    "ProgressActions",
    "ProgressState",
    "Tally",
    "TextProgress",
]
