"""Chunks to a reply; pure, and one for every provider.

States: nothing is open; one text or one thought is open; one or more tool calls are open, told
apart by id. A start chunk opens, middle chunks grow, an end chunk closes. A finish reason ends the
content; usage, raw events and the raw turn may come at any time.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn, TypeAlias, cast, get_args

from mirascope_nb.llm.chunks import (
    AssistantContentChunk,
    Batch,
    FinishReasonChunk,
    RawMessageChunk,
    RawStreamEventChunk,
    StreamResponseChunk,
    TextChunk,
    TextEndChunk,
    TextStartChunk,
    ThoughtChunk,
    ThoughtEndChunk,
    ThoughtStartChunk,
    ToolCallChunk,
    ToolCallEndChunk,
    ToolCallStartChunk,
    UsageDeltaChunk,
)
from mirascope_nb.llm.content import AssistantContentPart, Text, Thought, ToolCall
from mirascope_nb.llm.tools.schema import FORMAT_TOOL_NAME
from mirascope_nb.llm.types import Jsonable
from mirascope_nb.llm.usage import FinishReason, Usage

__all__ = ["Accumulator"]


NUL = b"\0"
"""Divides the data of events, as no JSON text holds it."""


class _Growing:
    """The text of a part under growth: a list of deltas, joined when it is read.

    Adding each delta to a string that an object holds copies the whole string each time.
    """

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def joined(self) -> str:
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""


class _GrowingText(Text):
    """A text under growth, equal to the `Text` that it will be."""

    __slots__ = ("growth",)

    def __init__(self) -> None:
        self.growth = _Growing()
        self.type = "text"

    @property
    def text(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What has arrived so far."""
        return self.growth.joined()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self.text == other.text

    __hash__ = None

    def __repr__(self) -> str:
        return repr(Text(text=self.text))

    def __reduce__(self) -> tuple[object, ...]:
        return _text, (self.text,)


