"""Why edited arguments cannot be used, in words for the person who edited them."""

from pydantic import ValidationError

from mirascope_nb import llm
from mirascope_nb.text import escape_invisible

__all__ = ["unusable"]

_MOST = 5


def unusable(error: llm.ToolExecutionError) -> str:
    """Say what is wrong with arguments, a line for each fault; at most five of them.

    Pydantic's own text names its version and an address for each fault, and repeats the input.
    """
    cause = error.tool_exception
    if not isinstance(cause, ValidationError):
        return f"These arguments cannot be used: {escape_invisible(str(error))}"
    faults = cause.errors(include_url=False, include_input=False, include_context=False)
    lines = [
        escape_invisible(f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {fault['msg']}")
        for fault in faults[:_MOST]
    ]
    if len(faults) > _MOST:
        lines.append(f"and {len(faults) - _MOST} more")
    return "\n".join(["These arguments cannot be used.", *lines])
