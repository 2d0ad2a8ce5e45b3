"""What every streaming reply is: chunks pulled a batch at a time, added one at a time.

A pull reads one batch from the source; taking a chunk adds it to the reply. So `content` and
`chunks` never run ahead of whoever iterates, an iteration can be broken off and started again, and
a reply that was read to its end replays without a network. Sync and async differ only in who drives
`do_pull`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

from mirascope_nb import _defaults
from mirascope_nb.llm.accumulate import Accumulator
from mirascope_nb.llm.chunks import AssistantContentChunk, StreamResponseChunk, TextChunk
from mirascope_nb.llm.content import AssistantContentPart, Text, Thought, ToolCall
from mirascope_nb.llm.exceptions import ConnectionError
from mirascope_nb.llm.formatting import (
    Format,
    FormatSpec,
    FormatT,
    is_output_parser,
    resolve_format,
)
from mirascope_nb.llm.messages import AssistantMessage, Message
from mirascope_nb.llm.params import Params
from mirascope_nb.llm.responses.root import RootResponse
from mirascope_nb.llm.source import ChunkSource, IteratorSource, WireSource
from mirascope_nb.llm.tools import AnyTools, BaseToolkit
from mirascope_nb.llm.usage import FinishReason, Usage

if TYPE_CHECKING:
    from mirascope_nb.llm.formatting.partial_reader import PartialReader

__all__ = ["AsyncChunkIterator", "BaseStreamResponse", "ChunkIterator"]

ChunkIterator: TypeAlias = Iterator[StreamResponseChunk]
"""What a custom provider's synchronous stream is."""
AsyncChunkIterator: TypeAlias = AsyncIterator[StreamResponseChunk]
"""What a custom provider's asynchronous stream is."""


