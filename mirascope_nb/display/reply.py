"""A reply as it is shown: what was said, what tools did, how it ended. Plain data, no behaviour.

A live card and a finished response are both turned into a `Reply`, so that a saved cell looks the
same whichever of the two it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

State = Literal["streaming", "waiting", "done", "stopped", "failed"]
Format = Literal["markdown", "text", "json", "values", "html", "code", "math"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reasoned:
    """A piece of the model's reasoning. Its text is not saved with a notebook."""

    text: str
    seconds: float | None = None
    """How long it took, or `None` when nobody measured it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolRun:
    """One tool call, and what became of it."""

    call: str
    """The id the provider gave it."""
    name: str
    arguments: str
    """JSON text."""
    state: str
    """One of the protocol's tool states; the last one reached."""
    decision: str | None = None
    """The outcome of the approval: `approved`, `edited`, `denied`, `expired`, `cancelled`,
    `auto_allowed`, `auto_denied`, or `None` when the call needed none."""
    by: str | None = None
    """Who decided: `person`, `rule`, `policy` or `timeout`."""
    rule: str | None = None
    """The rule that decided, as a person would read it."""
    reason: str | None = None
    result: str | None = None
    error: str | None = None
    seconds: float | None = None
    """How long it ran; waiting for a person is not part of it."""
    waited: float | None = None
    """How long the decision took."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """Why the reply ended: one line of cause, one of remedy."""

    title: str
    message: str


Part: TypeAlias = Said | Reasoned | ToolRun | Failed


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """What the reply took. Input includes cached tokens, output includes reasoning."""

    input: int
    output: int
    cached: int
    reasoning: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """Everything about one reply, or one loop of replies and tools."""

    state: State
    asked: str
    """The model id that was asked for."""
    parts: tuple[Part, ...] = ()
    provider: str | None = None
    answered: str | None = None
    """The model id that answered, after fallbacks."""
    name: str | None = None
    """The provider's own name for the model."""
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    prompt_digest: str | None = None
    prompt_messages: int = 0
    tokens: Tokens | None = None
    cost: str | None = None
    """US dollars as a decimal number, or `None` when no price is known."""
    finish: str | None = None
    format: Format = "markdown"
    note: str | None = None
    card: str | None = None
    """The id of the live card, if there was one."""
    started: float | None = None
    """Seconds since the epoch."""
    elapsed: float | None = None
    """Seconds."""
