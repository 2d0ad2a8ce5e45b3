"""What every wire protocol makes of errors alike: where the message stands, which class it is.

What a provider writes of an error may come from anywhere, such as a tool or a page that it read. So
it is taken without what would act on a screen: terminal sequences and controls of direction.
"""

from __future__ import annotations

from typing import Any, cast

from mirascope_nb.llm.exceptions import (
    APIError,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    PermissionError,
    RateLimitError,
    ServerError,
)
from mirascope_nb.llm.providers.encoding import mapping, sequence
from mirascope_nb.text.escape import plain_text

__all__ = ["api_error", "details_of", "error_class", "html_free", "message_of", "reports_error"]

BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionError,
    404: NotFoundError,
    409: BadRequestError,
    422: BadRequestError,
    429: RateLimitError,
}
FIRST_SERVER_STATUS = 500


def error_class(status: int) -> type[APIError]:
    """The class of error for an HTTP status."""
    if status >= FIRST_SERVER_STATUS:
        return ServerError
    return BY_STATUS.get(status, APIError)


def api_error(
    provider: str,
    status: int,
    message: str,
    code: object = None,
    *,
    cls: type[APIError] | None = None,
) -> APIError:
    """An error that a provider reports.

    Args:
        provider: The provider's id.
        status: The HTTP status, or the one of the error's HTTP form.
        message: What the provider says.
        code: Its own name for the error; ignored unless it is a string.
        cls: The class, where it is not the status's.
    """
    error = (cls or error_class(status))(
        plain_text(message) or "an error without details", provider, status
    )
    error.code = plain_text(code) if isinstance(code, str) else None
    return error


def details_of(body: object) -> dict[str, Any]:
    """The part of a body that tells what is wrong, however deep proxies have wrapped it.

    `{"error": ...}`, `{"errors": [...]}` and arrays are opened; a text alone is a `message`.
    """
    if numbered := _numbered(body):
        return {"message": numbered.get("status_msg"), "code": str(numbered["status_code"])}
    is_wrapped = False
    while True:
        if isinstance(body, list):
            body = next(iter(sequence(cast("object", body))), None)
        if isinstance(body, str):
            return {"message": body}
        whole = mapping(body)
        told = message_of(whole)
        inner: object = whole.get("error") if not (is_wrapped and told) else None
        inner = inner or (whole.get("errors") if not told else None)
        if not inner or not isinstance(inner, dict | list | str):
            return whole
        body, is_wrapped = cast("object", inner), True


def _numbered(body: object) -> dict[str, Any]:
    """What MiniMax says of an error, with status 200; empty where there is none."""
    said = mapping(mapping(body).get("base_resp"))
    return said if said.get("status_code") else {}


def message_of(details: dict[str, Any]) -> str | None:
    """What is wrong, in the words of those details."""
    message = details.get("message") or details.get("detail")
    return message if message is None or isinstance(message, str) else ascii(message)


def reports_error(body: dict[str, Any]) -> bool:
    """Whether a body that has no content reports an error instead, whatever its status."""
    if body.get("error") or body.get("errors") or body.get("detail") or _numbered(body):
        return True
    if "error" in (body.get("object"), body.get("type"), body.get("status")):
        return True
    return bool(body.get("message")) and any(body.get(name) for name in ("code", "status"))


def html_free(body: bytes, limit: int = 200) -> str:
    """A body that is not the provider's own error form, as a short escaped text."""
    text = " ".join(body[: limit * 4].decode("utf-8", "replace").split())
    if not text:
        return "no details given"
    return ascii(text[:limit] + ("…" if len(text) > limit else ""))