class BaseStreamResponse(RootResponse[FormatT]):
    """A reply that arrives while it is read.

    One that has ended, by itself, by an error or by being closed, can be copied and pickled.
    """

    _of_the_reading: ClassVar[frozenset[str]] = frozenset({"_lock", "_source"})
    """Attributes that serve to read on, of which a reply that has ended has no more need."""

    def __init__(
        self,
        *,
        provider_id: str,
        model_id: str,
        provider_model_name: str,
        params: Params,
        tools: AnyTools | None = None,
        format: FormatSpec[FormatT] | None = None,
        input_messages: list[Message] | tuple[Message, ...],
        chunk_iterator: ChunkIterator | AsyncChunkIterator | ChunkSource,
    ) -> None:
        """Make a streaming reply, as a provider does.

        Args:
            provider_id: Who answers.
            model_id: The model that was asked.
            provider_model_name: The provider's own name of it.
            params: The params that were asked for.
            tools: The tools that were offered.
            format: The format that was asked for. One that a provider has not resolved to a
                `Format` is read as JSON in the text.
            input_messages: What was sent.
            chunk_iterator: The chunks as they arrive.
        """
        self.provider_id = provider_id
        self.model_id = model_id
        self.provider_model_name = provider_model_name
        self.params = params
        self.toolkit = tools if isinstance(tools, BaseToolkit) else self.face.toolkit(tools)
        self.format = resolve_format(format, "json")
        self._input_messages = list(input_messages)
        self._lock = self.face.io.lock()
        self.stopped = False
        """Whether reading was cancelled or the response closed before the reply was whole."""
        self._begin(chunk_iterator)

    def __getstate__(self) -> dict[str, Any]:
        if not self.consumed and self._failure is None:
            raise TypeError(
                f"{type(self).__name__} is still open, and a connection cannot be copied or "
                "pickled. Read it to its end with finish(), or close it."
            )
        state = {
            name: each for name, each in vars(self).items() if name not in self._of_the_reading
        }
        return state | {"_partial": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = self.face.io.lock()
        self._source = IteratorSource(iter(()))

    def translate_errors(self, translate: Callable[[Exception], Exception]) -> None:
        """Turn what a custom provider's iterator raises into what the provider says it means."""
        if isinstance(self._source, IteratorSource):
            self._source.translate = translate

    def _begin(self, chunks: ChunkIterator | AsyncChunkIterator | ChunkSource) -> None:
        """Read this source from its beginning, forgetting what another had brought."""
        self._source: ChunkSource = (
            chunks
            if isinstance(chunks, WireSource | IteratorSource)
            else IteratorSource(cast("ChunkIterator", chunks))
        )
        self._reply = Accumulator()
        self._reads = 0
        self._failure: BaseException | None = None
        self._partial: tuple[PartialReader[Any], int] | None = None
        self.consumed = False
        self._message = AssistantMessage(
            content=self._reply.content,
            provider_id=self.provider_id,
            model_id=self.model_id,
            provider_model_name=self.provider_model_name,
            raw_message=None,
        )
        self.messages = [*self._input_messages, self._message]

    def _begin_as(self, fresh: BaseStreamResponse[FormatT]) -> None:
        """Become another response to the same prompt, read from its beginning.

        Another provider may have another mode of the format, and so have been sent other
        instructions.
        """
        self.provider_id = fresh.provider_id
        self.model_id = fresh.model_id
        self.provider_model_name = fresh.provider_model_name
        self.params = fresh.params
        self.timeout = fresh.timeout
        self.toolkit = fresh.toolkit
        self.format = fresh.format
        self._input_messages = fresh._input_messages
        self._begin(fresh._source)

    consumed: bool
    """Whether the reply is whole and all of it has been read."""

    @property
    def chunks(self) -> list[AssistantContentChunk]:
        """The content chunks read so far; always the same list."""
        return self._reply.chunks

    @property
    def raw_stream_events(self) -> list[Any]:
        """The provider's events read so far, decoded from JSON."""
        return self._reply.raw_stream_events

    @property
    def content(self) -> list[AssistantContentPart]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The parts read so far, the one under way included; always the same list."""
        return self._reply.content

    @property
    def texts(self) -> list[Text]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The texts read so far, the one under way included; always the same list."""
        return self._reply.texts

    @property
    def thoughts(self) -> list[Thought]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The thoughts read so far, the one under way included; always the same list."""
        return self._reply.thoughts

    @property
    def tool_calls(self) -> list[ToolCall]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool calls that are whole; always the same list."""
        return self._reply.tool_calls

    @property
    def finish_reason(self) -> FinishReason | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Why the reply ended, if it did and not normally."""
        return self._reply.finish_reason

    @property
    def usage(self) -> Usage | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Tokens as far as they are known."""
        return self._reply.usage

    def arrived(self, index: int) -> Iterator[AssistantContentChunk]:
        """The content chunks from this number on that need no pull.

        Raises:
            RuntimeError: If the provider's chunks are out of order. It is raised again by every
                later pull.
            TypeError: If they are no chunks. So is this.
        """
        try:
            yield from self._reply.arrived(index)
        except (RuntimeError, TypeError) as error:
            self._failure = error
            raise

    async def do_pull(self) -> bool:
        """Read another batch; `False` when there is none.

        Raises:
            ProviderError: As the provider or the way to it fails. It is raised again by every later
                pull: a reply that broke off never looks whole.
        """
        reads = self._reads
        async with self._lock:
            if reads != self._reads:  # another task has read meanwhile
                return True
            if self.consumed:
                return False
            if self._failure is not None:
                raise self._failure
            try:
                batch = await self._source.read()
                if batch is None:
                    self._refuse_open_calls()
            except Exception as error:  # noqa: BLE001, whoever overrides this decides
                return await self._failed(error)
            except BaseException:
                self._stop()
                raise
            self._reads += 1
            if batch is None:
                self.consumed = True
                self._message.raw_message = self._reply.raw_message
                self._ended()
                return False
            self._reply.receive(batch)
            return True

    def _refuse_open_calls(self) -> None:
        """Refuse a reply that ends inside a tool call, which would otherwise be lost unnoticed."""
        if names := self._reply.open_calls:
            raise ConnectionError(
                f"The reply ended inside the call of tool '{names[0]}'. "
                "What had arrived is kept on the response.",
                self.provider_id,
            )

    async def _failed(self, error: Exception) -> bool:
        """What to do about a read that failed."""
        self._failure = error
        self._ended()
        raise error

    def _ended(self) -> None:
        """Let a notebook count what its session spends."""
        if _defaults.note_end is not None:
            _defaults.note_end(self)

    def _stop(self) -> None:
        with contextlib.suppress(RuntimeError, TypeError):  # the caller is on its way out
            self._take_all()  # what has arrived is kept, whether or not it was asked for
        if not self.consumed and self._failure is None:
            self.stopped = True
            self._failure = ConnectionError(
                "The stream was stopped before the reply was whole. "
                "What had arrived is kept on the response.",
                self.provider_id,
            )
            self._ended()

    async def do_finish(self) -> None:
        """Read to the end."""
        try:
            self._take_all()
            while await self.do_pull():
                self._take_all()
        except Exception:
            raise
        except BaseException:
            # A stop. The traceback of it, which IPython keeps, would keep the connection as well.
            await self.do_close()
            raise

    def _take_all(self) -> None:
        if self._reply.has_waiting:
            for _ in self.arrived(len(self._reply.chunks)):
                pass

    async def do_close(self) -> None:
        """Free the connection; what has arrived stays."""
        self._stop()
        await self._source.aclose()

    def compact(self) -> None:
        """Hold a whole reply in a fraction of the memory, as `nb.map` does with those of its rows.

        Nothing is lost: `chunks`, from then on another list, and `raw_stream_events` unpack what
        was packed.
        """
        if self.consumed:
            self._source = IteratorSource(iter(()))
            self._reply.pack()

    def _partial_reader(self, form: Format[Any]) -> PartialReader[Any]:
        """What has read the texts so far: it is fed only what has come since the last time."""
        from mirascope_nb.llm.formatting.partial_reader import PartialReader

        reader, seen = self._partial or (PartialReader(form), 0)
        chunks = self._reply.chunks
        for index in range(seen, len(chunks)):
            chunk = chunks[index]
            if isinstance(chunk, TextChunk):
                reader.feed(chunk.delta)
        self._partial = (reader, len(chunks))
        return reader

    def _structured_reader(self) -> PartialReader[FormatT]:
        """A reader for one iteration, which may be a replay of chunks long since here.

        Raises:
            ValueError: If no format was asked for.
            NotImplementedError: If the format is an `OutputParser`.
        """
        from mirascope_nb.llm.formatting.partial_reader import PartialReader

        if self.format is None:
            raise ValueError("structured_stream() requires format parameter")
        if is_output_parser(self.format.formattable):
            raise NotImplementedError(
                "structured_stream() is not available for an OutputParser, "
                "which needs the whole response"
            )
        return PartialReader(self.format)
