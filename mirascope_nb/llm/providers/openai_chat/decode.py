"""Streamed chat completions to chunks.

A stream's states: nothing, a thought, a text or a refusal is open, or tool calls are, told apart by
`index`.
What opens closes what is open of another kind; `finish_reason` closes everything; `[DONE]` ends the
stream. A call is closed when the next one begins, if its arguments are a whole object by then.

Servers that imitate the service reuse or leave out the index, and the id: a new id is a new call,
and so is another name, or the same name once the call is whole. An id that comes without a name is
no new call while one is under way: some servers make up an id for each delta.
"""

from __future__ import annotations

from typing import Any

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
from mirascope_nb.llm.exceptions import ConnectionError, ResponseValidationError
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.providers.decoding import (
    Block,
    Blocks,
    CallIds,
    UsageMeter,
    arguments_text,
    is_whole_object,
    keeps_thoughts,
)
from mirascope_nb.llm.providers.encoding import load, mapping, sequence
from mirascope_nb.llm.providers.http_errors import reports_error
from mirascope_nb.llm.providers.openai_chat.choices import (
    BROKEN_OFF,
    FINISH_REASONS,
    calls_in,
    failure_in,
    first_choice,
    reasoning_in,
    text_of,
    usage_of,
)
from mirascope_nb.llm.providers.openai_errors import error_in_stream
from mirascope_nb.llm.providers.turns import names_format_tool
from mirascope_nb.llm.sse import Event
from mirascope_nb.llm.usage import FinishReason

__all__ = ["ChatStreamDecoder"]

DONE = b"[DONE]"
SHORT = 16
TEXTS = ("text", "refusal")


class _Call:
    """A tool call under way."""

    __slots__ = ("arguments", "block", "id", "name", "wire_id")

    def __init__(self, call_id: str, wire_id: str | None) -> None:
        self.id = call_id
        self.wire_id = wire_id
        self.name = ""
        self.arguments: list[str] = []
        self.block: Block | None = None
        """`None` until the call is known by name."""

    def is_whole(self) -> bool:
        """Whether its arguments can only be complete."""
        if not (self.arguments and self.arguments[-1].rstrip().endswith("}")):
            return False
        self.arguments[:] = ["".join(self.arguments)]
        return is_whole_object(self.arguments[0])