class _GrowingThought(Thought):
    """A thought under growth, equal to the `Thought` that it will be."""

    __slots__ = ("growth",)

    def __init__(self) -> None:
        self.growth = _Growing()
        self.type = "thought"

    @property
    def thought(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What has arrived so far."""
        return self.growth.joined()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thought) and self.thought == other.thought

    __hash__ = None

    def __repr__(self) -> str:
        return repr(Thought(thought=self.thought))

    def __reduce__(self) -> tuple[object, ...]:
        return _thought, (self.thought,)


def _text(text: str) -> Text:
    """What a copy of a text under growth is: a copy grows no more."""
    return Text(text=text)


def _thought(thought: str) -> Thought:
    return Thought(thought=thought)


_Add: TypeAlias = Callable[[Any, Any], AssistantContentChunk | None]


class Accumulator:
    """A reply under construction.

    What has arrived waits, and is added when somebody takes it. `chunks`, `content`, `texts`,
    `thoughts` and `tool_calls` are the same lists from beginning to end, so that whoever holds them
    sees them grow.
    """

    def __init__(self) -> None:
        self._chunks: list[AssistantContentChunk] = []
        self._packed_chunks: list[AssistantContentChunk | str] | None = None
        """The same, of a reply that is whole, and its pieces of text without their objects."""
        self.content: list[AssistantContentPart] = []
        self.texts: list[Text] = []
        self.thoughts: list[Thought] = []
        self.tool_calls: list[ToolCall] = []
        self.raw_message: Jsonable | None = None
        self.finish_reason: FinishReason | None = None
        self.usage: Usage | None = None
        self._waiting: deque[StreamResponseChunk] = deque()
        self._received = 0
        """How many chunks have arrived, those that wait included."""
        self._raw_events: list[Any] = []
        self._undecoded: deque[tuple[int, bytes]] = deque()
        """The data of events, and how many chunks arrived before each."""
        self._packed: bytes | None = None
        """The same, of a reply that is whole."""
        self._text: _GrowingText | None = None
        self._thought: _GrowingThought | None = None
        self._tools: dict[str, tuple[str, list[str]]] = {}
        self._format_tools: dict[str, _GrowingText] = {}

    def receive(self, batch: Batch) -> None:
        """Let what has arrived wait for somebody to take it."""
        self._received += len(batch)
        self._waiting += batch
        self._undecoded += batch.events

    @property
    def chunks(self) -> list[AssistantContentChunk]:
        """The content chunks that were added, in the same list until it is packed."""
        if self._packed_chunks is not None:
            self._chunks += (
                TextChunk(delta=each) if isinstance(each, str) else each
                for each in self._packed_chunks
            )
            self._packed_chunks = None
        return self._chunks

    @property
    def has_begun(self) -> bool:
        """Whether any content has arrived."""
        return bool(self.chunks or self._waiting)

    def arrived(self, index: int) -> Iterator[AssistantContentChunk]:
        """The content chunks from this number on that are here; each is added as it is taken.

        Raises:
            RuntimeError: If a chunk may not come now; see `add`. What follows is forgotten.
            TypeError: If it is no chunk at all. So it is.
        """
        chunks, waiting, add = self.chunks, self._waiting, self.add
        while True:
            if index < len(chunks):
                yield chunks[index]
                index += 1
            elif waiting:
                try:
                    add(waiting.popleft())
                except (RuntimeError, TypeError):  # what follows would make no sense either
                    waiting.clear()
                    raise
            else:
                return

    @property
    def has_waiting(self) -> bool:
        """Whether something has arrived that nobody has taken."""
        return bool(self._waiting)

    @property
    def raw_stream_events(self) -> list[Any]:
        """The provider's events so far, always in the same list.

        Those whose chunks were not taken yet are not among them. They are decoded here, when
        somebody asks: nearly nobody does, and to keep every event as objects costs more than to
        decode its text.
        """
        from mirascope_nb.llm.surrogates import well_formed_json
        from mirascope_nb.llm.wire_json import parsed

        taken = self._received - len(self._waiting)
        undecoded = self._undecoded
        if self._packed is not None:
            import zlib

            undecoded += ((0, data) for data in zlib.decompress(self._packed).split(NUL))
            self._packed = None
        while undecoded and (undecoded[0][0] < taken or not self._waiting):
            with contextlib.suppress(ValueError):  # a keep-alive, or the word that ends a stream
                self._raw_events.append(well_formed_json(parsed(undecoded.popleft()[1])))
        return self._raw_events

    def pack(self) -> None:
        """Compress what was not decoded yet, and let go of objects, now that nothing more comes.

        The garbage collector looks at each object again and again: with those of ten thousand
        streams it would stop the loop for most of a second.
        """
        if self._waiting or self._packed_chunks is not None:
            return
        self._packed_chunks = [
            each.delta if isinstance(each, TextChunk) else each for each in self._chunks
        ]
        self._chunks = []  # not cleared: somebody may hold the list, or be reading it
        if self._undecoded:
            import zlib

            text = NUL.join(data for _, data in self._undecoded)
            self._packed = zlib.compress(text, 1)  # events repeat each other: it is enough
            self._undecoded.clear()

    @property
    def open_calls(self) -> list[str]:
        """The tools of the calls that are not whole."""
        return [name for name, _ in self._tools.values()]

    def add(self, chunk: StreamResponseChunk) -> AssistantContentChunk | None:
        """Take a chunk in; return the content chunk that it adds to `chunks`, if it adds one.

        A call of the format tool is rewritten to text.

        Raises:
            RuntimeError: If the chunk may not come now. The provider broke its own protocol, or a
                custom one forgot a start or an end.
            TypeError: If it is no chunk at all.
        """
        adding = self._adding if self.finish_reason is None else self._adding_after_the_end
        add = adding.get(type(chunk))
        if add is None:
            raise TypeError(
                "A stream consists of chunks such as llm.TextChunk, "
                f"not of {type(chunk).__name__}: {chunk!r:.80}"
            )
        content = add(self, chunk)
        if content is not None:
            self._chunks.append(content)
        return content

    def _text_start(self, chunk: TextStartChunk) -> TextStartChunk:
        self._refuse_overlap("text_start_chunk")
        self._text = self._begin_text()
        return chunk

    def _begin_text(self) -> _GrowingText:
        part = _GrowingText()
        self.content.append(part)
        self.texts.append(part)
        return part

    def _end_text(self, growing: _GrowingText) -> None:
        part = Text(text=growing.text)
        _replace(self.content, growing, part)
        _replace(self.texts, growing, part)

    def _text_delta(self, chunk: TextChunk) -> TextChunk:
        if self._text is None:
            raise RuntimeError("Received text_chunk while not processing text.")
        self._text.growth.pieces.append(chunk.delta)
        return chunk

    def _text_end(self, chunk: TextEndChunk) -> TextEndChunk:
        if self._text is None:
            raise RuntimeError("Received text_end_chunk while not processing text.")
        self._end_text(self._text)
        self._text = None
        return chunk

    def _thought_start(self, chunk: ThoughtStartChunk) -> ThoughtStartChunk:
        self._refuse_overlap("thought_start_chunk")
        self._thought = part = _GrowingThought()
        self.content.append(part)
        self.thoughts.append(part)
        return chunk

    def _thought_delta(self, chunk: ThoughtChunk) -> ThoughtChunk:
        if self._thought is None:
            raise RuntimeError("Received thought_chunk while not processing thought.")
        self._thought.growth.pieces.append(chunk.delta)
        return chunk

    def _thought_end(self, chunk: ThoughtEndChunk) -> ThoughtEndChunk:
        if self._thought is None:
            raise RuntimeError("Received thought_end_chunk while not processing thought.")
        part = Thought(thought=self._thought.thought)
        _replace(self.content, self._thought, part)
        _replace(self.thoughts, self._thought, part)
        self._thought = None
        return chunk

    def _tool_start(self, chunk: ToolCallStartChunk) -> AssistantContentChunk:
        if self._thought is not None or self._text is not None:
            raise RuntimeError("Received tool_call_start_chunk while processing another chunk")
        if chunk.id in self._tools or chunk.id in self._format_tools:
            raise RuntimeError(f"Got tool_call_start_chunk with conflicting id: {chunk.id}")
        if chunk.name.startswith(FORMAT_TOOL_NAME):
            self._format_tools[chunk.id] = self._begin_text()
            return TextStartChunk()
        self._tools[chunk.id] = (chunk.name, [])
        return chunk

    def _tool_delta(self, chunk: ToolCallChunk) -> AssistantContentChunk:
        if (text := self._format_tools.get(chunk.id)) is not None:
            text.growth.pieces.append(chunk.delta)
            return TextChunk(delta=chunk.delta)
        call = self._tools.get(chunk.id)
        if call is None:
            raise RuntimeError(f"Received tool_call_chunk for unknown tool call ID: {chunk.id}")
        call[1].append(chunk.delta)
        return chunk

    def _tool_end(self, chunk: ToolCallEndChunk) -> AssistantContentChunk:
        if (text := self._format_tools.pop(chunk.id, None)) is not None:
            self._end_text(text)
            return TextEndChunk()
        call = self._tools.pop(chunk.id, None)
        if call is None:
            raise RuntimeError(f"Received tool_call_end_chunk for unknown tool call ID: {chunk.id}")
        args = "".join(call[1])
        part = ToolCall(id=chunk.id, name=call[0], args=args if args.strip() else "{}")
        self.content.append(part)
        self.tool_calls.append(part)
        return chunk

    def _raw_event(self, chunk: RawStreamEventChunk) -> None:
        self._raw_events.append(chunk.raw_stream_event)

    def _raw_turn(self, chunk: RawMessageChunk) -> None:
        self.raw_message = chunk.raw_message

    def _finish(self, chunk: FinishReasonChunk) -> None:
        self.finish_reason = chunk.finish_reason

    def _refuse_more(self, chunk: AssistantContentChunk) -> NoReturn:  # noqa: ARG002, as all of them
        raise RuntimeError(f"Stream already finished with reason: {self.finish_reason}")

    def _usage_delta(self, chunk: UsageDeltaChunk) -> None:
        usage = self.usage
        if usage is None:
            usage = self.usage = Usage()
        usage.input_tokens += chunk.input_tokens
        usage.output_tokens += chunk.output_tokens
        usage.cache_read_tokens += chunk.cache_read_tokens
        usage.cache_write_tokens += chunk.cache_write_tokens
        usage.reasoning_tokens += chunk.reasoning_tokens
        if chunk.provider_tool_usage:
            usage.provider_tool_usage = chunk.provider_tool_usage
        if chunk.raw is not None:
            usage.raw = chunk.raw

    def _refuse_overlap(self, name: str) -> None:
        is_open = self._text is not None or self._thought is not None
        if is_open or self._tools or self._format_tools:
            raise RuntimeError(f"Received {name} while processing another chunk")

    _adding: ClassVar[dict[type, _Add]] = {
        TextStartChunk: _text_start,
        TextChunk: _text_delta,
        TextEndChunk: _text_end,
        ThoughtStartChunk: _thought_start,
        ThoughtChunk: _thought_delta,
        ThoughtEndChunk: _thought_end,
        ToolCallStartChunk: _tool_start,
        ToolCallChunk: _tool_delta,
        ToolCallEndChunk: _tool_end,
        RawStreamEventChunk: _raw_event,
        RawMessageChunk: _raw_turn,
        FinishReasonChunk: _finish,
        UsageDeltaChunk: _usage_delta,
    }
    _adding_after_the_end: ClassVar[dict[type, _Add]] = _adding | dict.fromkeys(
        get_args(AssistantContentChunk), _refuse_more
    )


def _replace(parts: list[Any], old: object, new: object) -> None:
    """Put the finished part where the growing one stands: near the end, so search from there."""
    for index in range(len(parts) - 1, -1, -1):
        if parts[index] is old:
            cast("list[object]", parts)[index] = new
            return
