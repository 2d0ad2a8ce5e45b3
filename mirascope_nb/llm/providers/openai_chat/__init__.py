"""The wire protocol of OpenAI's chat completions, which most services imitate.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from mirascope_nb.llm.exceptions import APIError
from mirascope_nb.llm.formatting import FormattingMode
from mirascope_nb.llm.io.protocol import HttpReply, HttpRequest
from mirascope_nb.llm.providers.codec import Completion, Request
from mirascope_nb.llm.providers.encoding import dump
from mirascope_nb.llm.providers.openai_chat.completion import decode_completion
from mirascope_nb.llm.providers.openai_chat.decode import ChatStreamDecoder
from mirascope_nb.llm.providers.openai_chat.encode import encode_body
from mirascope_nb.llm.providers.openai_errors import error_of_reply
from mirascope_nb.llm.providers.openai_models import takes_strict_formats
from mirascope_nb.llm.providers.openai_routing import refuse_other_api

__all__ = ["CODEC", "OpenAIChatCodec"]


class OpenAIChatCodec:
    """Chat completions."""

    def format_mode(self, request: Request, /) -> FormattingMode:
        """`strict` where the service is known to enforce a schema, else `tool`."""
        strict = request.profile.strict_formats and takes_strict_formats(request.model_name)
        return "strict" if strict else "tool"

    def model_name(self, request: Request, /) -> str:
        """The bare name, or OpenAI's with the API behind it."""
        suffix = ":completions" if request.profile.api_suffix else ""
        return request.model_name + suffix

    def encode(self, request: Request, /, *, stream: bool) -> HttpRequest:
        """The request as bytes."""
        refuse_other_api(request, "openai_chat")
        path = (request.profile.path or "/chat/completions").replace("{model}", request.model_name)
        body = encode_body(request, self.model_name(request))
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return HttpRequest(path=path, body=dump(body), headers={"content-type": "application/json"})

    def decode(self, request: Request, reply: HttpReply, /) -> Completion:
        """A whole reply."""
        return decode_completion(request, reply)

    def decoder(self, request: Request, /) -> ChatStreamDecoder:
        """A decoder for one stream."""
        return ChatStreamDecoder(request)

    def error(self, request: Request, reply: HttpReply, /) -> APIError:
        """The error of a reply with a bad status."""
        return error_of_reply(request.provider_id, reply)


CODEC = OpenAIChatCodec()
