"""What others have said, within a message of one line: a user's word, the cause of an error."""

from typing import Final

from mirascope_nb.text import escape_invisible

_LONGEST: Final = 60


def quoted(word: str) -> str:
    """A word as a message shows it: in quotes, short, and with what hides in it escaped."""
    shown = escape_invisible(word if len(word) <= _LONGEST else word[:_LONGEST] + "…")
    mark = '"' if "'" in shown and '"' not in shown else "'"
    return f"{mark}{shown}{mark}"


def first_sentence(error: Exception) -> str:
    """What an error says first, without its full stop."""
    text = str(error).partition("\n")[0] or type(error).__name__
    return escape_invisible(text.partition(". ")[0].rstrip(". "))
