"""The JSON object in a text."""

from __future__ import annotations

import json
import re

__all__ = ["extract_json", "from_first_brace"]

_FENCE = "```json"

# A string is matched to the end of the text when it is not closed, so that no part of it is ever
# looked at twice.
_TOKEN = re.compile(r'[{}]|"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)


def extract_json(text: str) -> str:
    """The first JSON object in a text, or in the first fenced block marked `json` if there is one.

    Raises:
        json.JSONDecodeError: If no object begins, or the one that begins does not end.
    """
    fence = text.find(_FENCE)
    start = text.find("{", fence + len(_FENCE) if fence >= 0 else 0)
    if start < 0:
        raise json.JSONDecodeError("No JSON object found: missing '{'", text, len(text))
    depth = 0
    for token in _TOKEN.finditer(text, start):
        mark = token.group()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if not depth:
                return text[start : token.end()]
    raise json.JSONDecodeError("JSON object is not closed: missing '}'", text, len(text))


def from_first_brace(text: str) -> str:
    """A text from its first `{`, where partial JSON begins; empty when there is none."""
    start = text.find("{")
    return text[start:] if start >= 0 else ""
