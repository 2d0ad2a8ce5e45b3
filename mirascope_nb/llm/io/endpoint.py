"""Where a provider is, and how to be let in."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn, TypeAlias
from urllib.parse import urlsplit

from mirascope_nb.llm.io.timeouts import Timeouts

if TYPE_CHECKING:
    import httpx2
    from pydantic import SecretStr

    Transport: TypeAlias = httpx2.BaseTransport | httpx2.AsyncBaseTransport

__all__ = ["Endpoint"]

REDACTED = "[redacted]"
SHORTEST_SECRET = 8
MAX_EVENT = 64 * 1024 * 1024
MAX_REPLY = 256 * 1024 * 1024
USER = re.compile(r"//[^/?#]*@")
"""A user's name and password in an address."""


class Endpoint:
    """A provider's address, its key, and the limits that hold there.

    The key stays in a `SecretStr` until the header is built.
    """

    __slots__ = (
        "_auth",
        "_headers",
        "base_url",
        "key",
        "max_event",
        "max_reply",
        "provider",
        "timeouts",
        "transport",
    )

    def __init__(
        self,
        *,
        provider: str,
        base_url: str,
        key: SecretStr | None = None,
        auth: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
        transport: Transport | None = None,
        max_event: int | None = None,
        max_reply: int | None = None,
    ) -> None:
        """Describe an address.

        Args:
            provider: Id that errors name.
            base_url: What request paths are appended to.
            key: The provider's key, if it wants one.
            auth: Header names and templates in which `{key}` stands for the key.
            headers: Further headers of every request.
            timeouts: Limits for a request.
            transport: An `httpx2` transport to use instead of the network.
            max_event: The most bytes that one event of a stream may have.
            max_reply: The most bytes that one reply may have, decompressed.
        """
        self.provider = provider
        self.base_url = base_url.rstrip("/")
        self.key = key
        self._auth = dict(auth or {"authorization": "Bearer {key}"})
        self._headers = dict(headers or {})
        self.timeouts = timeouts or Timeouts()
        self.transport = transport
        self.max_event = max_event or MAX_EVENT
        self.max_reply = max_reply or MAX_REPLY

    def __reduce__(self) -> NoReturn:
        raise TypeError("an endpoint holds a key, and is not pickled; register it where it is used")

    def __repr__(self) -> str:
        return f"Endpoint(provider={self.provider!r}, base_url={self.shown!r})"

    @property
    def shown(self) -> str:
        """The address without a user's name and password, should it have them."""
        return USER.sub("//", self.base_url)

    @property
    def origin(self) -> str:
        """Scheme, host and port: what connections are shared by. Of no address, what there is."""
        shown = self.shown
        try:
            parts = urlsplit(shown)
        except ValueError:
            return shown
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_loopback(self) -> bool:
        """Whether the address is this machine's own, which no proxy of the environment serves."""
        try:
            host = urlsplit(self.base_url).hostname or ""
        except ValueError:
            return False
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def headers(self) -> dict[str, str]:
        """The headers of every request, the key in the clear: build them last, keep them not."""
        headers = dict(self._headers)
        if self.key is not None:
            secret = self.key.get_secret_value()
            for name, template in self._auth.items():
                headers[name] = template.replace("{key}", secret)
        return headers

    def redact(self, body: bytes) -> bytes:
        """A body without the key, should the provider have echoed it."""
        if self.key is None:
            return body
        secret = self.key.get_secret_value().encode()
        # A placeholder such as `ollama` or `k` is no secret, and a word of many a message.
        if len(secret) < SHORTEST_SECRET:
            return body
        return body.replace(secret, REDACTED.encode())

    def redact_text(self, text: str) -> str:
        """A text without the key, and without a user's name and password in an address."""
        redacted = self.redact(text.encode("utf-8", "replace")).decode("utf-8", "replace")
        return USER.sub("//", redacted)

    def moved(
        self,
        *,
        base_url: str | None = None,
        key: SecretStr | None = None,
        timeouts: Timeouts | None = None,
    ) -> Endpoint:
        """The same service at another address, with another key, or under other limits."""
        return Endpoint(
            provider=self.provider,
            base_url=base_url or self.base_url,
            key=key or self.key,
            auth=self._auth,
            headers=self._headers,
            timeouts=timeouts or self.timeouts,
            transport=self.transport,
            max_event=self.max_event,
            max_reply=self.max_reply,
        )
