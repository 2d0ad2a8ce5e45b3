"""Structured replies as plain text: what a reply's JSON holds, a line for each member.

The text of a reply that is still arriving is the beginning of the text of the whole, so a terminal
can write it as it grows: see `GrowingValues`. Nothing is cut, unlike in `values`.
"""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic_core import from_json

from mirascope_nb.display.values import plain_value, unwrapped
from mirascope_nb.text import one_line, plain_text

__all__ = ["GrowingValues", "values_text"]


def values_text(text: str) -> str | None:
    """A reply's JSON as a tree of lines, or `None` if there is none in it, or nothing to lay out.

    Args:
        text: The reply: JSON, whole or cut off, perhaps in a fence or with words around it.
    """
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts:
        return None
    try:
        return "\n".join(_lines(unwrapped(_read(text, min(starts))))).strip() or None
    except (ValueError, RecursionError):
        return None


class GrowingValues:
    """A structured reply that is written while it comes, by pieces that only add to one another."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._written = ""

    def feed(self, text: str) -> str:
        """Take the next piece of the reply; what can be written now."""
        self._pieces.append(text)
        laid_out = values_text("".join(self._pieces)) or ""
        if not laid_out.startswith(self._written):
            return ""
        new = laid_out[len(self._written) :]
        self._written = laid_out
        return new

    def finish(self) -> str:
        """What is left to write; all of it anew where it did not go on as it began."""
        text = "".join(self._pieces)
        whole = values_text(text) or plain_text(text).strip()
        if whole.startswith(self._written):
            return whole[len(self._written) :]
        return f"\n\n{whole}"


def _read(text: str, start: int) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text, start)[0]
    except ValueError:
        # It is cut off: a string is kept as far as it goes, half a name or number is left out.
        return from_json(text[start:], allow_partial="trailing-strings")


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return [line for name, each in members for line in _member(name, each)]
    if isinstance(value, list):
        items = [_lines(item) or [""] for item in cast("list[Any]", value)]
        return [line for item in items for line in _hung("- ", item)]
    return plain_text(plain_value(value)).split("\n")


def _member(name: str, value: Any) -> list[str]:
    lines, title = _lines(value), f"{one_line(name)}:"
    if isinstance(value, (dict, list)):
        return [title, *(f"  {line}" for line in lines)]
    return _hung(f"{title} ", lines)


def _hung(lead: str, lines: list[str]) -> list[str]:
    """Lines behind a lead, further ones indented, so that no text can pass for another member."""
    return [f"{lead}{lines[0]}".rstrip(), *(f"  {line}" for line in lines[1:])]
