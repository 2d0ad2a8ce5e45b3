"""The messages between the kernel and the browser, each declared once.

A card and a progress bar talk by anywidget custom messages. Nothing about them is a synced trait,
because a trait is saved with the notebook and can be set by anything that reaches the comm.

Every message has a `kind` and an `id`, the id of the card. What the kernel sends is typed here and
built by `card` and `progress`. What the browser sends is untrusted: `decoding` makes frozen values
of it, or refuses it.

A card's messages are numbered. `seq` rises by one with every delta and every snapshot, so a browser
that sees anything but its own number plus one has missed something and asks for a `resync`; a
snapshot is taken as it is. The operations of a delta are applied in order:

- `["block", index, block]` puts a new block at `index`, which is always the end.
- `["append", index, text]` adds to what grows in a block: the `text` of text and thoughts, the
  `arguments` of a tool call.
- `["set", index, fields]` replaces the given fields of a block.
- `["card", fields]` replaces the given fields of the card.

`labextension/src/protocol.ts` declares the same messages, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypedDict

CardPhase = Literal["streaming", "waiting", "done", "stopped", "failed"]
CardFormat = Literal["markdown", "text", "json", "values", "html", "code", "math"]
ToolPhase = Literal[
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
ProgressPhase = Literal["running", "paused", "done", "cancelled", "failed"]


# -- kernel to browser ---------------------------------------------------------------------------


class TokenUsage(TypedDict):
    """Tokens so far."""

    input: int
    output: int
    cached: int
    reasoning: int


class TextBlock(TypedDict):
    """A piece of the reply."""

    type: Literal["text"]
    text: str


class ThoughtBlock(TypedDict):
    """A piece of the model's reasoning."""

    type: Literal["thought"]
    text: str
    seconds: float | None


class Approval(TypedDict):
    """What a person is asked to decide."""

    id: str
    digest: str
    schema: dict[str, Any] | None
    expires: float
    queue: int


class ToolBlock(TypedDict):
    """One tool call, from proposal to result."""

    type: Literal["tool"]
    call: str
    name: str
    arguments: str
    state: ToolPhase
    signature: str | None
    approval: Approval | None
    reason: str | None
    error: str | None
    result: str | None
    seconds: float | None
    by: str | None


class ErrorBlock(TypedDict):
    """Why the reply ended early: a line of cause and a line of remedy."""

    type: Literal["error"]
    title: str
    message: str


Block: TypeAlias = TextBlock | ThoughtBlock | ToolBlock | ErrorBlock


class Card(TypedDict):
    """The whole state of a card."""

    state: CardPhase
    model: str
    note: str | None
    blocks: list[Block]
    usage: TokenUsage | None
    cost: str | None
    started: float
    elapsed: float
    finish: str | None
    format: CardFormat


BlockOp: TypeAlias = tuple[Literal["block"], int, Block]
AppendOp: TypeAlias = tuple[Literal["append"], int, str]
SetOp: TypeAlias = tuple[Literal["set"], int, dict[str, Any]]
CardOp: TypeAlias = tuple[Literal["card"], dict[str, Any]]
Op: TypeAlias = BlockOp | AppendOp | SetOp | CardOp


class SnapshotMessage(TypedDict):
    """The whole card; sent when asked for, and at the end."""

    kind: Literal["snapshot"]
    id: str
    seq: int
    final: bool
    card: Card


class DeltaMessage(TypedDict):
    """What changed since the message before."""

    kind: Literal["delta"]
    id: str
    seq: int
    ops: list[Op]


class RefusedMessage(TypedDict):
    """A browser message was refused: stale, used, expired, or about something else."""

    kind: Literal["refused"]
    id: str
    request: str
    reason: str


class ProgressMessage(TypedDict):
    """The whole state of a progress bar: small and bounded, so it is never sent in parts."""

    kind: Literal["progress"]
    id: str
    seq: int
    final: bool
    description: str
    total: int | None
    done: int
    failed: int
    running: int
    waiting: int
    cancelled: int
    elapsed: float
    rate: float | None
    left: float | None
    tokens: int | None
    cost: str | None
    projected: str | None
    limit: int | None
    waiting_for: str | None
    state: ProgressPhase
    can_retry: bool
    rows: str | None
    errors: list[tuple[int, str]]


# -- browser to kernel ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserMessage:
    """What every message of the browser carries."""

    id: str
    request: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ResyncMessage(BrowserMessage):
    """The browser missed something; `have` is the last number it saw, `None` for nothing yet."""

    have: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StopMessage(BrowserMessage):
    """A person stops the reply."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecideMessage(BrowserMessage):
    """A person approves or denies the call whose arguments have this digest."""

    approval: str
    digest: str
    decision: Literal["approve", "deny"]
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EditMessage(BrowserMessage):
    """A person changes the arguments; they are validated and shown again before anything runs."""

    approval: str
    digest: str
    arguments: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What `Always allow` covers: any arguments (`argument` is `None`), or one argument's value."""

    argument: str | None
    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class AlwaysMessage(BrowserMessage):
    """A person allows this call, and others like it in this kernel session."""

    approval: str
    digest: str
    scope: Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressResyncMessage(BrowserMessage):
    """A progress bar has mounted and wants the state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelMessage(BrowserMessage):
    """A person cancels the work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseMessage(BrowserMessage):
    """A person holds what has not started yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResumeMessage(BrowserMessage):
    """A person lets held work go on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryMessage(BrowserMessage):
    """A person runs the failed rows again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitMessage(BrowserMessage):
    """A person changes how many run at once."""

    value: int


CardRequest: TypeAlias = ResyncMessage | StopMessage | DecideMessage | EditMessage | AlwaysMessage
ProgressRequest: TypeAlias = (
    ProgressResyncMessage
    | CancelMessage
    | PauseMessage
    | ResumeMessage
    | RetryMessage
    | LimitMessage
)

CARD_REQUESTS: Mapping[str, type[CardRequest]] = {
    "resync": ResyncMessage,
    "stop": StopMessage,
    "decide": DecideMessage,
    "edit": EditMessage,
    "always": AlwaysMessage,
}
PROGRESS_REQUESTS: Mapping[str, type[ProgressRequest]] = {
    "resync": ProgressResyncMessage,
    "cancel": CancelMessage,
    "pause": PauseMessage,
    "resume": ResumeMessage,
    "retry": RetryMessage,
    "limit": LimitMessage,
}


def refused(message: BrowserMessage, reason: str) -> RefusedMessage:
    """The reply to a browser message that was not obeyed."""
    return {"kind": "refused", "id": message.id, "request": message.request, "reason": reason}
