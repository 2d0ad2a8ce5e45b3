"""A wire protocol with other names for some members of a body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic_core import from_json

from mirascope_nb.llm.exceptions import APIError
from mirascope_nb.llm.formatting import FormattingMode
from mirascope_nb.llm.io.protocol import HttpReply, HttpRequest
from mirascope_nb.llm.providers.codec import Codec, Completion, Request, StreamDecoder
from mirascope_nb.llm.providers.encoding import dump, mapping

__all__ = ["RenamingCodec"]


class RenamingCodec:
    """A codec whose requests are changed after they are encoded."""

    def __init__(self, codec: Codec, renames: Mapping[str, str | None]) -> None:
        """Wrap a codec.

        Args:
            codec: The codec.
            renames: Other names of members, or `None` for those to leave out.
        """
        self._codec = codec
        self._renames = renames

    def encode(self, request: Request, /, *, stream: bool) -> HttpRequest:
        """The request as bytes."""
        encoded = self._codec.encode(request, stream=stream)
        body = {
            name: value
            for known, value in mapping(from_json(encoded.body)).items()
            if (name := self._renames.get(known, known)) is not None
        }
        return replace(encoded, body=dump(body))

    def format_mode(self, request: Request, /) -> FormattingMode:
        """The mode for a format that does not name one."""
        return self._codec.format_mode(request)

    def model_name(self, request: Request, /) -> str:
        """The provider's model name as responses report it."""
        return self._codec.model_name(request)

    def decode(self, request: Request, reply: HttpReply, /) -> Completion:
        """A whole reply."""
        return self._codec.decode(request, reply)

    def decoder(self, request: Request, /) -> StreamDecoder:
        """A decoder for one stream."""
        return self._codec.decoder(request)

    def error(self, request: Request, reply: HttpReply, /) -> APIError:
        """The error of a reply with a bad status."""
        return self._codec.error(request, reply)
