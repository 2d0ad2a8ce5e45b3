"""Errors of Anthropic: in a body, or in an event of a stream.

Both have the form `{"type": "error", "error": {"type", "message"}}`.
Source: https://platform.claude.com/docs/en/api/errors
"""

from __future__ import annotations

from typing import Any

from mirascope_nb.llm.exceptions import APIError
from mirascope_nb.llm.io.protocol import HttpReply
from mirascope_nb.llm.providers.encoding import mapping
from mirascope_nb.llm.providers.http_errors import error_class, html_free
from mirascope_nb.llm.wire_json import parsed, well_formed_json

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
        body = mapping(well_formed_json(parsed(reply.body)))
    except ValueError:
        body = {}
    kind, message = _details(body)
    message = message or f"HTTP {reply.status} with {html_free(reply.body)}"
    return _error(provider, kind, message, reply.status)


def error_in_stream(provider: str, body: dict[str, Any]) -> APIError:
    """The error that an event stands for, of the same class as its HTTP form."""
    kind, message = _details(well_formed_json(body))
    status = _STATUS_BY_TYPE.get(kind or "", 500)
    return _error(provider, kind, message or "an error without details", status)


def _details(body: dict[str, Any]) -> tuple[str | None, str | None]:
    """Type and message; a proxy's error may be a text, or its message may stand alone."""
    error = body.get("error")
    if isinstance(error, str):
        return None, error
    details = mapping(error) or body
    kind, message = details.get("type"), details.get("message") or details.get("detail")
    if message is not None and not isinstance(message, str):
        message = ascii(message)
    return kind if isinstance(kind, str) else None, message


def _error(provider: str, kind: str | None, message: str, status: int) -> APIError:
    error = error_class(status)(message, provider, status)
    error.code = kind
    return error
