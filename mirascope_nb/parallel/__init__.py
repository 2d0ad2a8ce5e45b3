"""Many calls at once: bounded, ordered, cancellable, with progress, results and a journal."""

from mirascope_nb.parallel.batch import Batch
from mirascope_nb.parallel.budget import Budget, Estimate, UnknownPriceError
from mirascope_nb.parallel.completion import AsCompleted
from mirascope_nb.parallel.detached import DetachedMap
from mirascope_nb.parallel.jobs import Outcome, job_of
from mirascope_nb.parallel.journal import Journal, JournalInUseError
from mirascope_nb.parallel.mapping import Mapping
from mirascope_nb.parallel.progress import Progress, ProgressActions, ProgressState, TextProgress
from mirascope_nb.parallel.results import Failure, Results
from mirascope_nb.parallel.rows import Inputs, Row, read_inputs
from mirascope_nb.parallel.tally import Tally, waiting_for
from mirascope_nb.parallel.targets import retry_policy, target_of

__all__ = [
    "AsCompleted",
    "Batch",
    "Budget",
    "DetachedMap",
    "Estimate",
    "Failure",
    "Inputs",
    "Journal",
    "JournalInUseError",
    "Mapping",
    "Outcome",
    "Progress",
    "ProgressActions",
    "ProgressState",
    "Results",
    "Row",
    "Tally",
    "TextProgress",
    "UnknownPriceError",
    "job_of",
    "read_inputs",
    "retry_policy",
    "target_of",
    "waiting_for",
]
