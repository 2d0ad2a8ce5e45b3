"""Images."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from mirascope_nb.llm.content import fetch
from mirascope_nb.llm.content.sniff import image_type

__all__ = ["MAX_IMAGE_SIZE", "Base64ImageSource", "Image", "ImageMimeType", "URLImageSource"]

MAX_IMAGE_SIZE = 20 * 1024 * 1024
"""Default limit for an image, in bytes before base64."""

ImageMimeType: TypeAlias = Literal[
    "image/png", "image/jpeg", "image/webp", "image/gif", "image/heic", "image/heif"
]


@dataclass(kw_only=True, slots=True, frozen=True)
class Base64ImageSource:
    """An image carried in the message."""

    type: Literal["base64_image_source"]
    data: str
    """The file in base64."""
    mime_type: ImageMimeType


@dataclass(kw_only=True, slots=True, frozen=True)
class URLImageSource:
    """An image that the provider fetches."""

    type: Literal["url_image_source"]
    url: str


@dataclass(kw_only=True, slots=True, frozen=True)
class Image:
    """An image for a model to look at."""

    type: Literal["image"] = "image"
    source: Base64ImageSource | URLImageSource

    def __post_init__(self) -> None:
        if not isinstance(self.source, Base64ImageSource | URLImageSource):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise fetch.wrong_source("Image", "from_url, from_file or from_bytes")

    @classmethod
    def from_url(cls, url: str) -> Image:
        """An image at an address, which is passed on as it is: nothing is downloaded."""
        return cls(source=URLImageSource(type="url_image_source", url=url))

    @classmethod
    def download(cls, url: str, *, max_size: int = MAX_IMAGE_SIZE) -> Image:
        """Fetch an image now, and carry it in the message.

        Args:
            url: Its address; redirects are followed.
            max_size: The largest size accepted, in bytes. No more than that is downloaded.

        Raises:
            httpx2.HTTPStatusError: If the server answers with an error.
            ValueError: If the image is too large, or of a kind that is not supported.
        """
        return cls.from_bytes(
            fetch.download(url, max_size=max_size, noun="Image"), max_size=max_size
        )

    @classmethod
    async def download_async(cls, url: str, *, max_size: int = MAX_IMAGE_SIZE) -> Image:
        """As `download`, without blocking the event loop."""
        return cls.from_bytes(
            await fetch.download_async(url, max_size=max_size, noun="Image"), max_size=max_size
        )

    @classmethod
    def from_file(cls, path: str | Path, *, max_size: int = MAX_IMAGE_SIZE) -> Image:
        """An image file; its kind is told from its bytes, whatever its name.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is larger than `max_size` bytes, or of a kind that is not supported.
        """
        return cls.from_bytes(
            fetch.read_file(path, max_size=max_size, noun="Image"), max_size=max_size
        )

    @classmethod
    def from_bytes(cls, data: bytes, *, max_size: int = MAX_IMAGE_SIZE) -> Image:
        """The bytes of an image file: PNG, JPEG, WebP, GIF, HEIC or HEIF.

        Raises:
            ValueError: If it is larger than `max_size` bytes, or of a kind that is not supported.
        """
        fetch.check_size(len(data), max_size, "Image")
        return cls(
            source=Base64ImageSource(
                type="base64_image_source",
                data=base64.b64encode(data).decode("ascii"),
                mime_type=image_type(data),
            )
        )

    def _repr_mimebundle_(
        self,
        include: object = None,  # noqa: ARG002, IPython passes both
        exclude: object = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """The picture itself where it is at hand; an address is shown and not followed."""
        source = self.source
        if isinstance(source, URLImageSource):
            return {"text/plain": repr(self)}
        size = fetch.decoded_size(source.data)
        bundle = {"text/plain": f"<Image {source.mime_type}, {size:,} bytes>"}
        if source.mime_type not in {"image/heic", "image/heif"}:  # which few browsers can draw
            bundle[source.mime_type] = source.data
        return bundle
