"""What every wire protocol decodes alike: ids of calls, counts of tokens, blocks in order.

Content reaches the accumulator in order: a text or a thought is alone, tool calls may be open
beside one another. Servers do not keep to that, so `Blocks` holds back what has begun too early.
"""

from __future__ import annotations

from collections import deque

from pydantic_core import from_json, to_json

from mirascope_nb.llm.chunks import StreamResponseChunk, UsageDeltaChunk
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.providers.encoding import mapping
from mirascope_nb.llm.usage import ProviderToolUsage, Usage

__all__ = [
    "Block",
    "Blocks",
    "CallIds",
    "UsageMeter",
    "arguments_text",
    "count",
    "is_whole_object",
    "keeps_thoughts",
]


def keeps_thoughts(request: Request) -> bool:
    """Whether readable thoughts belong in the content."""
    thinking = request.params.get("thinking")
    return bool(thinking and thinking.get("include_thoughts"))


def count(value: object) -> int:
    """A number of tokens; 0 for anything else, such as null or less than nothing."""
    return value if type(value) is int and value > 0 else 0


def arguments_text(arguments: object) -> str:
    """A call's arguments as JSON text, where some servers send the object itself."""
    if mapping(arguments):
        return to_json(arguments).decode()
    return arguments if isinstance(arguments, str) else ""


def is_whole_object(text: str) -> bool:
    """Whether a text is one whole JSON object, so that nothing can follow it."""
    if not text.rstrip().endswith("}"):
        return False
    try:
        from_json(text)
    except ValueError:
        return False
    return True


class CallIds:
    """Ids of the tool calls of one reply, made up where a server sent none or the same twice."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._numbers: dict[str, int] = {}

    def unique(self, wanted: object) -> str:
        """The id to go by for a call whose id on the wire is this."""
        base = wanted if isinstance(wanted, str) and wanted else f"call_{len(self._used)}"
        name, number = base, self._numbers.get(base, 1)
        while name in self._used:
            number += 1
            name = f"{base}_{number}"
        self._numbers[base] = number
        self._used.add(name)
        return name


class UsageMeter:
    """The usage of one stream, which may be told once, never, or so far with every event."""

    def __init__(self) -> None:
        self._told = Usage()

    def news(
        self, usage: Usage, provider_tool_usage: list[ProviderToolUsage] | None = None
    ) -> UsageDeltaChunk:
        """What this usage so far adds to the one before it."""
        told, self._told = self._told, usage
        return UsageDeltaChunk(
            input_tokens=usage.input_tokens - told.input_tokens,
            output_tokens=usage.output_tokens - told.output_tokens,
            cache_read_tokens=usage.cache_read_tokens - told.cache_read_tokens,
            cache_write_tokens=usage.cache_write_tokens - told.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens - told.reasoning_tokens,
            provider_tool_usage=provider_tool_usage or usage.provider_tool_usage,
            raw=usage.raw,
        )


class Block:
    """A text, a thought or a tool call under way."""

    __slots__ = ("alone", "end", "ended", "held", "is_live")

    def __init__(
        self, start: StreamResponseChunk, end: StreamResponseChunk, *, alone: bool
    ) -> None:
        self.held = [start]
        self.end = end
        self.alone = alone
        self.is_live = False
        self.ended = False


class Blocks:
    """The blocks of a stream in the order in which they began.

    The first that has not ended is live: its chunks pass. While that is a tool call, so are the
    tool calls that begin after it. Chunks of all others are held until it is their turn.
    """

    def __init__(self) -> None:
        self._live: dict[Block, None] = {}
        """In the order in which they began; all of them tool calls, or one that is alone."""
        self._waiting: deque[Block] = deque()

    def begin(
        self,
        start: StreamResponseChunk,
        end: StreamResponseChunk,
        chunks: list[StreamResponseChunk],
        *,
        alone: bool,
    ) -> Block:
        """A new block.

        Args:
            start: Its first chunk.
            end: Its last chunk.
            chunks: Where to put what may pass.
            alone: Whether nothing else may be open beside it.
        """
        block = Block(start, end, alone=alone)
        self._waiting.append(block)
        self._advance(chunks)
        return block

    @staticmethod
    def add(block: Block, chunk: StreamResponseChunk, chunks: list[StreamResponseChunk]) -> None:
        """More of a block."""
        (chunks if block.is_live else block.held).append(chunk)

    def end(self, block: Block, chunks: list[StreamResponseChunk]) -> None:
        """A block is whole."""
        if block.ended:
            return
        block.ended = True
        if block.is_live:
            del self._live[block]
            chunks.append(block.end)
            self._advance(chunks)

    def end_all(self, chunks: list[StreamResponseChunk]) -> None:
        """Every block is whole."""
        for block in [*self._live, *self._waiting]:
            self.end(block, chunks)

    def _advance(self, chunks: list[StreamResponseChunk]) -> None:
        while self._waiting:
            block = self._waiting[0]
            if self._live and (block.alone or next(iter(self._live)).alone):
                return
            self._waiting.popleft()
            block.is_live = True
            chunks += block.held
            block.held = []
            if block.ended:
                chunks.append(block.end)
            else:
                self._live[block] = None
