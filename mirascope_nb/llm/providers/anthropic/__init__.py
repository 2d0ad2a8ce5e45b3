"""The wire protocol of Anthropic's messages.

Source: https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from mirascope_nb.llm.exceptions import APIError
from mirascope_nb.llm.formatting import FormattingMode
from mirascope_nb.llm.io.protocol import HttpReply, HttpRequest
from mirascope_nb.llm.providers.anthropic.decode import MessagesStreamDecoder, decode_completion
from mirascope_nb.llm.providers.anthropic.encode import encode_body
from mirascope_nb.llm.providers.anthropic.errors import error_of_reply
from mirascope_nb.llm.providers.anthropic.structured import default_mode, uses_structured_outputs
from mirascope_nb.llm.providers.codec import Completion, Request
from mirascope_nb.llm.providers.encoding import dump

__all__ = ["CODEC", "AnthropicCodec"]

VERSION = "2023-06-01"
STRUCTURED_OUTPUTS = "structured-outputs-2025-11-13"


class AnthropicCodec:
    """Messages."""

    def format_mode(self, request: Request, /) -> FormattingMode:
        """`strict` where the reply can be held to the schema, else `tool`."""
        return default_mode(request)

    def model_name(self, request: Request, /) -> str:
        """The bare name."""
        return request.model_name

    def encode(self, request: Request, /, *, stream: bool) -> HttpRequest:
        """The request as bytes."""
        body = encode_body(request)
        if stream:
            body["stream"] = True
        path = request.profile.path or "/v1/messages"
        headers = {"content-type": "application/json", "anthropic-version": VERSION}
        if uses_structured_outputs(request):
            path += "?beta=true"
            headers["anthropic-beta"] = STRUCTURED_OUTPUTS
        return HttpRequest(path=path, body=dump(body), headers=headers)

    def decode(self, request: Request, reply: HttpReply, /) -> Completion:
        """A whole reply."""
        return decode_completion(request, reply)

    def decoder(self, request: Request, /) -> MessagesStreamDecoder:
        """A decoder for one stream."""
        return MessagesStreamDecoder(request)

    def error(self, request: Request, reply: HttpReply, /) -> APIError:
        """The error of a reply with a bad status."""
        return error_of_reply(request.provider_id, reply)


CODEC = AnthropicCodec()
