"""Errors of Anthropic: in a body, or in an event of a stream.

Both have the form `{"type": "error", "error": {"type", "message"}}`.
Source: https://platform.claude.com/docs/en/api/errors
"""

from __future__ import annotations

from typing import Any

from mirascope_nb.llm.exceptions import APIError
from mirascope_nb.llm.io.protocol import HttpReply
from mirascope_nb.llm.providers.http_errors import api_error, details_of, html_free, message_of
from mirascope_nb.llm.surrogates import well_formed_json
from mirascope_nb.llm.wire_json import parsed

__all__ = ["error_in_stream", "error_of_reply"]

_STATUS_BY_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def error_of_reply(provider: str, reply: HttpReply) -> APIError:
    """The error that a reply with a bad status stands for."""
    try:
        body: object = well_formed_json(parsed(reply.body))
    except ValueError:
        body = None
    details = details_of(body)
    message = message_of(details) or f"HTTP {reply.status} with {html_free(reply.body)}"
    return api_error(provider, reply.status, message, details.get("type"))


def error_in_stream(provider: str, body: dict[str, Any]) -> APIError:
    """The error that an event stands for, of the same class as its HTTP form."""
    details = details_of(well_formed_json(body))
    kind = details.get("type")
    status = _STATUS_BY_TYPE.get(kind, 500) if isinstance(kind, str) else 500
    return api_error(provider, status, message_of(details) or "", kind)
