"""Ways to read a stream's chunks, each a small machine that sync and async pumps drive alike.

A machine is fed content chunks in order and returns the strings to yield for each. None of them
reads by itself.
"""

from __future__ import annotations

from mirascope_nb.llm.chunks import (
    AssistantContentChunk,
    TextChunk,
    TextEndChunk,
    TextStartChunk,
    ThoughtChunk,
    ThoughtStartChunk,
    ToolCallChunk,
    ToolCallEndChunk,
    ToolCallStartChunk,
)
from mirascope_nb.llm.content import ToolCall
from mirascope_nb.llm.responses.root import pretty_part

__all__ = ["PrettyReader", "TextReader"]


class TextReader:
    """Text deltas, and the separator after each text."""

    __slots__ = ("_sep",)

    def __init__(self, sep: str) -> None:
        self._sep = sep

    def feed(self, chunk: AssistantContentChunk) -> str:
        """What to yield for a chunk; empty for nothing."""
        if isinstance(chunk, TextChunk):
            return chunk.delta
        return self._sep if isinstance(chunk, TextEndChunk) else ""


class PrettyReader:
    """Deltas that concatenate to `pretty()`.

    Tool calls stand in `pretty()` in the order in which they end, so each is given when it ends.
    """

    __slots__ = ("_begun", "_tools")

    def __init__(self) -> None:
        self._begun = False
        self._tools: dict[str, tuple[str, list[str]]] = {}

    def feed(self, chunk: AssistantContentChunk) -> str:
        """What to yield for a chunk; empty for nothing."""
        match chunk:
            case TextChunk():
                return chunk.delta
            case ThoughtChunk():
                return chunk.delta.replace("\n", "\n  ")
            case TextStartChunk():
                return self._gap()
            case ThoughtStartChunk():
                return self._gap() + "**Thinking:**\n  "
            case ToolCallStartChunk():
                self._tools[chunk.id] = (chunk.name, [])
            case ToolCallChunk():
                self._tools[chunk.id][1].append(chunk.delta)
            case ToolCallEndChunk():
                name, pieces = self._tools.pop(chunk.id)
                args = "".join(pieces)
                call = ToolCall(id=chunk.id, name=name, args=args if args.strip() else "{}")
                return self._gap() + pretty_part(call)
            case _:
                pass
        return ""

    def _gap(self) -> str:
        gap = "\n\n" if self._begun else ""
        self._begun = True
        return gap
