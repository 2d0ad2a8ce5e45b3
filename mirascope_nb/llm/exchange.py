"""One model request: encode, send, check the status, decode. Shared by every face and provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from mirascope_nb.llm.exceptions import APIError, ProviderError, ResponseValidationError
from mirascope_nb.llm.io import IO, ByteStream, Endpoint, HttpReply, HttpRequest, read_whole
from mirascope_nb.llm.io.faults import keyless
from mirascope_nb.llm.limits.gate import Gate, gate_of
from mirascope_nb.llm.limits.limiter import Ticket
from mirascope_nb.llm.providers.codec import Codec, Completion, Request
from mirascope_nb.llm.retry_after import retry_after
from mirascope_nb.llm.source import WireSource, unreadable

__all__ = ["complete", "open_stream"]

FIRST_BAD_STATUS = 300
FIRST_SERVER_STATUS = 500
REQUEST_TIMEOUT = 408
EVENT_STREAM = "text/event-stream"

ReplyT = TypeVar("ReplyT", HttpReply, ByteStream)


async def complete(io: IO, endpoint: Endpoint, codec: Codec, request: Request) -> Completion:
    """The reply to a request.

    Raises:
        FeatureNotSupportedError: If the provider cannot express the request; nothing was sent.
        ProviderError: If the provider answered with an error, or not at all.
    """
    gate = gate_of(endpoint)
    http = codec.encode(request, stream=False)
    reply, ticket = await _admitted(gate, io, endpoint, request, http, io.send)
    gate.leave(ticket, status=reply.status, headers=reply.headers)
    if reply.status >= FIRST_BAD_STATUS:
        raise _refused(endpoint, codec, request, reply)
    try:
        completion = codec.decode(request, reply)
    except ProviderError as error:
        keyless(error, endpoint)
        raise
    except Exception as error:
        raise keyless(unreadable("a reply", endpoint, error), endpoint) from error
    if completion.usage is not None:
        gate.used(ticket, completion.usage.total_tokens)
    return completion


async def open_stream(io: IO, endpoint: Endpoint, codec: Codec, request: Request) -> WireSource:
    """The chunks of the reply to a request, once its status is known to be good.

    Raises:
        FeatureNotSupportedError: If the provider cannot express the request; nothing was sent.
        ProviderError: If the provider answered with an error, or not at all.
    """
    gate = gate_of(endpoint)
    http = codec.encode(request, stream=True)
    stream, ticket = await _admitted(gate, io, endpoint, request, http, io.open)
    lease = gate.stream(ticket, status=stream.status, headers=stream.headers)
    opened = lease.sent
    if stream.status >= FIRST_BAD_STATUS or not _is_event_stream(stream):
        deadline = endpoint.timeouts.deadline(opened=opened, content=None)
        try:
            reply = await read_whole(stream, deadline)
        finally:
            lease.close()
        raise _refused(endpoint, codec, request, reply)
    return WireSource(
        io=io,
        endpoint=endpoint,
        stream=stream,
        decoder=codec.decoder(request),
        lease=lease,
        tolerates_missing_end=request.profile.tolerates_missing_end,
    )


async def _admitted(  # noqa: PLR0917, what is passed on, in its order
    gate: Gate,
    io: IO,
    endpoint: Endpoint,
    request: Request,
    http: HttpRequest,
    send: Callable[[Endpoint, HttpRequest], Awaitable[ReplyT]],
) -> tuple[ReplyT, Ticket]:
    """Send a request when the address's limiter lets it through. What got a reply has to leave."""
    ticket = await gate.enter(request.model_name, len(http.body), is_async=io.is_async)
    try:
        reply = await send(endpoint, http)
    except BaseException:
        gate.leave(ticket)
        raise
    return reply, ticket


def _refused(
    endpoint: Endpoint, codec: Codec, request: Request, reply: HttpReply
) -> APIError | ResponseValidationError:
    """The error for a reply that is not what was asked for."""
    reply = HttpReply(status=reply.status, headers=reply.headers, body=endpoint.redact(reply.body))
    if reply.status >= FIRST_BAD_STATUS:
        error = codec.error(request, reply)
    elif (reported := _reported(codec, request, reply)) is not None:
        error = reported
    else:
        kind = endpoint.redact_text(reply.headers.get("content-type", "nothing"))[:100]
        return ResponseValidationError(
            f"{endpoint.provider} answered with {kind!r} instead of an event stream: "
            f"{snippet(reply.body)}",
            endpoint.provider,
        )
    error.retry_after = retry_after(reply.headers) or error.retry_after
    if error.should_retry is None:
        error.should_retry = _should_retry(reply)
    return error


def _reported(codec: Codec, request: Request, reply: HttpReply) -> APIError | None:
    """The error that a reply reports in spite of its status, if it does."""
    try:
        codec.decode(request, reply)
    except APIError as error:
        return error
    except Exception:  # noqa: BLE001, then it is no reply of this protocol at all
        return None
    return None


def _is_event_stream(stream: ByteStream) -> bool:
    return EVENT_STREAM in stream.headers.get("content-type", EVENT_STREAM).lower()


def _should_retry(reply: HttpReply) -> bool | None:
    """What the server says of another attempt, where its word counts, or `None` if nothing."""
    if reply.status not in {REQUEST_TIMEOUT, 409, 429} and reply.status < FIRST_SERVER_STATUS:
        return None
    wish = reply.headers.get("x-should-retry")
    if wish is not None:
        return wish == "true"
    return True if reply.status == REQUEST_TIMEOUT else None


def snippet(body: bytes, limit: int = 200) -> str:
    """The beginning of a body, escaped, for an error message."""
    text = body[: limit * 4].decode("utf-8", "replace").strip()
    return ascii(text[:limit] + ("…" if len(text) > limit else "")) if text else "an empty body"
