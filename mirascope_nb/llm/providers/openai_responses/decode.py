"""Streamed replies of the responses API to chunks.

A reply is a list of items: messages of text or refusal parts, reasoning of summary and text parts,
function calls, and calls of the service's own tools. A stream tells of each item when it is added,
of each part by deltas and when it is done, of the item when it is done, and at last of the whole
reply, completed or incomplete.

Servers that imitate the service leave some of that out. So a part begins with whatever tells of it
first, and what is told of whole fills in what has not come by deltas. An item is known by its id,
or else by its index.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from mirascope_nb.llm.chunks import (
    FinishReasonChunk,
    RawMessageChunk,
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
)
from mirascope_nb.llm.exceptions import ConnectionError
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.providers.decoding import (
    Block,
    Blocks,
    CallIds,
    UsageMeter,
    arguments_text,
    count,
    keeps_thoughts,
)
from mirascope_nb.llm.providers.encoding import load, mapping, sequence
from mirascope_nb.llm.providers.http_errors import reports_error
from mirascope_nb.llm.providers.openai_errors import error_in_stream
from mirascope_nb.llm.providers.openai_responses.items import (
    finish_reason_of,
    has_failed,
    parts_of,
    refuses,
    searches_in,
    turn_of,
    usage_of,
    wire_id_of,
)
from mirascope_nb.llm.providers.turns import names_format_tool
from mirascope_nb.llm.sse import Event

__all__ = ["ResponsesStreamDecoder"]

Chunks: TypeAlias = list[StreamResponseChunk]


class _Part:
    """A text, a thought or a function call under way."""

    __slots__ = ("block", "chunk", "pieces")

    def __init__(self, block: Block, chunk: Callable[[str], StreamResponseChunk]) -> None:
        self.block = block
        self.chunk = chunk
        self.pieces: list[str] = []


class _Item:
    """An item of the output under way."""

    __slots__ = ("arguments", "call", "call_id", "parts", "wire_id")

    def __init__(self) -> None:
        self.parts: dict[tuple[str, int], _Part] = {}
        self.call: _Part | None = None
        self.call_id = ""
        """The id that the content has."""
        self.wire_id = ""
        self.arguments: list[str] = []
        """Deltas of a call that has not been named yet."""


def _is_told(state: _Item, item: dict[str, Any]) -> bool:
    """Whether a call is the one that an item has been told of, perhaps under another id."""
    assert state.call is not None  # noqa: S101, the caller has seen to it
    same_id = wire_id_of(item) in {"", state.wire_id}
    return same_id or "".join(state.call.pieces) == arguments_text(item.get("arguments"))


class ResponsesStreamDecoder:
    """The state machine of one stream of the responses API."""

    def __init__(self, request: Request) -> None:
        self._provider = request.provider_id
        self._keeps_thoughts = keeps_thoughts(request)
        self._blocks = Blocks()
        self._items: dict[object, _Item] = {}
        self._last: _Item | None = None
        self._kinds: set[str] = set()
        self._ids = CallIds()
        self._calls: list[_Item] = []
        self._refused = False
        self._output: list[dict[str, Any]] = []
        self._meter = UsageMeter()
        self.done = False
        self._handlers: dict[str, Callable[[dict[str, Any], Chunks], None]] = {
            "error": self._error,
            "response.cancelled": self._failed,
            "response.completed": self._completed,
            "response.content_part.done": self._content_done,
            "response.created": self._count,
            "response.failed": self._failed,
            "response.function_call_arguments.delta": self._arguments,
            "response.function_call_arguments.done": self._arguments_done,
            "response.in_progress": self._count,
            "response.incomplete": self._completed,
            "response.output_item.added": self._added,
            "response.output_item.done": self._item_done,
            "response.output_text.delta": self._text,
            "response.output_text.done": self._text_done,
            "response.refusal.delta": self._refusal,
            "response.refusal.done": self._refusal_done,
        }
        if self._keeps_thoughts:
            self._handlers |= {
                "response.reasoning_summary_text.delta": self._summary,
                "response.reasoning_summary_text.done": self._summary_done,
                "response.reasoning_text.delta": self._thought,
                "response.reasoning_text.done": self._thought_done,
            }

    def feed(self, event: Event, /) -> Chunks:
        """The chunks of one event; see `StreamDecoder.feed`."""
        data = event.data
        if not data or data.isspace() or data == b"[DONE]":  # keep-alives, and a habit
            return []
        raw = load(data, self._provider)
        chunks: Chunks = []
        kind = raw.get("type")
        handle = self._handlers.get(kind if isinstance(kind, str) else event.type)
        if handle is not None:
            handle(raw, chunks)
        elif kind is None and reports_error(raw):
            self._error(raw, chunks)
        return chunks

    def finish(self) -> Chunks:
        """Nothing can be left over: only the last event tells whether the reply is whole.

        Raises:
            ConnectionError: Always.
        """
        raise ConnectionError(f"The stream of {self._provider} ended early.", self._provider)

    def _error(self, raw: dict[str, Any], _chunks: Chunks) -> None:
        raise error_in_stream(self._provider, raw)

    def _failed(self, raw: dict[str, Any], _chunks: Chunks) -> None:
        response = mapping(raw.get("response"))
        raise error_in_stream(self._provider, response if response.get("error") else raw)

    def _item(self, raw: dict[str, Any], item_id: object) -> _Item:
        """The item that an event is about; a new one if it is not known."""
        index = raw.get("output_index")
        known = self._items.get(item_id) if isinstance(item_id, str) else None
        if known is None and isinstance(index, int):
            known = self._items.get(index)
        if known is None and item_id is None and index is None:
            known = self._last
        return known or self._new_item(raw, item_id)

    def _new_item(self, raw: dict[str, Any], item_id: object) -> _Item:
        self._last = item = _Item()
        for name in (item_id, raw.get("output_index")):
            if isinstance(name, str | int):
                self._items[name] = item
        return item

    def _added(self, raw: dict[str, Any], chunks: Chunks) -> None:
        item = mapping(raw.get("item"))
        item_id = item.get("id")
        # An index that is used again stands for another item.
        known = self._items.get(item_id) if isinstance(item_id, str) else None
        state = known or self._new_item(raw, item_id)
        if item.get("type") == "function_call":
            self._named(state, item, chunks)

    def _item_done(self, raw: dict[str, Any], chunks: Chunks) -> None:
        item = mapping(raw.get("item"))
        self._output.append(item)
        state = self._item(raw, item.get("id"))
        if item.get("type") != "function_call":
            self._fill(state, item, chunks)
            return
        if state.call is not None and state.call.block.ended and not _is_told(state, item):
            state = self._new_item(raw, item.get("id"))  # the index is used again
        self._call_whole(state, item, chunks)

    def _fill(self, state: _Item, item: dict[str, Any], chunks: Chunks) -> None:
        """Take from a whole item what has not come by deltas."""
        self._refused |= refuses(item)
        begun = bool(state.parts)
        for kind, place, text in parts_of(item):
            if place in state.parts:
                self._rest(state.parts[place], text, chunks)
            elif not begun and (kind == "text" or self._keeps_thoughts):
                # A server that counts the parts its own way told of them under other numbers.
                self._rest(self._begin(state, kind, place, chunks), text, chunks)
        for part in state.parts.values():
            self._blocks.end(part.block, chunks)

    def _begin(self, state: _Item, kind: str, place: tuple[str, int], chunks: Chunks) -> _Part:
        self._kinds.add(kind)
        if kind == "text":
            block = self._blocks.begin(TextStartChunk(), TextEndChunk(), chunks, alone=True)
            part = _Part(block, lambda delta: TextChunk(delta=delta))
        else:
            block = self._blocks.begin(ThoughtStartChunk(), ThoughtEndChunk(), chunks, alone=True)
            part = _Part(block, lambda delta: ThoughtChunk(delta=delta))
        state.parts[place] = part
        return part

    def _rest(self, part: _Part, whole: object, chunks: Chunks) -> None:
        """What a whole text has beyond the deltas that have come."""
        if not isinstance(whole, str) or part.block.ended:
            return
        told = "".join(part.pieces)
        if len(whole) > len(told) and whole.startswith(told):
            self._more(part, whole[len(told) :], chunks)

    def _more(self, part: _Part, delta: str, chunks: Chunks) -> None:
        part.pieces.append(delta)
        self._blocks.add(part.block, part.chunk(delta), chunks)

    def _delta(
        self, raw: dict[str, Any], kind: str, number: str, delta: object, chunks: Chunks
    ) -> None:
        if not isinstance(delta, str):
            return
        state = self._item(raw, raw.get("item_id"))
        place = (number, count(raw.get(number)))
        part = state.parts.get(place)
        if part is None or part.block.ended:
            part = self._begin(state, kind, place, chunks)
        self._more(part, delta, chunks)

    def _part_done(
        self, raw: dict[str, Any], kind: str, number: str, whole: object, chunks: Chunks
    ) -> None:
        state = self._item(raw, raw.get("item_id"))
        place = (number, count(raw.get(number)))
        part = state.parts.get(place)
        if part is None:
            if not isinstance(whole, str) or not whole:
                return
            part = self._begin(state, kind, place, chunks)
        self._rest(part, whole, chunks)
        self._blocks.end(part.block, chunks)

    def _text(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._delta(raw, "text", "content_index", raw.get("delta"), chunks)

    def _text_done(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._part_done(raw, "text", "content_index", raw.get("text"), chunks)

    def _refusal(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._refused = True
        self._delta(raw, "text", "content_index", raw.get("delta"), chunks)

    def _refusal_done(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._refused = True
        self._part_done(raw, "text", "content_index", raw.get("refusal"), chunks)

    def _content_done(self, raw: dict[str, Any], chunks: Chunks) -> None:
        """A part is whole, of which perhaps nothing else has told."""
        part = mapping(raw.get("part"))
        if part.get("type") == "refusal":
            self._refusal_done(raw | {"refusal": part.get("refusal")}, chunks)
        elif part.get("type") == "output_text":
            self._text_done(raw | {"text": part.get("text")}, chunks)

    def _summary(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._delta(raw, "thought", "summary_index", raw.get("delta"), chunks)

    def _summary_done(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._part_done(raw, "thought", "summary_index", raw.get("text"), chunks)

    def _thought(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._delta(raw, "thought", "content_index", raw.get("delta"), chunks)

    def _thought_done(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._part_done(raw, "thought", "content_index", raw.get("text"), chunks)

    def _named(self, state: _Item, item: dict[str, Any], chunks: Chunks) -> _Part:
        """The call, begun now that it is known which tool it calls."""
        if state.call is not None:
            return state.call
        state.wire_id = wire_id_of(item)
        state.call_id = call_id = self._ids.unique(state.wire_id)
        self._calls.append(state)
        name = str(item.get("name") or "")
        block = self._blocks.begin(
            ToolCallStartChunk(id=call_id, name=name),
            ToolCallEndChunk(id=call_id),
            chunks,
            # A call of the format tool becomes a text, and a text is alone.
            alone=names_format_tool(name),
        )
        state.call = _Part(block, lambda delta: ToolCallChunk(id=call_id, delta=delta))
        for delta in state.arguments:
            self._more(state.call, delta, chunks)
        return state.call

    def _arguments(self, raw: dict[str, Any], chunks: Chunks) -> None:
        state = self._item(raw, raw.get("item_id"))
        delta = raw.get("delta")
        if not isinstance(delta, str):
            delta = arguments_text(delta)
            if not delta:
                return
        if state.call is None:
            state.arguments.append(delta)
        elif not state.call.block.ended:
            self._more(state.call, delta, chunks)

    def _arguments_done(self, raw: dict[str, Any], chunks: Chunks) -> None:
        state = self._item(raw, raw.get("item_id"))
        if state.call is not None:
            self._call_whole(state, raw, chunks)
        else:
            state.arguments = [arguments_text(raw.get("arguments")) or "".join(state.arguments)]

    def _call_whole(self, state: _Item, item: dict[str, Any], chunks: Chunks) -> None:
        """A call is whole; what has not come of its arguments is in the item."""
        call = self._named(state, item, chunks)
        self._rest(call, arguments_text(item.get("arguments")), chunks)
        self._blocks.end(call.block, chunks)

    def _count(self, raw: dict[str, Any], chunks: Chunks) -> None:
        usage = usage_of(mapping(raw.get("response")).get("usage"))
        if usage is not None:
            chunks.append(self._meter.news(usage))

    def _completed(self, raw: dict[str, Any], chunks: Chunks) -> None:
        response = mapping(raw.get("response"))
        if has_failed(response):
            self._failed(raw, chunks)
        output = [mapping(item) for item in sequence(response.get("output"))] or self._output
        self._fill_all(output, chunks)
        self._blocks.end_all(chunks)
        turn = turn_of(output, [(each.wire_id, each.call_id) for each in self._calls])
        chunks.append(RawMessageChunk(raw_message=turn))
        usage = usage_of(response.get("usage"))
        if usage is not None:
            chunks.append(self._meter.news(usage, searches_in(output)))
        reason = finish_reason_of(response, refused=self._refused)
        if reason is not None:
            chunks.append(FinishReasonChunk(finish_reason=reason))
        self.done = True

    def _fill_all(self, output: list[dict[str, Any]], chunks: Chunks) -> None:
        """Take from the whole reply what no event before it has told of.

        Some servers give items and calls other ids in it, so it is trusted only where nothing of
        the kind has come.
        """
        kinds, calls = set(self._kinds), list(self._calls)
        whole = [item for item in output if item.get("type") == "function_call"]
        told, missing = {call.wire_id for call in calls}, len(whole) - len(calls)
        for item in output:
            if item.get("type") == "function_call":
                if missing > 0 and wire_id_of(item) not in told:
                    missing -= 1
                    self._call_whole(_Item(), item, chunks)
                continue
            item_id = item.get("id")
            state = self._items.get(item_id) if isinstance(item_id, str) else None
            if state is not None or not kinds & {kind for kind, _, _ in parts_of(item)}:
                self._fill(state or _Item(), item, chunks)
        for number, call in enumerate(calls):
            item = next((each for each in whole if wire_id_of(each) == call.wire_id), None)
            if item is None and number < len(whole):
                item = whole[number]
            self._call_whole(call, item or {}, chunks)
        if not self._calls:
            for state in list(self._items.values()):
                if state.arguments:
                    self._call_whole(state, {}, chunks)
