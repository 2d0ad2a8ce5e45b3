"""What a failed call shows: one line of cause, one line of remedy, and no traceback of ours.

The exception stays what it is, so that `except llm.RateLimitError:` works around a `%llm`; only its
rendering is short. Rendering nothing more than that also keeps `%xmode Verbose` from printing local
variables, and makes the first traceback of a session as quick as any other.
"""

from mirascope_nb import llm
from mirascope_nb.display.errors import explain
from mirascope_nb.magics.keys import redact


def shorten(error: BaseException) -> None:
    """Make IPython render an error of a call, or a stop, as its cause and a remedy.

    Other exceptions are left alone: they are no failed calls, and their traceback is needed.
    """
    short = hasattr(error, "_render_traceback_")  # a card's own says where, a stop's is enough
    if isinstance(error, llm.Error) or (isinstance(error, KeyboardInterrupt) and not short):
        lines = render(error)
        vars(error)["_render_traceback_"] = lambda: list(lines)


def render(error: BaseException) -> list[str]:
    """The lines to show: the cause, its name in red, and where there is one the remedy."""
    explanation = explain(error)
    name, separator, text = redact(explanation.cause).partition(":")
    lines = [f"\x1b[0;31m{name}\x1b[0m{separator}{text}"]
    return [*lines, redact(explanation.remedy)] if explanation.remedy else lines
