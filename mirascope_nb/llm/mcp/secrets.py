"""Credentials for MCP servers, kept where no repr, traceback or message shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from mirascope_nb.llm.io.endpoint import REDACTED, SHORTEST_SECRET
from mirascope_nb.llm.io.faults import chain_of, stripped

if TYPE_CHECKING:
    from mcp import StdioServerParameters

__all__ = [
    "HeaderValue",
    "Headers",
    "Secrets",
    "sealed",
    "sealed_token",
    "shown_address",
]

HeaderValue: TypeAlias = str | SecretStr
ErrorT = TypeVar("ErrorT", bound=BaseException)

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIRST_BAD_STATUS = 400
_SHUT_OUT = (401, 403)
_SECRET_VARIABLE = re.compile(r"key|token|secret|passw|credential|auth", re.IGNORECASE)


def sealed(headers: Mapping[str, HeaderValue] | None) -> Mapping[str, SecretStr]:
    """Headers whose values are hidden."""
    return {name: _sealed(value) for name, value in (headers or {}).items()}


def sealed_token(token: HeaderValue | None) -> SecretStr | None:
    """A token that is hidden."""
    return None if token is None else _sealed(token)


def _sealed(value: HeaderValue) -> SecretStr:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return SecretStr(value.strip())  # a file's trailing newline is not part of the secret


def shown_address(url: str) -> str:
    """An address without what may be secret in it: a user's password, a query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


class Headers:
    """What to send with every request to one address, and to no other one."""

    def __init__(
        self, url: str, headers: Mapping[str, SecretStr], bearer_token: SecretStr | None
    ) -> None:
        """Check and keep headers.

        Args:
            url: The address whose origin may see them.
            headers: Values by name.
            bearer_token: What to send as `Authorization: Bearer ...`.

        Raises:
            ValueError: If a name or a value can be in no header, or two of them authorize.
        """
        self._origin = _origin(urlsplit(url))
        self._refusal: int | None = None
        self._values = dict(headers)
        if bearer_token is not None:
            if not bearer_token.get_secret_value():
                raise ValueError("The bearer token is empty.")
            if "authorization" in map(str.lower, headers):
                raise ValueError("Give an Authorization header or a bearer_token, not both.")
            self._values["Authorization"] = SecretStr(f"Bearer {bearer_token.get_secret_value()}")
        for name, value in self._values.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!a} is not a valid header name.")
            if not _can_be_sent(value):
                raise ValueError(
                    f"The header {name} contains a line break or a character that is not allowed."
                )

    def values(self) -> Iterable[SecretStr]:
        """The values, none in the clear."""
        return self._values.values()

    async def put(self, request: Any) -> None:
        """Add the headers to a request of `httpx`, or `httpx2`, that is about to be sent.

        A redirect to another origin copies what its request had: there they are taken off.
        """
        here = (request.url.scheme, request.url.host, request.url.port)
        is_ours = here == self._origin
        for name, value in self._values.items():
            if is_ours:
                request.headers[name] = value.get_secret_value()
            else:
                request.headers.pop(name, None)

    async def look(self, response: Any) -> None:
        """Remember that a response has a bad status: the SDK's own errors may not say so."""
        if response.status_code >= _FIRST_BAD_STATUS:
            self._refusal = response.status_code

    def complaint(self) -> str:
        """Why the server rejected the last request that it rejected, for a message."""
        if self._refusal is None:
            return ""
        hint = " Pass headers= or bearer_token= that let in." if self._refusal in _SHUT_OUT else ""
        return f"\nIt answered with HTTP status {self._refusal}.{hint}"


class Secrets:
    """Secrets to keep out of messages, since a server may repeat what it was sent."""

    def __init__(self, secrets: Iterable[SecretStr] = ()) -> None:
        values = {secret.get_secret_value() for secret in secrets}
        # Of `Bearer abc` the second word is the secret, and is what would be repeated.
        values |= {value.partition(" ")[2] for value in values}
        long = (value for value in values if len(value) >= SHORTEST_SECRET)
        self._values = [SecretStr(value) for value in sorted(long, key=len, reverse=True)]

    @classmethod
    def of_request(cls, url: str, headers: Headers) -> Secrets:
        """The secrets of requests: values of headers, and what the address holds."""
        parts = urlsplit(url)
        of_address = [parts.password or "", *(value for _, value in parse_qsl(parts.query))]
        return cls([*headers.values(), *map(SecretStr, of_address)])

    @classmethod
    def of_process(cls, server: StdioServerParameters) -> Secrets:
        """The secrets of a process: environment variables whose names look like secrets."""
        environment = server.env or {}
        return cls(
            SecretStr(value) for name, value in environment.items() if _SECRET_VARIABLE.search(name)
        )

    def redact(self, text: str) -> str:
        """The text without the secrets."""
        for value in self._values:
            text = text.replace(value.get_secret_value(), REDACTED)
        return text

    def strip(self, error: ErrorT) -> ErrorT:
        """An error that holds no secret: neither in its words nor in the frames it came through.

        Neither does what is chained to it, or grouped in it.
        """
        for link in chain_of(stripped(error)):
            for each in getattr(link, "exceptions", ()):
                self.strip(each)
            link.args = tuple(
                self.redact(part) if isinstance(part, str) else part for part in link.args
            )
            told: Any = getattr(link, "error", None)  # where the SDK's own errors have their words
            if isinstance(getattr(told, "message", None), str):
                told.message = self.redact(told.message)
            for member in ("request", "response"):  # of an HTTP status that is an error
                getattr(link, "__dict__", {}).pop(member, None)
        return error


def _origin(parts: Any) -> tuple[str, str, int | None]:
    """Scheme, host and port as `httpx` writes them: the usual port of a scheme is `None`."""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", None if parts.port == usual else parts.port


def _can_be_sent(value: SecretStr) -> bool:
    # In one expression: no frame holds the value in the clear.
    return value.get_secret_value().isascii() and value.get_secret_value().isprintable()
