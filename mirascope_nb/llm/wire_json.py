r"""JSON as providers send it; pure.

It may spell half a character, as `\ud83d`, which Python keeps in a string that nothing can print,
save or send.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

from pydantic_core import from_json

from mirascope_nb.llm.surrogates import may_hold_halves

__all__ = ["parsed"]


def parsed(data: bytes) -> Any:
    """A JSON value that a provider sent, in whose strings halves of characters may be left.

    Raises:
        ValueError: If it is not JSON in UTF-8.
    """
    try:
        return from_json(data)
    except ValueError:
        if not may_hold_halves(data):
            raise
    # Slower, and less strict: it accepts half a surrogate pair. Its own error would keep the
    # whole text, and with it a key that the provider echoed.
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(data.decode())
    raise ValueError("it is not JSON")
