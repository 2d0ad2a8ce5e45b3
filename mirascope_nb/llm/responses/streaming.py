"""Streaming replies: two pumps, four faces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from mirascope_nb._loop import run_now
from mirascope_nb.llm.chunks import AssistantContentChunk, TextChunk
from mirascope_nb.llm.content import ToolOutput
from mirascope_nb.llm.context import Context, DepsT
from mirascope_nb.llm.formatting import FormatT
from mirascope_nb.llm.messages import UserContent
from mirascope_nb.llm.responses.parts import AsyncStream, Stream, async_part, sync_part
from mirascope_nb.llm.responses.readers import PrettyReader, TextReader
from mirascope_nb.llm.responses.stream import BaseStreamResponse

__all__ = [
    "AsyncContextStreamResponse",
    "AsyncPump",
    "AsyncStreamResponse",
    "ContextStreamResponse",
    "StreamResponse",
    "SyncPump",
]

T = TypeVar("T")


def _itself(chunk: AssistantContentChunk) -> AssistantContentChunk:
    return chunk


class SyncPump(BaseStreamResponse[FormatT]):
    """Reads by blocking."""

    def chunk_stream(self) -> Iterator[AssistantContentChunk]:
        """Every content chunk from the first: those already read, then new ones as they come.

        Raises:
            ProviderError: If the reply fails or breaks off. What had arrived is kept.
        """
        return self._pump(_itself)

    def _pump(self, read: Callable[[AssistantContentChunk], T | None]) -> Iterator[T]:
        """What a reader makes of every content chunk, where that is anything."""
        index = 0
        while True:
            for chunk in self.arrived(index):
                index += 1
                news = read(chunk)
                if news:
                    yield news
            if not run_now(self.do_pull()):
                return

    def text_stream(self, sep: str = "\n") -> Iterator[str]:
        """Text as it comes, with `sep` after each text part.

        Raises:
            ProviderError: As `chunk_stream`.
        """
        return self._pump(TextReader(sep).feed)

    def pretty_stream(self) -> Iterator[str]:
        """Every part in readable form as it comes; the pieces concatenate to `pretty()`.

        Raises:
            ProviderError: As `chunk_stream`.
        """
        return self._pump(PrettyReader().feed)

    def streams(self) -> Iterator[Stream]:
        """One stream a part, in the order in which they begin; what is not read is skipped.

        Raises:
            ProviderError: As `chunk_stream`.
        """
        for index, chunk in enumerate(self.chunk_stream()):
            part = sync_part(self, index, chunk)
            if part is not None:
                yield part
                part.collect()

    def structured_stream(self) -> Iterator[FormatT]:
        """The object asked for as far as it is known, after each piece of text.

        Fields that have not come yet are `None`.

        Raises:
            ValueError: If no format was asked for.
            NotImplementedError: If the format is an `OutputParser`.
            ProviderError: As `chunk_stream`.
        """
        reader = self._structured_reader()
        for chunk in self.chunk_stream():
            if isinstance(chunk, TextChunk):
                reader.feed(chunk.delta)
                if value := reader.value:
                    yield value

    def finish(self) -> None:
        """Read to the end.

        Raises:
            ProviderError: As `chunk_stream`.
        """
        run_now(self.do_finish())

    def close(self) -> None:
        """Free the connection. What has arrived stays on the response."""
        run_now(self.do_close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncPump(BaseStreamResponse[FormatT]):
    """Reads by awaiting."""

    def chunk_stream(self) -> AsyncIterator[AssistantContentChunk]:
        """Every content chunk from the first; see `StreamResponse.chunk_stream`."""
        return self._pump(_itself)

    async def _pump(self, read: Callable[[AssistantContentChunk], T | None]) -> AsyncIterator[T]:
        """What a reader makes of every content chunk, where that is anything."""
        index = 0
        while True:
            for chunk in self.arrived(index):
                index += 1
                news = read(chunk)
                if news:
                    yield news
            if not await self.do_pull():
                return

    def text_stream(self, sep: str = "\n") -> AsyncIterator[str]:
        """Text as it comes, with `sep` after each text part."""
        return self._pump(TextReader(sep).feed)

    def pretty_stream(self) -> AsyncIterator[str]:
        """Every part in readable form as it comes; the pieces concatenate to `pretty()`."""
        return self._pump(PrettyReader().feed)

    async def streams(self) -> AsyncIterator[AsyncStream]:
        """One stream a part, in the order in which they begin; what is not read is skipped."""
        index = 0
        async for chunk in self.chunk_stream():
            part = async_part(self, index, chunk)
            index += 1
            if part is not None:
                yield part
                await part.collect()

    async def structured_stream(self) -> AsyncIterator[FormatT]:
        """The object asked for as far as it is known; see `StreamResponse.structured_stream`."""
        reader = self._structured_reader()
        async for chunk in self.chunk_stream():
            if isinstance(chunk, TextChunk):
                reader.feed(chunk.delta)
                if value := reader.value:
                    yield value

    async def finish(self) -> None:
        """Read to the end; see `StreamResponse.finish`."""
        await self.do_finish()

    async def aclose(self) -> None:
        """Free the connection. What has arrived stays on the response."""
        await self.do_close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class StreamResponse(SyncPump[FormatT]):
    """The streaming reply to a synchronous call."""

    def execute_tools(self) -> list[ToolOutput[Any]]:
        """Read to the end, and run the tools; see `Response.execute_tools`."""
        return run_now(self.do_execute_tools(None))

    def resume(self, content: UserContent) -> Self:
        """Continue the conversation with a further stream; see `Response.resume`."""
        return run_now(self.do_resume(None, content))

    def validate(self, max_retries: int = 1) -> tuple[FormatT, StreamResponse[FormatT]]:
        """The parsed reply, and the response it came from; see `Response.validate`."""
        return cast(
            "tuple[FormatT, StreamResponse[FormatT]]", run_now(self.do_validate(None, max_retries))
        )


class AsyncStreamResponse(AsyncPump[FormatT]):
    """The streaming reply to an asynchronous call."""

    async def execute_tools(self) -> list[ToolOutput[Any]]:
        """Read to the end, and run the tools concurrently; see `Response.execute_tools`."""
        return await self.do_execute_tools(None)

    async def resume(self, content: UserContent) -> Self:
        """Continue the conversation with a further stream; see `Response.resume`."""
        return await self.do_resume(None, content)

    async def validate(self, max_retries: int = 1) -> tuple[FormatT, AsyncStreamResponse[FormatT]]:
        """The parsed reply, and the response it came from; see `Response.validate`."""
        return cast(
            "tuple[FormatT, AsyncStreamResponse[FormatT]]",
            await self.do_validate(None, max_retries),
        )


class ContextStreamResponse(SyncPump[FormatT], Generic[DepsT, FormatT]):
    """The streaming reply to a synchronous call with a context."""

    def execute_tools(self, ctx: Context[DepsT]) -> list[ToolOutput[Any]]:
        """Read to the end, and run the tools; see `Response.execute_tools`."""
        return run_now(self.do_execute_tools(ctx))

    def resume(self, ctx: Context[DepsT], content: UserContent) -> Self:
        """Continue the conversation with a further stream; see `Response.resume`."""
        return run_now(self.do_resume(ctx, content))

    def validate(
        self, ctx: Context[DepsT], max_retries: int = 1
    ) -> tuple[FormatT, ContextStreamResponse[DepsT, FormatT]]:
        """The parsed reply, and the response it came from; see `Response.validate`."""
        return cast(
            "tuple[FormatT, ContextStreamResponse[DepsT, FormatT]]",
            run_now(self.do_validate(ctx, max_retries)),
        )


class AsyncContextStreamResponse(AsyncPump[FormatT], Generic[DepsT, FormatT]):
    """The streaming reply to an asynchronous call with a context."""

    async def execute_tools(self, ctx: Context[DepsT]) -> list[ToolOutput[Any]]:
        """Read to the end, and run the tools concurrently; see `Response.execute_tools`."""
        return await self.do_execute_tools(ctx)

    async def resume(self, ctx: Context[DepsT], content: UserContent) -> Self:
        """Continue the conversation with a further stream; see `Response.resume`."""
        return await self.do_resume(ctx, content)

    async def validate(
        self, ctx: Context[DepsT], max_retries: int = 1
    ) -> tuple[FormatT, AsyncContextStreamResponse[DepsT, FormatT]]:
        """The parsed reply, and the response it came from; see `Response.validate`."""
        return cast(
            "tuple[FormatT, AsyncContextStreamResponse[DepsT, FormatT]]",
            await self.do_validate(ctx, max_retries),
        )
