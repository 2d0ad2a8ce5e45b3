"""Errors of OpenAI and everything compatible: in a body, or in an event of a stream.

The form is `{"error": {"message", "type", "param", "code"}}`; compatible servers also send
`{"error": "text"}`, `{"message": ...}`, `{"detail": ...}` or `{"object": "error", ...}`.
"""

from __future__ import annotations

from typing import Any

from mirascope_nb.llm.exceptions import APIError, NotFoundError, RateLimitError
from mirascope_nb.llm.io.protocol import HttpReply
from mirascope_nb.llm.providers.http_errors import api_error, details_of, html_free, message_of
from mirascope_nb.llm.surrogates import well_formed_json
from mirascope_nb.llm.wire_json import parsed

__all__ = ["error_in_stream", "error_of_reply"]

# An error event has no HTTP status: https://platform.openai.com/docs/guides/error-codes
_STATUS_BY_TYPE = {
    "authentication_error": 401,
    "billing_hard_limit_reached": 429,
    "content_policy_violation": 400,
    "context_length_exceeded": 400,
    "empty_image_file": 400,
    "failed_to_download_image": 400,
    "image_content_policy_violation": 400,
    "image_file_not_found": 400,
    "image_file_too_large": 400,
    "image_parse_error": 400,
    "image_too_large": 400,
    "image_too_small": 400,
    "invalid_api_key": 401,
    "invalid_base64_image": 400,
    "invalid_image": 400,
    "invalid_image_format": 400,
    "invalid_image_mode": 400,
    "invalid_image_url": 400,
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "insufficient_quota": 429,
    "model_not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 529,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "requests": 429,
    "server_error": 500,
    "server_overloaded": 503,
    "service_unavailable": 503,
    "string_above_max_length": 400,
    "tokens": 429,
    "unsupported_image_media_type": 400,
    # MiniMax numbers its errors: https://platform.minimax.io/docs/api-reference/errorcode
    "1002": 429,
    "1004": 401,
    "1008": 429,
    "1039": 429,
    "2013": 400,
    "2049": 401,
}

_NO_MONEY = ("insufficient_quota", "billing_hard_limit_reached", "1008")


def error_of_reply(provider: str, reply: HttpReply) -> APIError:
    """The error that a reply with a bad status stands for."""
    try:
        body = well_formed_json(parsed(reply.body))
    except ValueError:
        body = None
    details = _details(body)
    if details is None:
        details = {"message": f"HTTP {reply.status} with {html_free(reply.body)}"}
    return _error(provider, details, reply.status)


def error_in_stream(provider: str, body: dict[str, Any]) -> APIError:
    """The error that an event stands for, of the same class as its HTTP form."""
    details = _details(well_formed_json(body)) or {"message": ""}
    status = details.get("status") or details.get("status_code")
    if not isinstance(status, int):
        status = _number(details.get("code"))
    if status is None:
        names = (details.get("code"), details.get("type"))
        known = (_STATUS_BY_TYPE.get(name) for name in names if isinstance(name, str))
        status = next((each for each in known if each is not None), 500)
    return _error(provider, details, status)


def _details(body: object) -> dict[str, Any] | None:
    """The part of a body that tells what is wrong, with a `message`."""
    details = details_of(body)
    message = message_of(details) or details.get("code") or details.get("type")
    if not message:
        return None
    return {**details, "message": message if isinstance(message, str) else ascii(message)}


def _error(provider: str, details: dict[str, Any], status: int) -> APIError:
    code = details.get("code")
    kind = details.get("type")
    cls = NotFoundError if code == "model_not_found" else None
    name = code if isinstance(code, str) else kind
    error = api_error(provider, status, str(details["message"]), name, cls=cls)
    if isinstance(error, RateLimitError) and any(name in _NO_MONEY for name in (code, kind)):
        error.should_retry = False  # waiting does not fill an account
    return error


def _number(code: object) -> int | None:
    """A status that a server wrote where a name belongs, as OpenRouter does."""
    if isinstance(code, str) and code.isdecimal():
        code = int(code)
    return code if isinstance(code, int) and 400 <= code < 600 else None  # noqa: PLR2004, HTTP's error range
