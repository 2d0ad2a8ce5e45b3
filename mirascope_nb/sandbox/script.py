"""Answers that a test lays out beforehand, one for each request to come."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mirascope_nb.sandbox.faults import Fault
from mirascope_nb.sandbox.prompt import ToolUse
from mirascope_nb.sandbox.wires.base import encode

ToolSpec = tuple[str, Mapping[str, Any] | str]
"""A tool's name, and its arguments as a mapping or as JSON text (which need not be valid)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """What one request gets instead of a reply by rule."""

    text: str | None = None
    uses: tuple[ToolUse, ...] = ()
    thinking: str = ""
    refusal: bool = False
    """The text is a refusal, in the wire's own form."""
    delay: float = 0.0
    """Seconds before anything is sent, whatever the pace."""
    fault: Fault | None = None
    after: int | None = None
    """Pieces of a stream to send before the fault or the cut; `None` fails at once."""
    cut: bool = False


class Script:
    """A queue of answers. Any thread may add; the server takes from the front."""

    def __init__(self) -> None:
        self._queue: deque[Scripted] = deque()
        self._lock = threading.Lock()

    def add(self, answer: Scripted) -> None:
        """Queue an answer."""
        with self._lock:
            self._queue.append(answer)

    def take(self) -> Scripted | None:
        """The next answer, or `None` when the rules are to answer."""
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def __len__(self) -> int:
        """How many answers are waiting."""
        return len(self._queue)

    def clear(self) -> None:
        """Drop what is queued."""
        with self._lock:
            self._queue.clear()


def tool_uses(tools: Sequence[ToolSpec]) -> tuple[ToolUse, ...]:
    """Scripted tool calls as a reply makes them."""
    return tuple(
        ToolUse(
            name=name,
            arguments=arguments if isinstance(arguments, str) else encode(dict(arguments)),
        )
        for name, arguments in tools
    )
