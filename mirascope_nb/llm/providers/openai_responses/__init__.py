"""The wire protocol of OpenAI's responses.

Source: https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from mirascope_nb.llm.exceptions import APIError
from mirascope_nb.llm.formatting import FormattingMode
from mirascope_nb.llm.io.protocol import HttpReply, HttpRequest
from mirascope_nb.llm.providers.codec import Completion, Request
from mirascope_nb.llm.providers.encoding import dump
from mirascope_nb.llm.providers.openai_errors import error_of_reply
from mirascope_nb.llm.providers.openai_models import takes_strict_formats
from mirascope_nb.llm.providers.openai_responses.completion import decode_completion
from mirascope_nb.llm.providers.openai_responses.decode import ResponsesStreamDecoder
from mirascope_nb.llm.providers.openai_responses.encode import encode_body
from mirascope_nb.llm.providers.openai_routing import refuse_other_api

__all__ = ["CODEC", "OpenAIResponsesCodec"]


class OpenAIResponsesCodec:
    """Responses."""

    def format_mode(self, request: Request, /) -> FormattingMode:
        """`strict` where the service is known to enforce a schema, else `tool`."""
        strict = request.profile.strict_formats and takes_strict_formats(request.model_name)
        return "strict" if strict else "tool"

    def model_name(self, request: Request, /) -> str:
        """The bare name, or OpenAI's with the API behind it."""
        suffix = ":responses" if request.profile.api_suffix else ""
        return request.model_name + suffix

    def encode(self, request: Request, /, *, stream: bool) -> HttpRequest:
        """The request as bytes."""
        refuse_other_api(request, "openai_responses")
        path = (request.profile.path or "/responses").replace("{model}", request.model_name)
        body = encode_body(request, self.model_name(request))
        if stream:
            body["stream"] = True
        return HttpRequest(path=path, body=dump(body), headers={"content-type": "application/json"})

    def decode(self, request: Request, reply: HttpReply, /) -> Completion:
        """A whole reply."""
        return decode_completion(request, reply)

    def decoder(self, request: Request, /) -> ResponsesStreamDecoder:
        """A decoder for one stream."""
        return ResponsesStreamDecoder(request)

    def error(self, request: Request, reply: HttpReply, /) -> APIError:
        """The error of a reply with a bad status."""
        return error_of_reply(request.provider_id, reply)


CODEC = OpenAIResponsesCodec()
