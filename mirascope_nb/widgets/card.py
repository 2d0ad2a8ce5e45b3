"""The state of a card: what has been said, what changed since the last message, no I/O.

A card is fed the chunks of a stream and told what happens to its tool calls. It keeps the blocks
and, beside them, what the browser has not been sent yet. `drain` turns that into one delta whose
size is that of the news, so a long reply costs bytes in proportion to its length; `snapshot` gives
the whole. Who calls `drain`, and when, is the business of `pace`.

Feeding a token is the hot path: one comparison and one list append. Text is joined when it is sent
or read, never per token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from mirascope_nb.text import escape_invisible
from mirascope_nb.widgets.block import GrowingBlock

if TYPE_CHECKING:
    from mirascope_nb.widgets.protocol import (
        Block,
        Card,
        CardFormat,
        CardPhase,
        DeltaMessage,
        Op,
        SnapshotMessage,
        ToolPhase,
    )

MAX_APPEND = 65_536
"""Characters that one delta appends to one block; the rest follows in the next."""

_TEXT, _THOUGHT, _TOOL, _ERROR = "text", "thought", "tool", "error"


class CardState:
    """One card: its blocks, and what of them is still to be sent.

    Args:
        card_id: The id that every message carries.
        model: The model that was asked for.
        format: How the text is to be shown.
        note: A line above the reply, or `None`.
        wall: Seconds since the epoch; tests replace it.
        clock: Monotonic seconds; tests replace it.
    """

    def __init__(
        self,
        card_id: str,
        *,
        model: str = "",
        format: CardFormat = "markdown",
        note: str | None = None,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = card_id
        self.on_change: Callable[[], None] | None = None
        """Called when the card has news again after a `drain`; not once for every change."""
        self.before_send: Callable[[], None] | None = None
        """Called before news is collected, to put figures in that are too dear to follow."""
        self.kept = 0
        """Blocks that the last `reset` has left."""
        self._clock = clock
        self._began = clock()
        self._fields: dict[str, Any] = {
            "state": "streaming",
            "model": escape_invisible(model),
            "note": None if note is None else escape_invisible(note),
            "usage": None,
            "cost": None,
            "started": wall(),
            "elapsed": 0.0,
            "finish": None,
            "format": format,
        }
        self._changed: dict[str, None] = {}
        self._blocks: list[GrowingBlock] = []
        self._growing: GrowingBlock | None = None
        self._tools: dict[str, GrowingBlock] = {}
        self._touched: dict[int, None] = {}
        self._news = False
        self._replaced = False
        self._seq = 0
        self._append: Callable[[str], None] = _no_block

    # -- reading ---------------------------------------------------------------------------------

    @property
    def seq(self) -> int:
        """The number of the last message made."""
        return self._seq

    @property
    def has_news(self) -> bool:
        """Whether there is anything the browser has not been sent."""
        return self._news

    @property
    def state(self) -> CardPhase:
        """Where the card stands."""
        return self._fields["state"]

    @property
    def format(self) -> CardFormat:
        """How the text is to be shown."""
        return self._fields["format"]

    @property
    def elapsed(self) -> float:
        """Seconds from the card's beginning to now, or to its end."""
        return self._fields["elapsed"] if self.ended else self._clock() - self._began

    @property
    def ended(self) -> bool:
        """Whether the card is done, stopped or failed."""
        return self.state in ("done", "stopped", "failed")

    def __len__(self) -> int:
        return len(self._blocks)

    def block(self, index: int) -> Block:
        """The block at an index, as it is now."""
        return self._blocks[index].value()

    def blocks(self) -> Iterator[Block]:
        """All blocks, as they are now."""
        return (block.value() for block in self._blocks)

    def text(self) -> str:
        """The reply's text: its text blocks, a blank line between them."""
        pieces = (block.grown() for block in self._blocks if block.kind == _TEXT)
        return "\n\n".join(piece for piece in pieces if piece)

    def card(self) -> Card:
        """The whole state."""
        return cast("Card", {**self._fields, "blocks": list(self.blocks())})

    # -- feeding ---------------------------------------------------------------------------------

    def feed(self, chunk: Any) -> None:
        """Take one chunk of a stream; chunks that are no content are ignored."""
        kind = chunk.type
        if kind in ("text_chunk", "thought_chunk"):
            self._append(chunk.delta)
            if not self._news:
                self._announce()
            return
        handler = self._HANDLERS.get(kind)
        if handler is not None:
            handler(self, chunk)

    def add_text(self, text: str) -> int:
        """Add a whole text block; returns its index."""
        return self._add(GrowingBlock(_TEXT, {}, "text", text))

    def add_thought(self, text: str) -> int:
        """Add a whole thought, for which no time is known; returns its index."""
        return self._add(GrowingBlock(_THOUGHT, {"seconds": None}, "text", text))

    def add_tool(self, call_id: str, name: str, arguments: str = "") -> int:
        """Add a tool call in the state `proposed`; returns its index."""
        fields: dict[str, Any] = dict.fromkeys(
            ("signature", "approval", "reason", "error", "result", "seconds", "by")
        )
        fields = {"call": call_id, "name": escape_invisible(name), "state": "proposed", **fields}
        block = GrowingBlock(_TOOL, fields, "arguments", arguments)
        self._tools[call_id] = block
        return self._add(block)

    def add_error(self, title: str, message: str) -> int:
        """Add why the reply ended: a line of cause, a line of remedy; returns its index."""
        return self._add(GrowingBlock(_ERROR, {"title": title, "message": message}, None))

    def set_tool(self, index: int, **fields: Any) -> None:
        """Change fields of a tool block; `arguments` replaces what was streamed."""
        block = self._blocks[index]
        if block.kind != _TOOL:
            raise ValueError(f"block {index} is no tool call")
        arguments = fields.pop("arguments", None)
        if arguments is not None and arguments != block.grown():
            block.replace(arguments)
            self._touch(block)
        self._set(block, fields)

    def find_tool(self, call_id: str, *, phases: tuple[ToolPhase, ...] = ()) -> int | None:
        """The newest tool block of a call id, or the oldest that is in one of `phases`.

        Some providers give every call of a turn the same id, so an id alone does not tell
        parallel calls apart; their phases do.
        """
        found = [
            block.index
            for block in self._blocks
            if block.kind == _TOOL
            and block.fields["call"] == call_id
            and (not phases or block.fields["state"] in phases)
        ]
        if not found:
            return None
        return found[0] if phases else found[-1]

    def tools(self) -> list[int]:
        """The indexes of all tool blocks."""
        return [block.index for block in self._blocks if block.kind == _TOOL]

    def update(self, **fields: Any) -> None:
        """Change fields of the card."""
        for name, value in fields.items():
            if self._fields[name] != value:
                self._fields[name] = value
                self._changed[name] = None
        if self._changed and not self._news:
            self._announce()

    def end(self, state: CardPhase, *, finish: str | None = None) -> None:
        """Close the card in its true state.

        A call that was open when the card was stopped or failed is cancelled. One that nobody was
        asked to run stays proposed.
        """
        if self.ended:
            return
        self._close_growing()
        for block in self._blocks:
            open_still = block.kind == _TOOL and block.fields["state"] in _OPEN_TOOL_PHASES
            if open_still and state != "done":
                self._set(block, {"state": "cancelled", "approval": None})
        self.update(state=state, finish=finish, elapsed=round(self._clock() - self._began, 3))

    def reset(self, note: str, *, keep: int = 0) -> None:
        """Forget all blocks but the first `keep`, because the stream has started over.

        Args:
            note: Says why.
            keep: The blocks of earlier replies, which have happened.
        """
        self.kept = keep
        del self._blocks[keep:]
        self._tools.clear()
        self._touched = {index: None for index in self._touched if index < keep}
        self._growing = None
        self._append = _no_block
        self._replaced = True
        self._fields["note"] = escape_invisible(note)
        if not self._news:
            self._announce()

    # -- sending ---------------------------------------------------------------------------------

    def drain(self, *, limit: int = MAX_APPEND) -> DeltaMessage | SnapshotMessage | None:
        """What the browser has not been sent yet, as one message; `None` when there is nothing.

        At most `limit` characters are appended to a block; what is left stays news. After a
        `reset` the message is a snapshot, since no operation takes blocks away.
        """
        if self.before_send is not None:
            self.before_send()
        if self._replaced:
            return self.snapshot()
        ops: list[Op] = []
        left: dict[int, None] = {}
        for index in self._touched:
            block = self._blocks[index]
            if block.write(ops, limit):
                left[index] = None
        if self._changed:
            ops.append(("card", {name: self._fields[name] for name in self._changed}))
            self._changed.clear()
        self._touched = left
        growing = self._growing
        if growing is not None:
            # `feed` does not mark the block it grows: it is looked at in every drain.
            self._touched.setdefault(growing.index)
        self._news = any(self._blocks[index].has_news for index in self._touched)
        if not ops:
            return None
        self._seq += 1
        return {"kind": "delta", "id": self.id, "seq": self._seq, "ops": ops}

    def snapshot(self, *, final: bool = False) -> SnapshotMessage:
        """The whole card as a message; what was waiting to be sent is in it."""
        if not self.ended:
            self._fields["elapsed"] = round(self._clock() - self._began, 3)
        for block in self._blocks:
            block.settle()
        self._changed.clear()
        self._touched.clear()
        if self._growing is not None:
            self._touched[self._growing.index] = None
        self._replaced = self._news = False
        self._seq += 1
        return {
            "kind": "snapshot",
            "id": self.id,
            "seq": self._seq,
            "final": final,
            "card": self.card(),
        }

    # -- inside ----------------------------------------------------------------------------------

    def _announce(self) -> None:
        self._news = True
        if self.on_change is not None:
            self.on_change()

    def _touch(self, block: GrowingBlock) -> None:
        self._touched[block.index] = None
        if not self._news:
            self._announce()

    def _add(self, block: GrowingBlock) -> int:
        block.index = len(self._blocks)
        self._blocks.append(block)
        self._touch(block)
        return block.index

    def _set(self, block: GrowingBlock, fields: dict[str, Any]) -> None:
        changed = False
        for name, value in fields.items():
            if block.fields[name] != value:
                block.fields[name] = value
                block.changed[name] = None
                changed = True
        if changed:
            self._touch(block)

    def _grow(self, block: GrowingBlock) -> None:
        self._close_growing()
        self._growing = block
        self._append = block.tail.append
        self._add(block)

    def _close_growing(self) -> None:
        block, self._growing, self._append = self._growing, None, _no_block
        if block is not None and block.kind == _THOUGHT:
            self._set(block, {"seconds": round(self._clock() - block.since, 1)})

    def _start_text(self, _: Any) -> None:
        self._grow(GrowingBlock(_TEXT, {}, "text"))

    def _start_thought(self, _: Any) -> None:
        block = GrowingBlock(_THOUGHT, {"seconds": None}, "text")
        block.since = self._clock()
        self._grow(block)

    def _end_growing(self, _: Any) -> None:
        self._close_growing()

    def _start_tool(self, chunk: Any) -> None:
        self.add_tool(chunk.id, chunk.name)

    def _grow_tool(self, chunk: Any) -> None:
        block = self._tools.get(chunk.id)
        if block is not None:
            block.tail.append(chunk.delta)
            self._touch(block)

    def _end_tool(self, chunk: Any) -> None:
        self._tools.pop(chunk.id, None)

    _HANDLERS: ClassVar[dict[str, Callable[[CardState, Any], None]]] = {
        "text_start_chunk": _start_text,
        "text_end_chunk": _end_growing,
        "thought_start_chunk": _start_thought,
        "thought_end_chunk": _end_growing,
        "tool_call_start_chunk": _start_tool,
        "tool_call_chunk": _grow_tool,
        "tool_call_end_chunk": _end_tool,
    }


_OPEN_TOOL_PHASES = frozenset(
    {"proposed", "pending", "auto_allowed", "approved", "edited", "running"}
)


def _no_block(_: str) -> None:
    """Take text outside any block, which a well-formed stream never has, and drop it."""
