"""What a tool gave, as a person reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

__all__ = ["MAX_RESULT", "result_text"]

MAX_RESULT = 20_000
"""Characters of a tool's result that a card gets."""

_BASE64 = 4 / 3
_KILO = 1000


def result_text(result: object) -> str:
    """What a tool gave, at most `MAX_RESULT` characters.

    A list of contents, as an MCP server answers with, is shown as the text in it; what is no text
    is named with its kind and size.
    """
    contents = _contents(result)
    if isinstance(result, str):
        text = result
    elif contents is not None:
        text = "\n".join(_content_text(content) for content in contents)
    else:
        try:
            text = json.dumps(result, ensure_ascii=False, default=str)
        except (TypeError, ValueError, RecursionError):
            text = str(result)
    return text if len(text) <= MAX_RESULT else f"{text[:MAX_RESULT]}…"


def _contents(result: object) -> list[Mapping[str, Any]] | None:
    """The result as MCP contents; `None` if it is anything else."""
    if not isinstance(result, list) or not result:
        return None
    items = cast("Sequence[object]", result)
    contents = [cast("Mapping[str, Any]", item) for item in items if _is_content(item)]
    return contents if len(contents) == len(items) else None


def _is_content(item: object) -> bool:
    if not isinstance(item, Mapping):
        return False
    content = cast("Mapping[str, Any]", item)
    match content.get("type"):
        case "text":
            return isinstance(content.get("text"), str)
        case "image" | "audio":
            return isinstance(content.get("data"), str)
        case "resource":
            return isinstance(content.get("resource"), Mapping)
        case "resource_link":
            return isinstance(content.get("uri"), str)
        case _:
            return False


def _content_text(content: Mapping[str, Any]) -> str:
    kind = content["type"]
    if kind == "text":
        return content["text"]
    if kind == "resource_link":
        return f"[{content.get('name') or 'resource'}: {content['uri']}]"
    held: Mapping[str, Any] = content["resource"] if kind == "resource" else content
    if isinstance(held.get("text"), str):
        return held["text"]
    what = held.get("mimeType") or held.get("mime_type") or kind
    coded: object = held.get("data") or held.get("blob")
    size = f", {_size(len(coded) / _BASE64)}" if isinstance(coded, str) else ""
    where = f" {held['uri']}" if isinstance(held.get("uri"), str) else ""
    return f"[{what}{where}{size}]"


def _size(count: float) -> str:
    return f"{count:,.0f} bytes" if count < _KILO else f"{count / _KILO:,.0f} kB"
