"""Where a stream's chunks come from: batches, read by one coroutine for sync and async alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Protocol

from mirascope_nb.llm.chunks import Batch, StreamResponseChunk
from mirascope_nb.llm.exceptions import (
    APIError,
    ConnectionError,
    Error,
    ResponseValidationError,
)
from mirascope_nb.llm.io import IO, ByteStream, Endpoint
from mirascope_nb.llm.io.faults import keyless
from mirascope_nb.llm.limits.gate import Lease
from mirascope_nb.llm.providers.codec import StreamDecoder
from mirascope_nb.llm.sse import Event, EventTooLargeError, SSEParser
from mirascope_nb.llm.surrogates import HalfJoiner, may_hold_halves

__all__ = ["ChunkSource", "IteratorSource", "WireSource", "unreadable"]

# Events by which a server says that it is there, or that a part begins, which may take a while.
NO_CONTENT = frozenset(
    {
        "content_block_start",
        "keepalive",
        "message_start",
        "ping",
        "response.content_part.added",
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.queued",
    }
)


class ChunkSource(Protocol):
    """A stream of chunks that is read a batch at a time."""

    async def read(self) -> Batch | None:
        """The next chunks, perhaps none; `None` at the end.

        What had arrived before an error is returned first, and the error raised by the next call.
        """
        ...

    async def aclose(self) -> None:
        """Free what the stream holds. May be called twice."""
        ...


class WireSource:
    """The chunks of a streamed HTTP reply: bytes to events to chunks, a network read at a time."""

    def __init__(
        self,
        *,
        io: IO,
        endpoint: Endpoint,
        stream: ByteStream,
        decoder: StreamDecoder,
        lease: Lease,
        tolerates_missing_end: bool = False,
    ) -> None:
        self._io = io
        self._endpoint = endpoint
        self._stream = stream
        self._decoder = decoder
        self._parser = SSEParser(max_event=endpoint.max_event)
        self._joiner: HalfJoiner | None = None
        """Made for the first event that may hold half a character; most streams have none."""
        self._lease = lease
        self._content: float | None = None
        self._tolerates_missing_end = tolerates_missing_end
        self._given = 0
        """How many chunks there were."""
        self._failure: Exception | None = None
        self._done = False

    async def read(self) -> Batch | None:
        """The chunks of the next network read; see `ChunkSource.read`."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            await self.aclose()
            raise failure
        if self._done:
            return None
        deadline = self._endpoint.timeouts.deadline(opened=self._lease.sent, content=self._content)
        try:
            with self._lease:
                received = await self._stream.read(deadline)
        except BaseException:
            await self.aclose()
            raise
        batch = Batch()
        if not received:
            self._end(batch)
        else:
            self._decode(received, batch)
        self._given += len(batch)
        if self._decoder.done or self._done:
            await self._release()
        return batch

    async def _release(self) -> None:
        """Leave the connection, for others to use if the reply's end comes at once."""
        if self._decoder.done:
            await self._stream.release()
        await self.aclose()

    def _decode(self, received: bytes, batch: Batch) -> None:
        decoder, given, has_content = self._decoder, self._given, False
        try:
            events = self._parser.feed(received)
            # Only the first event can have begun before what was received.
            if self._joiner is None and (
                may_hold_halves(received) or (events and may_hold_halves(events[0].data))
            ):
                self._joiner = HalfJoiner()
            joiner = self._joiner
            for event in events:
                news = decoder.feed(event)
                batch.events.append((given + len(batch), event.data))
                batch += news if joiner is None else joiner.joined(news)
                if decoder.done:
                    return
                if not has_content and event.type not in NO_CONTENT and event.data.strip():
                    has_content = True
                    self._content = self._io.now()
        except EventTooLargeError as error:
            remedy = f"{error}. Allow more with max_event=."
            self._fail(ResponseValidationError(remedy, self._endpoint.provider, error))
        except Error as error:
            self._fail(keyless(error, self._endpoint))
        except Exception as error:  # noqa: BLE001, whatever a malformed event trips over
            failure = unreadable("a stream event", self._endpoint, error)
            self._fail(keyless(failure, self._endpoint))

    def _end(self, batch: Batch) -> None:
        self._done = True
        if self._tolerates_missing_end:
            try:
                batch += self._decoder.finish()
            except ConnectionError:
                pass
            else:
                return
        self._fail(self._reported() or self._cut_off())

    def _reported(self) -> Exception | None:
        """The error that came as bare JSON: some servers forget, or do not know, that they stream.

        Google's does in the middle of a stream.
        """
        stray = self._parser.stray
        if stray:
            try:
                self._decoder.feed(Event("", stray))
            except APIError as error:
                return keyless(error, self._endpoint)
            except Exception:  # noqa: BLE001, then it is nothing that can be read
                return None
        return None

    def _cut_off(self) -> ConnectionError:
        from mirascope_nb.llm.providers.http_errors import html_free  # which needs pydantic_core

        provider, stray = self._endpoint.provider, self._endpoint.redact(self._parser.stray)
        odd = f" Something that is no event came too: {html_free(stray)}." if stray else ""
        return ConnectionError(
            f"The stream of {provider} ended before the reply was whole. "
            f"What had arrived is kept on the response.{odd}",
            provider,
        )

    def _fail(self, failure: Exception) -> None:
        # Kept for the next read, so that the chunks before it are seen first.
        self._failure = failure
        self._done = True

    async def aclose(self) -> None:
        """Free the connection, and the stream's place among the requests under way."""
        self._done = True
        self._lease.close()
        await self._stream.aclose()


def unreadable(what: str, endpoint: Endpoint, error: Exception) -> ResponseValidationError:
    """The error for what a decoder tripped over."""
    provider = endpoint.provider
    return ResponseValidationError(
        f"{provider} sent {what} that cannot be read: {error!r}", provider, error
    )


class IteratorSource:
    """The chunks of an iterator, sync or async, such as a custom provider gives."""

    def __init__(
        self,
        iterator: Iterator[StreamResponseChunk] | AsyncIterator[StreamResponseChunk],
    ) -> None:
        self._iterator: Any = iterator
        self._is_async = hasattr(iterator, "__anext__")
        self.translate: Callable[[Exception], Exception] | None = None
        """What turns the iterator's exceptions into ours."""

    async def read(self) -> Batch | None:
        """The next chunk; see `ChunkSource.read`."""
        try:
            if self._is_async:
                return Batch([await self._iterator.__anext__()])
            return Batch([next(self._iterator)])
        except (StopIteration, StopAsyncIteration):
            return None
        except Exception as error:
            translated = self.translate(error) if self.translate else error
            if translated is error:
                raise
            raise translated from error

    async def aclose(self) -> None:
        """Close a generator; other iterators have nothing to close.

        One that somebody else is waiting for just now ends with what it is waiting for.
        """
        if getattr(self._iterator, "ag_running", False) or getattr(
            self._iterator, "gi_running", False
        ):
            return
        close = getattr(self._iterator, "aclose" if self._is_async else "close", None)
        if close is not None:
            closing = close()
            if self._is_async:
                await closing
