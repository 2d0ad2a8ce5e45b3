"""Finds the image in a reply, for `-f image`.

Only what the reply itself carries counts: a data address in its text, or the bytes that a provider
sends beside it. Nothing is fetched from anywhere, and only raster images are shown: SVG can act.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final, cast

_DATA_ADDRESS: Final = re.compile(r"data:image/[a-z+.-]+;base64,(?P<data>[A-Za-z0-9+/=_-]+)")
_SHOWABLE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_DEEPEST: Final = 20


def find_image(response: Any) -> tuple[str, str] | None:
    """The first image of a reply as its type and its bytes in base64, or `None`.

    The type is told from the bytes: what the reply says about them is not trusted.
    """
    for encoded in _candidates(response):
        if (kind := _kind(encoded)) is not None:
            return kind, encoded
    return None


def publish_image(image: tuple[str, str] | None) -> bool:
    """Show an image as the output of the cell; whether there was one."""
    from IPython.display import (
        publish_display_data,  # pyright: ignore[reportUnknownVariableType] - untyped
    )

    if image is None:
        return False
    kind, encoded = image
    size = len(encoded) * 3 // 4
    publish_display_data(data={kind: encoded, "text/plain": f"<{kind}, {size:,} bytes>"})
    return True


def _candidates(response: Any) -> Iterator[str]:
    for part in response.content:
        if part.type == "text":
            yield from (match["data"] for match in _DATA_ADDRESS.finditer(part.text))
    raw = response.messages[-1].raw_message if response.messages else None
    yield from _in_raw(raw, _DEEPEST)


def _in_raw(value: Any, depth: int) -> Iterator[str]:
    """Encoded images in a provider's own form of its reply."""
    if depth == 0:
        return
    if isinstance(value, str):
        if match := _DATA_ADDRESS.fullmatch(value):
            yield match["data"]
    elif isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        kind = fields.get("mimeType") or fields.get("mime_type") or fields.get("media_type")
        data = fields.get("data")
        if isinstance(kind, str) and kind.startswith("image/") and isinstance(data, str):
            yield data
        for inner in fields.values():
            yield from _in_raw(inner, depth - 1)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _in_raw(inner, depth - 1)


def _kind(encoded: str) -> str | None:
    from mirascope_nb import llm

    try:
        image = llm.Image.from_bytes(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        return None
    kind = getattr(image.source, "mime_type", None)
    return kind if kind in _SHOWABLE else None
