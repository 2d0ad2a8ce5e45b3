r"""JSON as providers send it; pure.

It may spell half a character, as `\ud83d`, which Python keeps in a string that nothing can print,
save or send.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any, cast

from mirascope_nb.text.escape import well_formed

__all__ = ["may_hold_halves", "parsed", "well_formed_json"]


def parsed(data: bytes) -> Any:
    """A JSON value that a provider sent, in whose strings halves of characters may be left.

    Raises:
        ValueError: If it is not JSON in UTF-8.
    """
    import pydantic_core

    try:
        return pydantic_core.from_json(data)
    except ValueError:
        if not may_hold_halves(data):
            raise
    # Slower, and less strict: half a surrogate pair is no error to it. Its own error would keep the
    # whole text, and with it a key that the provider echoed.
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(data.decode())
    raise ValueError("it is not JSON")


def may_hold_halves(data: bytes) -> bool:
    """Whether JSON text may spell half a character: false for nearly every event there is."""
    return b"\\u" in data and (b"\\ud" in data or b"\\uD" in data)


def well_formed_json(value: Any) -> Any:
    """A JSON value whose strings can all be sent as UTF-8."""
    match value:
        case str():
            return well_formed(value)
        case dict():
            members = cast("dict[str, Any]", value)
            return {well_formed(name): well_formed_json(each) for name, each in members.items()}
        case list():
            return [well_formed_json(each) for each in cast("list[Any]", value)]
        case _:
            return value
