"""Sound."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from mirascope_nb.llm.content import fetch
from mirascope_nb.llm.content.sniff import audio_type

__all__ = ["MAX_AUDIO_SIZE", "Audio", "AudioMimeType", "Base64AudioSource"]

MAX_AUDIO_SIZE = 25 * 1024 * 1024
"""Default limit for a sound, in bytes before base64."""

AudioMimeType: TypeAlias = Literal[
    "audio/wav", "audio/mp3", "audio/aiff", "audio/aac", "audio/ogg", "audio/flac"
]


@dataclass(kw_only=True, slots=True, frozen=True)
class Base64AudioSource:
    """A sound carried in the message."""

    type: Literal["base64_audio_source"]
    data: str
    """The file in base64."""
    mime_type: AudioMimeType


@dataclass(kw_only=True, slots=True, frozen=True)
class Audio:
    """A sound for a model to listen to."""

    type: Literal["audio"] = "audio"
    source: Base64AudioSource

    def __post_init__(self) -> None:
        if not isinstance(self.source, Base64AudioSource):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise fetch.wrong_source("Audio", "download, from_file or from_bytes")

    @classmethod
    def download(cls, url: str, *, max_size: int = MAX_AUDIO_SIZE) -> Audio:
        """Fetch a sound now, and carry it in the message.

        Args:
            url: Its address; redirects are followed.
            max_size: The largest size accepted, in bytes. No more than that is downloaded.

        Raises:
            httpx2.HTTPStatusError: If the server answers with an error.
            ValueError: If the sound is too large, or of a kind that is not supported.
        """
        return cls.from_bytes(
            fetch.download(url, max_size=max_size, noun="Audio"), max_size=max_size
        )

    @classmethod
    async def download_async(cls, url: str, *, max_size: int = MAX_AUDIO_SIZE) -> Audio:
        """As `download`, without blocking the event loop."""
        return cls.from_bytes(
            await fetch.download_async(url, max_size=max_size, noun="Audio"), max_size=max_size
        )

    @classmethod
    def from_file(cls, path: str | Path, *, max_size: int = MAX_AUDIO_SIZE) -> Audio:
        """A sound file; its kind is told from its bytes, whatever its name.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is larger than `max_size` bytes, or of a kind that is not supported.
        """
        return cls.from_bytes(
            fetch.read_file(path, max_size=max_size, noun="Audio"), max_size=max_size
        )

    @classmethod
    def from_bytes(cls, data: bytes, *, max_size: int = MAX_AUDIO_SIZE) -> Audio:
        """The bytes of a sound file: WAV, MP3, AIFF, AAC, Ogg or FLAC.

        Raises:
            ValueError: If it is larger than `max_size` bytes, or of a kind that is not supported.
        """
        fetch.check_size(len(data), max_size, "Audio")
        return cls(
            source=Base64AudioSource(
                type="base64_audio_source",
                data=base64.b64encode(data).decode("ascii"),
                mime_type=audio_type(data),
            )
        )

    def _repr_mimebundle_(
        self,
        include: object = None,  # noqa: ARG002, IPython passes both
        exclude: object = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """One short line; the `repr` would fill the notebook with base64."""
        size = fetch.decoded_size(self.source.data)
        return {"text/plain": f"<Audio {self.source.mime_type}, {size:,} bytes>"}
