"""Transport exceptions to ours, without what they might leak.

An `httpx2` exception holds its request, and a traceback holds the locals of every frame it passed:
both hold the key in the clear. What is chained to our error is therefore stripped of both.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from mirascope_nb.llm.exceptions import (
    ConnectionError,
    ProviderError,
    ResponseValidationError,
    TimeoutError,
)
from mirascope_nb.llm.io.http1 import BrokenReplyError
from mirascope_nb.llm.io.inflating import UnreadableBodyError

if TYPE_CHECKING:
    from mirascope_nb.llm.io.endpoint import Endpoint

__all__ = [
    "UnacceptedError",
    "UnreachableError",
    "chain_of",
    "keyless",
    "late",
    "stripped",
    "too_large",
    "translate",
]

ErrorT = TypeVar("ErrorT", bound=BaseException)


class UnreachableError(Exception):
    """No connection could be made. Its cause says why."""


class UnacceptedError(Exception):
    """No connection was made in the time that there is for it."""


def translate(error: Exception, endpoint: Endpoint) -> Exception:
    """The error to raise for a transport's exception.

    What is none of the network's, raised by a transport of the caller's own, is a mistake in it,
    and stays what it is.
    """
    if isinstance(error, ProviderError):
        return error
    kind = _kind_of(error)
    if kind == "mistake" and endpoint.transport is not None:
        return _of_the_transport(error)
    where = f"{endpoint.provider} at {endpoint.origin}"
    original = keyless(error, endpoint)
    said = endpoint.redact_text(str(error))  # of an `OSError` that is not what its `args` are
    if kind == "unaccepted":
        return TimeoutError(
            f"{where} did not accept a connection within {endpoint.timeouts.connect} s. "
            "Check the address and the network, or allow more with timeout=.",
            endpoint.provider,
            original,
        )
    if kind == "late":
        return late(endpoint, original)
    if kind in {"unreachable", "broken"} and _is_tls(error):
        failed = ConnectionError(
            f"The TLS connection to {where} failed: {said}", endpoint.provider, original
        )
        failed.should_retry = False
        return failed
    if kind == "unreachable":
        return ConnectionError(
            f"Cannot reach {where}: {said or type(error).__name__}. "
            "Check that the address is right and that the server runs.",
            endpoint.provider,
            original,
        )
    if kind == "no address":
        failed = ConnectionError(
            f"{endpoint.shown!r} is not an address of {endpoint.provider}: {said}",
            endpoint.provider,
            original,
        )
        failed.should_retry = False
        return failed
    what = "connection to {} broke" if kind == "broken" else "request to {} could not be made"
    failed = ConnectionError(
        f"The {what.format(where)}: {said or type(error).__name__}", endpoint.provider, original
    )
    if kind != "broken":
        failed.should_retry = False  # a mistake in a program, which will be made again
    return failed


def _kind_of(error: Exception) -> str:
    """What went wrong, whichever transport says so."""
    match error:
        case UnacceptedError():
            return "unaccepted"
        case builtins.TimeoutError():
            return "late"
        case UnreachableError():
            return "unreachable"
        case OSError() | BrokenReplyError() | UnreadableBodyError():
            return "broken"
        case _:
            return _kind_of_httpx2(error) if "httpx2" in sys.modules else "mistake"


def _kind_of_httpx2(error: Exception) -> str:
    import httpx2

    match error:
        case httpx2.ConnectTimeout():
            return "unaccepted"
        case httpx2.TimeoutException():
            return "late"
        case httpx2.ConnectError():
            return "unreachable"
        case httpx2.UnsupportedProtocol() | httpx2.InvalidURL():
            return "no address"
        case httpx2.HTTPError() | httpx2.StreamError():
            return "broken"
        case _:
            return "mistake"


def late(endpoint: Endpoint, original: Exception | None = None) -> TimeoutError:
    """The error for a reply that did not come in time."""
    return TimeoutError(
        f"{endpoint.provider} at {endpoint.origin} did not answer in time. "
        "Allow more with timeout=, a number of seconds or llm.Timeouts(...).",
        endpoint.provider,
        original,
    )


def too_large(endpoint: Endpoint) -> ResponseValidationError:
    """The error for a reply that would fill the memory, such as a compressed bomb."""
    return ResponseValidationError(
        f"The reply of {endpoint.provider} at {endpoint.origin} is larger than "
        f"{endpoint.max_reply:,} bytes. Allow more with max_reply=.",
        endpoint.provider,
    )


def keyless(error: ErrorT, endpoint: Endpoint) -> ErrorT:
    """The exception, and every one chained to it, without request, traceback and key.

    A server may echo the key in what it says, and where a transport repeats that, such as in a
    header that is none.
    """
    for link in chain_of(stripped(error)):
        link.args = tuple(
            endpoint.redact_text(part) if isinstance(part, str) else part for part in link.args
        )
    return error


def stripped(error: ErrorT) -> ErrorT:
    """The exception, and every one chained to it, without request and traceback."""
    for link in chain_of(error):
        link.__traceback__ = None
        for attribute in ("_request", "_response"):
            if getattr(link, attribute, None) is not None:
                setattr(link, attribute, None)
    return error


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it came of, and so on. Some chains are circles."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _of_the_transport(error: Exception) -> Exception:
    """The exception with the frames of the transport alone: those above hold the key."""
    own = frame = error.__traceback__
    while frame is not None:
        module = str(frame.tb_frame.f_globals.get("__name__"))
        frame = frame.tb_next
        if module.partition(".")[0] in {"httpx2", "mirascope_nb"}:
            own = frame
    return error.with_traceback(own)


def _is_tls(error: BaseException) -> bool:
    """Whether the two ends did not agree. A connection that was cut is a matter of the network."""
    if "ssl" not in sys.modules:
        return False
    import ssl

    for link in chain_of(error):
        if isinstance(link, ssl.SSLError):
            cut = ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError
            return not isinstance(link, cut)
    return False
