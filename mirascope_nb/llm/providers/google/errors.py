"""Errors of Google: in a body, or in an event of a stream.

The form is `{"error": {"code", "message", "status", "details"}}`, in an array where a stream was
asked for otherwise than by events. Source: https://google.aip.dev/193
"""

from __future__ import annotations

from typing import Any

from mirascope_nb.llm.exceptions import APIError, AuthenticationError
from mirascope_nb.llm.io.protocol import HttpReply
from mirascope_nb.llm.providers.encoding import mapping, sequence
from mirascope_nb.llm.providers.http_errors import api_error, details_of, html_free, message_of
from mirascope_nb.llm.surrogates import well_formed_json
from mirascope_nb.llm.wire_json import parsed

__all__ = ["error_in_stream", "error_of_reply"]

# https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
_STATUS_BY_NAME = {
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "CANCELLED": 499,
    "DEADLINE_EXCEEDED": 504,
    "FAILED_PRECONDITION": 400,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "OUT_OF_RANGE": 400,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "UNAUTHENTICATED": 401,
    "UNAVAILABLE": 503,
}
_BAD_REQUEST = 400
_BAD_KEY = "API key not valid"


def error_of_reply(provider: str, reply: HttpReply) -> APIError:
    """The error that a reply with a bad status stands for."""
    try:
        body: object = well_formed_json(parsed(reply.body))
    except ValueError:
        body = None
    details = details_of(body)
    message = message_of(details) or f"HTTP {reply.status} with {html_free(reply.body)}"
    return _error(provider, details, message, reply.status)


def error_in_stream(provider: str, body: dict[str, Any]) -> APIError:
    """The error that an event stands for, of the same class as its HTTP form."""
    details = details_of(well_formed_json(body))
    status = details.get("code")
    if not isinstance(status, int) or isinstance(status, bool) or status < _BAD_REQUEST:
        status = _STATUS_BY_NAME.get(str(details.get("status")), 500)
    return _error(provider, details, message_of(details) or "", status)


def _error(provider: str, details: dict[str, Any], message: str, status: int) -> APIError:
    is_key_bad = status == _BAD_REQUEST and _BAD_KEY in message
    cls = AuthenticationError if is_key_bad else None
    error = api_error(provider, status, message, details.get("status"), cls=cls)
    for detail in map(mapping, sequence(details.get("details"))):
        _read(detail, error)
    return error


def _read(detail: dict[str, Any], error: APIError) -> None:
    """Take from a detail how long to wait, and whether that can help."""
    delay = detail.get("retryDelay")
    if isinstance(delay, str) and delay.endswith("s"):
        try:
            error.retry_after = float(delay[:-1])
        except ValueError:
            return
    for violation in map(mapping, sequence(detail.get("violations"))):
        if "PerDay" in str(violation.get("quotaId")):
            error.should_retry = False  # a day's quota does not come back within a request
