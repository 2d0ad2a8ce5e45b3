"""The nearest of several names, for error messages that say what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The name most like `word`, ignoring case, or `None` when nothing is close.

    Args:
        word: What was written.
        names: What could have been meant.
        cutoff: How alike the two must be, from 0 to 1.
    """
    by_folded = {name.casefold(): name for name in names}
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[matches[0]] if matches else None


def did_you_mean(word: str, names: Iterable[str], *, cutoff: float = 0.6) -> str:
    """` Did you mean X?` with its leading space, or nothing when no name is close."""
    match = nearest(word, names, cutoff=cutoff)
    return f" Did you mean {match}?" if match is not None else ""
