"""Counts replies by model. Knows nothing of kernels and pages."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

__all__ = ["Ledger", "Spent"]

MAX_OPEN = 1000
"""Streams that are waited for. The oldest of more count with what they have brought."""
BATCH = 64
"""Streams under way that are not looked through at every further reply."""


@dataclass(slots=True)
class Spent:
    """What one model was used for.

    Attributes:
        calls: Replies, the stopped ones included.
        input: Tokens sent.
        output: Tokens received.
        cost: US dollars, of the replies whose price is known.
        unpriced: How many replies have no known price.
    """

    calls: int = 0
    input: int = 0
    output: int = 0
    cost: Decimal = field(default_factory=Decimal)
    unpriced: int = 0

    def add(self, response: Any) -> None:
        """Count a reply. What is not known about one that was stopped is not counted."""
        self.calls += 1
        usage = response.usage
        if usage is not None:
            self.input += usage.input_tokens
            self.output += usage.output_tokens
        cost = response.cost
        if cost is None:
            self.unpriced += 1
        else:
            self.cost += cost

    def merge(self, other: Spent) -> None:
        """Count what another has counted."""
        self.calls += other.calls
        self.input += other.input
        self.output += other.output
        self.cost += other.cost
        self.unpriced += other.unpriced


@dataclass(slots=True)
class _Open:
    """A stream under way. Whoever reads it may drop it, so that its connection is freed."""

    stream: weakref.ref[Any]
    model_id: str
    seen: Spent
    """What it had brought when it was last looked at, which is all there is to know once it is
    gone."""


class Ledger:
    """Spending by model id, in the order of first use. Any thread may note a reply.

    A stream does not know its tokens before its end, so it is looked at again until then, and
    says when that is. To note a reply costs next to nothing; prices are looked up when somebody
    asks.
    """

    def __init__(self) -> None:
        self.on_note: Callable[[], None] | None = None
        """Called after a reply was noted."""
        self._settled: dict[str, Spent] = {}
        self._ended: list[Any] = []
        self._open: dict[int, _Open] = {}  # by the stream's `id`
        self._settle_at = BATCH
        self._lock = threading.Lock()

    def note(self, response: Any) -> None:
        """Count a reply, whole or just begun."""
        with self._lock:
            if _is_under_way(response):
                self._forget(id(response))  # of one that is gone
                model_id = str(response.model_id)
                self._open[id(response)] = _Open(weakref.ref(response), model_id, _NOTHING)
            else:
                self._ended.append(response)
            if len(self._ended) + len(self._open) >= self._settle_at:
                self._settle()
        if self.on_note is not None:
            self.on_note()

    def note_end(self, response: Any) -> None:
        """Count a stream that has ended, however it did. One that was not noted is not counted."""
        with self._lock:
            under_way = self._open.get(id(response))
            if under_way is not None and under_way.stream() is response:
                del self._open[id(response)]
                self._ended.append(response)

    @property
    def by_model(self) -> Mapping[str, Spent]:
        """What each model was used for; streams under way count with what they have brought."""
        with self._lock:
            self._settle()
            found = {model: replace(spent) for model, spent in self._settled.items()}
            for each in self._open.values():
                found.setdefault(each.model_id, Spent()).merge(each.seen)
        return found

    @property
    def total(self) -> Spent:
        """All models together."""
        total = Spent()
        for spent in self.by_model.values():
            total.merge(spent)
        return total

    @property
    def under_way(self) -> bool:
        """Whether a stream has not ended yet."""
        with self._lock:
            self._settle()
            return bool(self._open)

    def _settle(self) -> None:
        """Count for good what has ended, and let go of it."""
        ended, self._ended = self._ended, []
        for response in ended:
            self._settled.setdefault(str(response.model_id), Spent()).add(response)
        late = len(self._open) - MAX_OPEN
        for number, (key, each) in enumerate(list(self._open.items())):
            stream = each.stream()
            if stream is not None:
                each.seen = Spent()
                each.seen.add(stream)
            if number < late or stream is None or not _is_under_way(stream):
                self._forget(key)
        # Twice as many as are left, so that a thousand streams at once are not read a thousand
        # times each.
        self._settle_at = max(BATCH, 2 * len(self._open))

    def _forget(self, key: int) -> None:
        """Count a stream for good with what was seen of it."""
        each = self._open.pop(key, None)
        if each is not None:
            self._settled.setdefault(each.model_id, Spent()).merge(each.seen)


_NOTHING = Spent(calls=1, unpriced=1)


def _is_under_way(response: Any) -> bool:
    return not getattr(response, "consumed", True) and not getattr(response, "stopped", False)
