"""What was decided in this kernel session: who, which rule, how long."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from mirascope_nb.text import escape_invisible

if TYPE_CHECKING:
    from mirascope_nb import llm

__all__ = ["AuditLog", "Entry", "Outcome"]

Outcome: TypeAlias = Literal["approved", "edited", "denied", "expired", "cancelled"]

_KEPT = 10_000
_SHOWN = 50
_WIDTH = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One decision."""

    at: float
    """When it was made, in seconds since the epoch."""

    tool: str
    arguments: str
    """The canonical JSON that was decided on: the edited one, if it was edited."""

    outcome: Outcome
    by: str
    """`person`, `rule`, `policy` or `timeout`."""

    rule: str | None
    """Which rule or policy decided, in words."""

    seconds: float
    """How long the decision took."""

    reason: str | None
    call_id: str
    digest: str
    session: str


class AuditLog(Sequence[Entry]):
    """The decisions of one kernel session, oldest first; the last 10,000 are kept.

    Args:
        session: The id of the kernel session.
        clock: Gives seconds since the epoch.
    """

    def __init__(self, *, session: str, clock: Callable[[], float] = time.time) -> None:
        self._session = session
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=_KEPT)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        entries = list(self._entries)
        return entries[index]

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def add(
        self, request: "llm.ApprovalRequest", decision: "llm.ApprovalDecision"
    ) -> "llm.ApprovalDecision":
        """Note a decision down, and return it."""
        self._entries.append(
            Entry(
                at=self._clock(),
                tool=request.tool,
                arguments=decision.arguments or request.arguments,
                outcome=decision.outcome,
                by=decision.by,
                rule=decision.rule,
                seconds=decision.seconds,
                reason=decision.reason,
                call_id=request.call_id,
                digest=decision.digest,
                session=self._session,
            )
        )
        return decision

    def clear(self) -> None:
        """Forget all decisions; rules stay."""
        self._entries.clear()

    def to_dicts(self) -> list[dict[str, Any]]:
        """The decisions as plain dictionaries, with `at` as a local `datetime`."""
        return [
            {**asdict(entry), "at": datetime.fromtimestamp(entry.at).astimezone()}
            for entry in self._entries
        ]

    def to_frame(self) -> Any:
        """The decisions as a pandas `DataFrame`, or as `to_dicts()` where pandas is missing."""
        rows = self.to_dicts()
        try:
            pandas: Any = import_module("pandas")
        except ImportError:
            return rows
        return pandas.DataFrame(rows, columns=[field.name for field in fields(Entry)])

    def __repr__(self) -> str:
        if not self._entries:
            return "No tool call has been decided on in this session."
        rows = [_HEAD, *(_row(entry) for entry in self[-_SHOWN:])]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, *self._left_out()])

    def _repr_html_(self) -> str:
        if not self._entries:
            return f"<p>{self!r}</p>"
        head = "".join(f"<th>{cell}</th>" for cell in _HEAD)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _row(entry)) + "</tr>"
            for entry in self[-_SHOWN:]
        )
        more = "".join(f"<p>{line}</p>" for line in self._left_out())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _left_out(self) -> list[str]:
        more = len(self) - _SHOWN
        return [f"… and {more} earlier; to_frame() has all of them."] if more > 0 else []


_HEAD = ("when", "tool", "arguments", "outcome", "by", "rule", "seconds", "reason")


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        datetime.fromtimestamp(entry.at).astimezone().strftime("%H:%M:%S"),
        _short(entry.tool),
        _short(entry.arguments),
        entry.outcome,
        entry.by,
        _short(entry.rule or ""),
        f"{entry.seconds:.1f}",
        _short(entry.reason or ""),
    )


def _short(text: str) -> str:
    """One line of a text that a model or a person wrote."""
    shown = escape_invisible(text)
    return shown if len(shown) <= _WIDTH else shown[: _WIDTH - 1] + "…"
