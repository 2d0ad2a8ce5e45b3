"""HTTP status to error class, in one place."""

from __future__ import annotations

from mirascope_nb.llm.exceptions import (
    APIError,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    PermissionError,
    RateLimitError,
    ServerError,
)

__all__ = ["error_class", "html_free"]

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


def html_free(body: bytes, limit: int = 200) -> str:
    """A body that is not the provider's own error form, as a short escaped text."""
    text = " ".join(body[: limit * 4].decode("utf-8", "replace").split())
    if not text:
        return "no details given"
    return ascii(text[:limit] + ("…" if len(text) > limit else ""))
