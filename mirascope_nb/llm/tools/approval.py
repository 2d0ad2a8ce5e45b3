"""Asking before a tool runs: the protocol, which knows no widget.

A tool call is read, validated, frozen as canonical JSON and digested; an approver decides on
exactly that; the digest is compared again; and the frozen copy is what runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, cast

from mirascope_nb import _defaults

__all__ = [
    "ApprovalDecision",
    "ApprovalRequest",
    "Approver",
    "approver_from_context",
    "current_approver",
    "digest_of",
    "find_approver",
    "use_approver",
    "waiting_room",
]


def digest_of(tool: str, arguments: str) -> str:
    """SHA-256, in hex, of a tool's name and its canonical arguments."""
    return hashlib.sha256(f"{tool}\0{arguments}".encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRequest:
    """One tool call that somebody must allow."""

    call_id: str
    """The model's id of the call."""
    tool: str
    signature: str
    """The tool's parameters as Python shows them, such as `(city: str, days: int = 1)`."""
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of the arguments."""
    arguments: str
    """Canonical JSON (sorted keys, no spaces): what will run."""
    digest: str
    """`digest_of(tool, arguments)`."""
    required: bool
    """Whether the tool itself demands approval, whatever the caller's policy."""
    revise: Callable[[str], str] = field(repr=False, compare=False, default=str)
    """Edited JSON to canonical arguments; raises `ToolExecutionError` if they do not fit."""

    def with_arguments(self, arguments: str) -> ApprovalRequest:
        """The same request with edited arguments, validated and digested again.

        Raises:
            ToolExecutionError: If they are not JSON, or do not fit the tool's schema.
        """
        canonical = self.revise(arguments)
        return replace(self, arguments=canonical, digest=digest_of(self.tool, canonical))


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalDecision:
    """What was decided, by whom, and about which arguments."""

    outcome: Literal["approved", "edited", "denied", "expired", "cancelled"]
    by: Literal["person", "rule", "policy", "timeout"]
    digest: str
    """Digest of the arguments that may run: the request's, or the edited ones'."""
    arguments: str | None = None
    """The new canonical JSON, when edited."""
    reason: str | None = None
    """Why, in words for the model."""
    rule: str | None = None
    """The rule that decided, if one did."""
    seconds: float = 0.0
    """How long the decision took. It never counts as the tool's time."""


class Approver(Protocol):
    """Somebody who decides whether a tool call may run."""

    async def decide(self, request: ApprovalRequest, /) -> ApprovalDecision | None:
        """The decision, or `None` if this call needs none.

        Asked for every tool call, so that a policy can cover tools that do not demand approval.
        In a synchronous call this coroutine must not suspend.
        """
        ...


current_approver: ContextVar[Approver | None] = ContextVar("current_approver", default=None)


waiting_room: ContextVar[Callable[[], AbstractAsyncContextManager[object]] | None] = ContextVar(
    "waiting_room", default=None
)
"""Entered while an approver decides on a call of awaited code: a gather lets others run then."""


def approver_from_context() -> Approver | None:
    """The approver of the innermost `use_approver`, or `None` outside of any."""
    return current_approver.get()


def find_approver() -> Approver | None:
    """The approver of this context, else that of the notebook, else `None`."""
    approver = current_approver.get()
    if approver is None and _defaults.make_approver is not None:
        return cast("Approver", _defaults.make_approver())
    return approver


@contextmanager
def use_approver(approver: Approver | None) -> Generator[None]:
    """Let an approver decide on the tool calls executed inside the block."""
    token = current_approver.set(approver)
    try:
        yield
    finally:
        current_approver.reset(token)
