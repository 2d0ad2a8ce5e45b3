"""The wire protocol of Google's Gemini.

Source: https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from urllib.parse import quote

from mirascope_nb.llm.exceptions import APIError
from mirascope_nb.llm.formatting import FormattingMode
from mirascope_nb.llm.io.protocol import HttpReply, HttpRequest
from mirascope_nb.llm.providers.codec import Completion, Request
from mirascope_nb.llm.providers.encoding import dump
from mirascope_nb.llm.providers.google.decode import GenerateStreamDecoder, decode_completion
from mirascope_nb.llm.providers.google.encode import encode_body
from mirascope_nb.llm.providers.google.errors import error_of_reply
from mirascope_nb.llm.providers.google.models import combines_formats_and_tools

__all__ = ["CODEC", "GoogleCodec"]

COLLECTIONS = ("models/", "tunedModels/")


class GoogleCodec:
    """Generating content."""

    def format_mode(self, request: Request, /) -> FormattingMode:
        """`strict`, or `tool` beside tools where the model cannot combine the two."""
        combines = combines_formats_and_tools(request.model_name)
        return "tool" if request.toolkit.tools and not combines else "strict"

    def model_name(self, request: Request, /) -> str:
        """The bare name."""
        return request.model_name

    def encode(self, request: Request, /, *, stream: bool) -> HttpRequest:
        """The request as bytes."""
        name = request.model_name
        if not name.startswith(COLLECTIONS):
            name = f"models/{name}"
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return HttpRequest(
            path=f"/v1beta/{quote(name)}:{method}",
            body=dump(encode_body(request)),
            headers={"content-type": "application/json"},
        )

    def decode(self, request: Request, reply: HttpReply, /) -> Completion:
        """A whole reply."""
        return decode_completion(request, reply)

    def decoder(self, request: Request, /) -> GenerateStreamDecoder:
        """A decoder for one stream."""
        return GenerateStreamDecoder(request)

    def error(self, request: Request, reply: HttpReply, /) -> APIError:
        """The error of a reply with a bad status."""
        return error_of_reply(request.provider_id, reply)


CODEC = GoogleCodec()
