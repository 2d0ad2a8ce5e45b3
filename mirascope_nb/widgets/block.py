"""One block of a card, and what of it the browser has not been sent.

A provider may cut a text within a character, between the halves of its surrogate pair. The first
half waits for the second: what is sent is whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mirascope_nb.text import well_formed

if TYPE_CHECKING:
    from mirascope_nb.widgets.protocol import Block, Op

__all__ = ["GrowingBlock"]


class GrowingBlock:
    """One block, and what of it has not been sent.

    What grows is kept in three pieces: `sent`, joined once per drain; `tail`, the deltas since;
    and nothing else, so that a drain costs what is new and a read costs one join.
    """

    __slots__ = ("changed", "fields", "grows", "index", "is_new", "kind", "sent", "since", "tail")

    def __init__(
        self, kind: str, fields: dict[str, Any], grows: str | None, text: str = ""
    ) -> None:
        self.kind = kind
        self.fields = fields
        self.grows = grows
        self.sent: list[str] = []
        self.tail: list[str] = [text] if text else []
        self.changed: dict[str, None] = {}
        self.index = -1
        self.is_new = True
        self.since = 0.0

    @property
    def has_news(self) -> bool:
        """Whether there is anything to send."""
        # Half a character alone is none: it waits for its other half, and no timer for it.
        return bool(self.is_new or self.changed or (self.tail and not _is_half("".join(self.tail))))

    def grown(self) -> str:
        """What has grown so far."""
        return well_formed("".join(self.sent) + "".join(self.tail))

    def value(self) -> Block:
        """The block as it is now."""
        whole = {"type": self.kind, **self.fields}
        if self.grows is not None:
            whole[self.grows] = self.grown()
        return cast("Block", whole)

    def replace(self, text: str) -> None:
        """Put another text in the place of what has grown."""
        assert self.grows is not None  # noqa: S101 - only tool blocks are replaced, and they grow
        self.sent = [text]
        self.tail.clear()
        self.changed[self.grows] = None

    def write(self, ops: list[Op], limit: int) -> bool:
        """Add the operations that send what is new; returns whether some of it is left."""
        text, left = self._take(limit)
        if self.is_new:
            whole = {"type": self.kind, **self.fields}
            if self.grows is not None:
                whole[self.grows] = well_formed("".join(self.sent))
            ops.append(("block", self.index, cast("Block", whole)))
            self.is_new = False
        else:
            fields = {
                name: well_formed("".join(self.sent)) if name == self.grows else self.fields[name]
                for name in self.changed
            }
            if text and self.grows not in fields:
                ops.append(("append", self.index, text))
            if fields:
                ops.append(("set", self.index, fields))
        self.changed.clear()
        return left

    def settle(self) -> None:
        """Mark all of it as sent."""
        self._take(None)
        self.is_new = False
        self.changed.clear()

    def _take(self, limit: int | None) -> tuple[str, bool]:
        """Move what is new from `tail` to `sent`: at most `limit` characters, all for `None`."""
        if not self.tail:
            return "", False
        text = "".join(self.tail)
        # The tail keeps its identity: the card holds its `append`.
        self.tail.clear()
        if limit is not None and len(text) > limit:
            self.tail.append(text[limit:])
            text = text[:limit]
        if limit is not None and _is_half(text[-1]):
            # Half of a character: a provider may cut `\ud83d\ude00` between two events.
            self.tail.insert(0, text[-1])
            text = text[:-1]
        text = well_formed(text)
        if text:
            self.sent.append(text)
        return text, bool(self.tail)


def _is_half(text: str) -> bool:
    """Whether a text is the first half of a character and nothing else."""
    return len(text) == 1 and "\ud800" <= text <= "\udbff"
