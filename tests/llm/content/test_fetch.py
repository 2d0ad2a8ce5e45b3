import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from mirascope_nb.llm.content import Audio, Image
from mirascope_nb.llm.content.audio import MAX_AUDIO_SIZE
from mirascope_nb.llm.content.image import MAX_IMAGE_SIZE

LEFT = 20.0
"""Seconds that a server is given to notice that a client has left."""


@pytest.fixture(params=["blocking", "async"])
def download(request: pytest.FixtureRequest) -> Callable[..., Image]:
    def download_async(url: str, **options: Any) -> Image:
        return asyncio.run(Image.download_async(url, **options))

    return Image.download if request.param == "blocking" else download_async


def test_a_picture_is_downloaded(download: Callable[..., Image], web: Any, png: bytes) -> None:
    assert download(f"{web.url}/png") == Image.from_bytes(png)


def test_a_redirect_is_followed(download: Callable[..., Image], web: Any, png: bytes) -> None:
    assert download(f"{web.url}/moved") == Image.from_bytes(png)


def test_an_error_of_the_server_passes_unchanged(download: Callable[..., Image], web: Any) -> None:
    with pytest.raises(httpx2.HTTPStatusError) as raised:
        download(f"{web.url}/nothing")
    assert raised.value.response.status_code == 404


def test_what_is_no_picture_is_refused(download: Callable[..., Image], web: Any) -> None:
    with pytest.raises(ValueError, match=r"^Unsupported image type$"):
        download(f"{web.url}/text")


def test_a_stated_size_is_refused_before_the_body(download: Callable[..., Image], web: Any) -> None:
    with pytest.raises(ValueError, match=rf"^Image size \({1 << 40} bytes\) exceeds maximum"):
        download(f"{web.url}/large")
    assert web.gone.wait(LEFT)


def test_an_endless_body_is_left_at_the_limit(download: Callable[..., Image], web: Any) -> None:
    with pytest.raises(ValueError, match=r"^Image size \(\d+ bytes\) exceeds maximum allowed size"):
        download(f"{web.url}/endless", max_size=100_000)
    assert web.gone.wait(LEFT)
    # What both ends' socket buffers hold comes on top.
    assert web.sent < MAX_IMAGE_SIZE


def test_a_body_as_large_as_allowed_is_taken(
    download: Callable[..., Image], web: Any, png: bytes
) -> None:
    assert download(f"{web.url}/png", max_size=len(png)) == Image.from_bytes(png)
    with pytest.raises(ValueError, match="exceeds maximum allowed size"):
        download(f"{web.url}/png", max_size=len(png) - 1)


def test_encoding_is_declined_and_undone(
    download: Callable[..., Image], web: Any, png: bytes
) -> None:
    assert download(f"{web.url}/gzip") == Image.from_bytes(png)
    assert web.headers["accept-encoding"] == "identity"


def test_a_body_that_inflates_without_end_is_left_at_the_limit(
    download: Callable[..., Image], web: Any
) -> None:
    with pytest.raises(ValueError, match=r"^Image size \((\d+) bytes\) exceeds") as raised:
        download(f"{web.url}/bomb", max_size=100_000)
    size = int(str(raised.value).split("(")[1].split()[0])
    assert size <= 100_000 + 65_536


def test_an_unknown_encoding_is_refused(download: Callable[..., Image], web: Any) -> None:
    with pytest.raises(ValueError, match=r"^Unsupported content encoding: compress$"):
        download(f"{web.url}/zip")


async def test_sound_is_downloaded(web: Any, wav: bytes) -> None:
    assert MAX_AUDIO_SIZE == 25 * 1024 * 1024
    expected = Audio.from_bytes(wav)
    assert expected.source.mime_type == "audio/wav"
    assert await asyncio.to_thread(Audio.download, f"{web.url}/wav") == expected
    assert await Audio.download_async(f"{web.url}/wav") == expected
    with pytest.raises(ValueError, match=r"^Audio size \(16 bytes\) exceeds maximum allowed size"):
        await Audio.download_async(f"{web.url}/wav", max_size=15)
