"""What is said of a provider when it is registered: wrong there and then, not at its first call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pydantic import SecretStr

    from mirascope_nb.llm.io.endpoint import Transport

__all__ = ["checked_address", "checked_size", "checked_transport", "differs"]

ENDPOINTS = ("/chat/completions", "/responses", "/messages")
"""Paths that manuals show behind an address; a request appends its own."""


def checked_address(address: object, name: str) -> str:
    """An address to which the paths of requests can be appended.

    Args:
        address: The address, perhaps with the line break of the file that it came from.
        name: Whose address it is.

    Raises:
        TypeError: If it is not a string.
        ValueError: If it cannot be such an address.
    """
    if not isinstance(address, str):
        raise TypeError(f"The address of {name} has to be text, not {type(address).__name__}.")
    address = address.strip()
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018, which is read when it is asked for
    except ValueError as error:
        raise ValueError(f"{address!r} is not an address for {name}: {error}.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in address:
        raise ValueError(
            f"{address!r} is not an address for {name}: write the whole URL, "
            "such as 'https://host.example/v1'."
        )
    for endpoint in ENDPOINTS:
        if parts.path.rstrip("/").endswith(endpoint):
            raise ValueError(
                f"{address!r} is one endpoint of {name}. Pass the URL that all of them begin with: "
                f"leave out '{endpoint}'."
            )
    if parts.query or parts.fragment:
        raise ValueError(
            f"{address!r} cannot be an address for {name}, since request paths are appended to it: "
            "leave out everything after the path."
        )
    return address


def checked_transport(transport: object) -> Transport | None:
    """A transport, or `None` for the network.

    Raises:
        TypeError: If it is anything else.
    """
    if transport is None:
        return None
    import httpx2

    if isinstance(transport, httpx2.BaseTransport | httpx2.AsyncBaseTransport):
        return transport
    kind = f"{type(transport).__module__}.{type(transport).__qualname__}"
    raise TypeError(
        f"transport= takes one of httpx2's, such as httpx2.MockTransport(handler), not {kind}."
    )


def checked_size(size: object, name: str) -> int | None:
    """A number of bytes, or `None` for what is usual.

    Args:
        size: The number.
        name: What it is given as.

    Raises:
        TypeError: If it is not an integer.
        ValueError: If it is not positive.
    """
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"{name}= takes a number of bytes, not {size!r}.")
    if size <= 0:
        raise ValueError(f"{name}= takes a positive number of bytes, not {size}.")
    return size


def differs(key: SecretStr | None, variable: str | None) -> bool:
    """Whether an environment variable holds another key than this. One that is unset does not."""
    # Compared in one expression: no frame holds a key in the clear.
    return bool(os.environ.get(variable or "")) and (
        key is None or key.get_secret_value() != os.environ[variable or ""].strip()
    )
