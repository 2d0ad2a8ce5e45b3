r"""Characters that a stream's deltas cut in two; pure.

JSON may spell a character beyond the first 65,536 as two escapes, `\ud83d\ude00`, and a server that
cuts its text between them sends each in a delta of its own. Python keeps such a half in a string,
and then nothing can print, save or send that string. So a half at the end of a delta waits for the
next delta of the same part, and one that stays alone becomes U+FFFD.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from mirascope_nb.llm.chunks import (
    RawMessageChunk,
    StreamResponseChunk,
    TextChunk,
    TextEndChunk,
    ThoughtChunk,
    ThoughtEndChunk,
    ToolCallChunk,
    ToolCallEndChunk,
    ToolCallStartChunk,
)
from mirascope_nb.text.escape import well_formed

__all__ = ["HalfJoiner", "may_hold_halves", "well_formed_json"]

ALONE = "\N{REPLACEMENT CHARACTER}"


def may_hold_halves(data: bytes) -> bool:
    """Whether JSON text may spell half a character: false for nearly every event there is."""
    return b"\\u" in data and (b"\\ud" in data or b"\\uD" in data)


def well_formed_json(value: Any) -> Any:
    """A JSON value whose strings can all be sent as UTF-8."""
    match value:
        case str():
            return well_formed(value)
        case dict():
            members = cast("dict[str, Any]", value)
            return {well_formed(name): well_formed_json(each) for name, each in members.items()}
        case list():
            return [well_formed_json(each) for each in cast("list[Any]", value)]
        case _:
            return value


class HalfJoiner:
    """Joins what the deltas of one stream hold of a character."""

    def __init__(self) -> None:
        self._halves: dict[str | None, str] = {}
        """The first half that waits, by the id of its tool call, or `None` for the open text."""

    def joined(self, chunks: list[StreamResponseChunk]) -> list[StreamResponseChunk]:
        """The same chunks, as many deltas to a part, but whole characters in each."""
        whole: list[StreamResponseChunk] = []
        for chunk in chunks:
            match chunk:
                case TextChunk() | ThoughtChunk():
                    whole.append(replace(chunk, delta=self._whole(None, chunk.delta)))
                case ToolCallChunk(id=part):
                    whole.append(replace(chunk, delta=self._whole(part, chunk.delta)))
                case ToolCallStartChunk():
                    whole.append(replace(chunk, name=well_formed(chunk.name)))
                case RawMessageChunk():
                    whole.append(replace(chunk, raw_message=well_formed_json(chunk.raw_message)))
                case _:
                    whole += self._left(chunk)
                    whole.append(chunk)
        return whole

    def _left(self, end: StreamResponseChunk) -> list[StreamResponseChunk]:
        """What a part that ends has left of a character."""
        part = end.id if isinstance(end, ToolCallEndChunk) else None
        rest: StreamResponseChunk
        match end:
            case TextEndChunk():
                rest = TextChunk(delta=ALONE)
            case ThoughtEndChunk():
                rest = ThoughtChunk(delta=ALONE)
            case ToolCallEndChunk():
                rest = ToolCallChunk(id=end.id, delta=ALONE)
            case _:
                return []
        return [rest] if self._halves.pop(part, None) else []

    def _whole(self, part: str | None, delta: str) -> str:
        delta = self._halves.pop(part, "") + delta
        if delta and "\ud800" <= delta[-1] <= "\udbff":
            self._halves[part] = delta[-1]
            delta = delta[:-1]
        return well_formed(delta)
