"""The last error of the session, for `{Err}` and `%llm fix`."""

import sys
import traceback
from types import TracebackType
from typing import Any, Final, TypeGuard

from IPython.core.error import UsageError

from mirascope_nb.magics.keys import redact

LONGEST: Final = 8_000
"""The most of a traceback that is sent, in characters; what is cut is cut from its middle."""


class LastError:
    """Remembers which cell failed last, and how.

    Usage errors and stops are not remembered: there is nothing in them to explain.
    """

    def __init__(self) -> None:
        self._error: BaseException | None = None
        self._source: str | None = None

    def note(self, result: Any) -> None:
        """A cell has ended; called by IPython's `post_run_cell` event."""
        error: object = getattr(result, "error_in_exec", None)
        error = error or getattr(result, "error_before_exec", None)
        if _is_worth_explaining(error):
            self._error = error
            self._source = getattr(getattr(result, "info", None), "raw_cell", None)

    @property
    def source(self) -> str | None:
        """The cell that failed, as typed, if that is known."""
        return self._source

    def text(self) -> str | None:
        """The traceback as text without colours and keys, or `None` when nothing has failed."""
        from mirascope_nb.text import plain_text

        error = self._error
        if error is None:
            # What failed before the extension was loaded.
            last: object = getattr(sys, "last_value", None)
            error = last if _is_worth_explaining(last) else None
        if error is None:
            return None
        lines = traceback.format_exception(type(error), error, _of_the_cell(error))
        return _shorter(redact(plain_text("".join(lines))).strip())


def _is_worth_explaining(error: object) -> TypeGuard[Exception]:
    return isinstance(error, Exception) and not isinstance(error, UsageError)


def _of_the_cell(error: BaseException) -> TracebackType | None:
    """The traceback from the cell on, without the frames of IPython that compiled or ran it."""
    frames = error.__traceback__
    while frames is not None and _is_ipythons(frames.tb_frame.f_globals.get("__name__")):
        frames = frames.tb_next
    return frames


def _is_ipythons(module: object) -> bool:
    return isinstance(module, str) and module.startswith("IPython.core.")


def _shorter(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]}\n[… {len(text) - LONGEST} characters left out …]\n{text[-half:]}"
