import base64
from types import SimpleNamespace
from typing import Any

import pytest

from mirascope_nb.magics.images import find_image

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(20)).decode()
SVG = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>").decode()


def reply(text: str = "", raw: Any = None) -> Any:
    return SimpleNamespace(
        content=[SimpleNamespace(type="text", text=text)],
        messages=[SimpleNamespace(raw_message=raw)],
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (reply(f"![x](data:image/png;base64,{PNG})"), ("image/png", PNG)),
        (reply(f"Here: data:image/png;base64,{JPEG} done"), ("image/jpeg", JPEG)),
        (
            reply(raw={"images": [{"image_url": {"url": f"data:image/png;base64,{PNG}"}}]}),
            ("image/png", PNG),
        ),
        (
            reply(raw={"parts": [{"inlineData": {"mimeType": "image/jpeg", "data": JPEG}}]}),
            ("image/jpeg", JPEG),
        ),
    ],
)
def test_image_is_found_and_its_type_told_from_its_bytes(
    given: Any, expected: tuple[str, str]
) -> None:
    assert find_image(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        reply("no image"),
        reply("![x](https://example.com/a.png)"),
        reply(f"data:image/svg+xml;base64,{SVG}"),
        reply("data:image/png;base64,AAAA"),
        reply("data:image/png;base64,not=base64=at=all"),
        reply(raw={"data": PNG}),
    ],
)
def test_what_is_no_raster_image_is_not_shown(given: Any) -> None:
    assert find_image(given) is None


def test_deep_raw_reply_does_no_harm() -> None:
    raw: Any = {}
    for _ in range(5_000):
        raw = [raw]
    assert find_image(reply(raw=raw)) is None
