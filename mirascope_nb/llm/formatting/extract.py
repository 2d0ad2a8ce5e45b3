"""The JSON object in a text."""

from __future__ import annotations

import json
import re

__all__ = ["extract_json"]

_FENCE = "```json"

# A string is matched to the end of the text when it is not closed, so that no part of it is ever
# looked at twice.
_TOKEN = re.compile(r'[{}]|"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)


def extract_json(text: str) -> str:
    """The first JSON object in a text, or in the first fenced block marked `json` if there is one.

    A fence in a string of an object is part of that object.

    Raises:
        json.JSONDecodeError: If no object begins, or the one that begins does not end.
    """
    fence = text.find(_FENCE)
    start = text.find("{")
    if 0 <= start < fence:
        end, is_quoted = _scan(text, start, fence)
        if end is not None and is_quoted:
            return text[start:end]
    if fence >= 0:
        start = text.find("{", fence)
    if start < 0:
        raise json.JSONDecodeError("No JSON object found: missing '{'", text, len(text))
    end, _ = _scan(text, start)
    if end is None:
        raise json.JSONDecodeError("JSON object is not closed: missing '}'", text, len(text))
    return text[start:end]


def _scan(text: str, start: int, position: int = -1) -> tuple[int | None, bool]:
    """Where an object ends, or `None`, and whether a position is inside one of its strings."""
    depth = 0
    is_quoted = False
    for token in _TOKEN.finditer(text, start):
        mark = token.group()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if not depth:
                return token.end(), is_quoted
        elif token.start() < position < token.end():
            is_quoted = True
    return None, is_quoted