class ChatStreamDecoder:
    """The state machine of one chat completions stream."""

    def __init__(self, request: Request) -> None:
        self._provider = request.provider_id
        self._keeps_thoughts = keeps_thoughts(request)
        self._open: str | None = None
        self._held: list[tuple[str, str]] = []
        """Texts, by kind, that came in the midst of a call."""
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._ids = CallIds()
        self._blocks = Blocks()
        self._calls: dict[object, _Call] = {}
        self._called: list[_Call] = []
        self._by_wire_id: dict[str, _Call] = {}
        self._last: _Call | None = None
        self._is_begun = False
        """Whether there has been a delta."""
        self._is_finished = False
        self._finish: FinishReason | None = None
        self._meter = UsageMeter()
        self.done = False

    def feed(self, event: Event, /) -> list[StreamResponseChunk]:
        """The chunks of one event; see `StreamDecoder.feed`."""
        data = event.data
        if data == DONE or (len(data) < SHORT and data.strip(b' \t"') == DONE):
            return self._done()
        if not data or data.isspace():  # a keep-alive
            return []
        raw = load(data, self._provider)
        if raw.get("error") or event.type == "error":
            raise error_in_stream(self._provider, raw)
        chunks: list[StreamResponseChunk] = []
        counts = raw.get("usage")
        if choices := sequence(raw.get("choices")):
            choice = mapping(choices[0]) if len(choices) == 1 else first_choice(choices)
            self._choice(choice, chunks)
            counts = counts or choice.get("usage")
        elif reports_error(raw):
            raise error_in_stream(self._provider, raw)
        if counts:
            usage = usage_of(counts)
            if usage is not None:
                chunks.append(self._meter.news(usage))
        return chunks

    def _done(self) -> list[StreamResponseChunk]:
        self.done = True
        if not (self._is_begun or self._is_finished):
            raise ResponseValidationError(
                f"{self._provider} sent a stream without a reply", self._provider
            )
        return self._ended()

    def _choice(self, choice: dict[str, Any], chunks: list[StreamResponseChunk]) -> None:
        if choice.get("error"):
            raise failure_in(self._provider, choice)
        delta = choice.get("delta")
        if not delta and not self._is_begun:
            delta = choice.get("message")  # of a server that sends the whole reply as an event
        if delta:
            self._is_begun = True
            self._delta(mapping(delta), chunks)
        if reason := choice.get("finish_reason"):
            self._finished(reason, choice, chunks)

    def finish(self) -> list[StreamResponseChunk]:
        """What is left when a tolerated stream ends without `[DONE]`.

        Raises:
            ConnectionError: If it had not come to a finish reason either.
        """
        if not self._is_finished:
            raise ConnectionError(f"The stream of {self._provider} ended early.", self._provider)
        return self._ended()

    def _delta(self, delta: dict[str, Any], chunks: list[StreamResponseChunk]) -> None:
        if self._keeps_thoughts and (thought := reasoning_in(delta)):
            self._say("thought", thought, chunks)
        content = delta.get("content")
        if content and (text := content if isinstance(content, str) else text_of(content)):
            self._text.append(text)
            self._say("text", text, chunks)
        if refusal := delta.get("refusal"):
            self._refusal.append(str(refusal))
            self._say("refusal", str(refusal), chunks)
        if delta.get("tool_calls") or delta.get("function_call"):
            self._switch("tools", chunks)
            for call in calls_in(delta):
                self._tool(mapping(call), chunks)

    def _say(self, kind: str, text: str, chunks: list[StreamResponseChunk]) -> None:
        """More of a thought or a text. What comes in the midst of a call waits for its end."""
        if self._open != kind:
            if self._open == "tools" and self._last is not None and not self._last.is_whole():
                self._held.append((kind, text))
                return
            self._switch(kind, chunks)
        chunks.append(ThoughtChunk(delta=text) if kind == "thought" else TextChunk(delta=text))

    def _switch(self, kind: str, chunks: list[StreamResponseChunk]) -> None:
        """Have a block of this kind open, and none of another."""
        if self._open == kind:
            return
        self._close(chunks)
        self._open = kind
        if kind in TEXTS:
            chunks.append(TextStartChunk())
        elif kind == "thought":
            chunks.append(ThoughtStartChunk())

    def _close(self, chunks: list[StreamResponseChunk]) -> None:
        if self._open in TEXTS:
            chunks.append(TextEndChunk())
        elif self._open == "thought":
            chunks.append(ThoughtEndChunk())
        elif self._open == "tools":
            for call in self._calls.values():
                self._started(call, "", chunks)
            self._blocks.end_all(chunks)
            self._calls.clear()
            self._last = None
            self._open = None
            held, self._held = self._held, []
            for kind, text in held:
                self._say(kind, text, chunks)
            if held:
                self._close(chunks)
        self._open = None

    def _tool(self, delta: dict[str, Any], chunks: list[StreamResponseChunk]) -> None:
        function = mapping(delta.get("function"))
        name = function.get("name")
        name = name if isinstance(name, str) else ""
        index, wire_id = delta.get("index"), delta.get("id") or None
        if not isinstance(index, int):
            index = int(index) if isinstance(index, str) and index.isdecimal() else None
        call = self._known(index, wire_id, name)
        if call is None:
            call = self._begun(index, wire_id, chunks)
        elif call.block is not None and (call.block.ended or (name and call.is_whole())):
            return  # told again, or told more than the whole
        if name:
            self._started(call, name, chunks)
        if arguments := arguments_text(function.get("arguments")):
            call.arguments.append(arguments)
            if call.block is not None:
                chunk = ToolCallChunk(id=call.id, delta=arguments)
                self._blocks.add(call.block, chunk, chunks)

    def _known(self, index: int | None, wire_id: str | None, name: str) -> _Call | None:
        """The call that a delta belongs to, or `None` if it begins one."""
        known = self._last if index is None else self._calls.get(index)
        if known is None:
            return None
        if wire_id is None:
            is_new = bool(name and known.name) and (name != known.name or known.is_whole())
            return None if is_new else known
        if wire_id == known.wire_id or (known.wire_id is None and not known.name):
            return known
        told = self._by_wire_id.get(wire_id) if isinstance(wire_id, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        if index is None and told is not None:
            return told
        is_further = not (name or told is not None or known.is_whole())
        return known if is_further else None

    def _begun(
        self, index: int | None, wire_id: str | None, chunks: list[StreamResponseChunk]
    ) -> _Call:
        """A new call; the one before it is closed if whole, and the one whose index it takes."""
        call = _Call(self._ids.unique(wire_id), wire_id)
        key = call.id if index is None else index
        replaced = self._calls.get(key)
        for other in (replaced, self._last):
            if other and other.block and (other is replaced or other.is_whole()):
                self._blocks.end(other.block, chunks)
        self._calls[key] = self._last = call
        self._called.append(call)
        if isinstance(wire_id, str):
            self._by_wire_id.setdefault(wire_id, call)
        return call

    def _started(self, call: _Call, name: str, chunks: list[StreamResponseChunk]) -> None:
        """Let a call begin, now that it is known which tool it calls."""
        if call.block is not None:
            return
        call.name = name
        call.block = self._blocks.begin(
            ToolCallStartChunk(id=call.id, name=name),
            ToolCallEndChunk(id=call.id),
            chunks,
            # A call of the format tool becomes a text, and a text is alone.
            alone=names_format_tool(name),
        )
        for delta in call.arguments:
            self._blocks.add(call.block, ToolCallChunk(id=call.id, delta=delta), chunks)

    def _finished(
        self, reason: object, choice: dict[str, Any], chunks: list[StreamResponseChunk]
    ) -> None:
        if reason in BROKEN_OFF:
            raise failure_in(self._provider, choice)
        self._is_finished = True
        self._close(chunks)
        self._finish = FINISH_REASONS.get(str(reason))

    def _ended(self) -> list[StreamResponseChunk]:
        chunks: list[StreamResponseChunk] = []
        self._close(chunks)
        chunks.append(RawMessageChunk(raw_message=self._turn()))
        if self._refusal:
            self._finish = FinishReason.REFUSAL
        if self._finish is not None:
            chunks.append(FinishReasonChunk(finish_reason=self._finish))
        return chunks

    def _turn(self) -> dict[str, Any]:
        """The turn as an unstreamed reply would hold it."""
        turn: dict[str, Any] = {"role": "assistant", "content": "".join(self._text) or None}
        if self._refusal:
            turn["refusal"] = "".join(self._refusal)
        if self._called:
            turn["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {
                        "name": call.name,
                        "arguments": "".join(call.arguments) or "{}",
                    },
                }
                for call in self._called
            ]
        return turn
