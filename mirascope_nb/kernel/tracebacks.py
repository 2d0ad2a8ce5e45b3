"""Tracebacks that say where in the user's own code, and what: nothing of the machinery between.

A stop, or a provider's refusal, says nothing by the twenty frames it came through, and IPython's
own rendering of them imports for 0.2 s the first time.
"""

import sysconfig
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from traceback import walk_tb

from mirascope_nb.kernel.frontend import find_shell

__all__ = ["render", "shorten", "shorten_all"]

_HOOK = "_render_traceback_"
"""What IPython looks for before it renders an exception itself."""


def shorten(error: BaseException, *, text: str | None = None) -> None:
    """Make IPython show an exception as `render` does, unless something else was arranged before.

    The exception itself stays as it is, for `except` and for debuggers.
    """
    if _HOOK not in vars(error):
        vars(error)[_HOOK] = partial(render, error, text=text)


def shorten_all(
    kind: type[BaseException], say: Callable[[BaseException], str]
) -> Callable[[], None]:
    """Make IPython show every exception of a class as `render` does, wherever it was raised.

    What `shorten` has said of one of them stands.

    Args:
        kind: A class of this package's own.
        say: What to say of an exception.

    Returns:
        What undoes it.
    """

    def show(error: BaseException) -> list[str]:
        return render(error, text=say(error))

    setattr(kind, _HOOK, show)

    def undo() -> None:
        if vars(kind).get(_HOOK) is show:
            delattr(kind, _HOOK)

    return undo


def render(error: BaseException, *, text: str | None = None) -> list[str]:
    """The lines to show: the places in the user's code, the innermost last, and the error.

    Args:
        error: The exception, with the traceback it has when it is shown.
        text: What to say of it; by default its type and message.
    """
    compiler = getattr(find_shell(), "compile", None)
    name_of: Callable[[str], tuple[str, str] | None] = getattr(
        compiler, "format_code_name", _no_name
    )
    lines: list[str] = []
    for frame, number in walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        name = name_of(file) or (("File", file) if _is_users(file) else None)
        if name is not None:
            lines.append("{} {}, line {}".format(*name, number))
    return [*lines, text or f"{type(error).__name__}: {error}"]


def _is_users(file: str) -> bool:
    """Whether a file is neither installed nor part of Python or of this package."""
    return not file.startswith(("<", *_installed()))


@cache
def _installed() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    package = str(Path(__file__).parents[1])
    return (package, paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"])


def _no_name(filename: str, /) -> None:
    """Outside IPython no file is a cell."""
