"""The states of a tool call on its way to a result, and which may follow which.

    proposed ─┬─> auto_allowed ──────────────────────────┬─> running ─┬─> ok
              ├─> auto_denied                            │            ├─> error
              └─> pending ─┬─> approved ─────────────────┤            └─> cancelled
                     ^     ├─> edited ───────────────────┘
                     │     ├─> denied
                     └─────┤
                   (edit)  ├─> expired
                           └─> cancelled

An edit that was saved leads back to `pending`: what was edited is shown again before it runs.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from mirascope_nb import llm

__all__ = ["FINAL", "State", "follows", "state_of"]

State: TypeAlias = Literal[
    "proposed",
    "auto_allowed",
    "auto_denied",
    "pending",
    "approved",
    "edited",
    "denied",
    "expired",
    "cancelled",
    "running",
    "ok",
    "error",
]

_NEXT: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        "proposed": frozenset({"auto_allowed", "auto_denied", "pending", "cancelled"}),
        "pending": frozenset({"pending", "approved", "edited", "denied", "expired", "cancelled"}),
        "auto_allowed": frozenset({"running", "cancelled"}),
        "approved": frozenset({"running", "cancelled"}),
        "edited": frozenset({"running", "cancelled"}),
        "running": frozenset({"ok", "error", "cancelled"}),
    }
)

FINAL: frozenset[State] = frozenset(
    {"auto_denied", "denied", "expired", "cancelled", "ok", "error"}
)
"""States that nothing follows."""


def follows(old: State, new: State) -> bool:
    """Whether a call in state `old` may go to state `new`."""
    return new in _NEXT.get(old, frozenset())


def state_of(decision: "llm.ApprovalDecision | None") -> State:
    """The state a decision puts a call in; `None` is the decision that none was needed."""
    if decision is None:
        return "auto_allowed"
    if decision.by in {"rule", "policy"}:
        if decision.outcome == "approved":
            return "auto_allowed"
        if decision.outcome == "denied":
            return "auto_denied"
    return decision.outcome
