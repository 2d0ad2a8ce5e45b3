"""A clock to turn by hand, calls to decide on, and a card that only remembers."""

import asyncio
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Protocol

import pytest

from mirascope_nb import llm
from mirascope_nb.approvals import ApprovalSession
from mirascope_nb.llm.tools.approval import digest_of
from mirascope_nb.widgets.protocol import Approval


class Clock:
    """Seconds since the epoch, as a test says."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class MakeRequest(Protocol):
    def __call__(
        self, tool: str = ..., *, required: bool = ..., description: str = ..., **arguments: Any
    ) -> llm.ApprovalRequest: ...


def revise(text: str) -> str:
    """As a tool `send(to: str, n: int = 1)` takes arguments."""
    try:
        arguments = json.loads(text)
        arguments["to"].upper()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise llm.ToolExecutionError(error) from error
    return json.dumps(arguments, sort_keys=True, separators=(",", ":"))


def make_request(
    tool: str = "send", *, required: bool = False, description: str = "Send.", **arguments: Any
) -> llm.ApprovalRequest:
    text = json.dumps(arguments or {"to": "ann"}, sort_keys=True, separators=(",", ":"))
    return llm.ApprovalRequest(
        call_id="call_1",
        tool=tool,
        signature="(to: str, n: int = 1)",
        description=description,
        parameters={"type": "object", "properties": {"to": {"type": "string"}}},
        arguments=text,
        digest=digest_of(tool, text),
        required=required,
        revise=revise,
    )


def _set(event: asyncio.Event) -> asyncio.Event:
    event.set()
    return event


@dataclass
class Card:
    """A card in a page, whose person answers as soon as something is asked, or later."""

    can_ask: bool = True
    seen: asyncio.Event = field(default_factory=lambda: _set(asyncio.Event()))
    own: list[str] = field(default_factory=list[str])
    decide: Callable[[Any], str | None] | None = None
    person: Callable[["Card"], object] = lambda card: None
    asked: list[tuple[llm.ApprovalRequest, Approval]] = field(
        default_factory=list[tuple[llm.ApprovalRequest, Approval]]
    )
    queues: list[int] = field(default_factory=list[int])
    errors: list[str] = field(default_factory=list[str])
    said: list[str] = field(default_factory=list[str])
    refusals: list[str | None] = field(default_factory=list[str | None])

    def tool_pending(self, request: llm.ApprovalRequest, approval: Approval, /) -> None:
        self.asked.append((request, approval))
        self.person(self)

    def tool_queue(self, request: llm.ApprovalRequest, queue: int, /) -> None:
        self.queues.append(queue)

    def tool_edit_refused(self, request: llm.ApprovalRequest, error: str, /) -> None:
        self.errors.append(error)

    async def mounted(self) -> None:
        await self.seen.wait()

    @contextmanager
    def own_block(self, request: llm.ApprovalRequest, /) -> Generator[None]:
        self.own.append(request.call_id)
        yield

    def tool_decided(self, request: llm.ApprovalRequest, decision: llm.ApprovalDecision, /) -> None:
        self.said.append(decision.outcome)

    def close(self, error: BaseException | None = None, /) -> None:
        self.said.append(f"closed: {None if error is None else type(error).__name__}")

    def answer(self, which: int = -1, **message: Any) -> str | None:
        """Send a message about one of the questions, and return why it was refused."""
        _, ask = self.asked[which]
        if "scope" in message:
            message["scope"] = SimpleNamespace(**message["scope"])
        content = SimpleNamespace(
            **{"approval": ask["id"], "digest": ask["digest"], "reason": None, **message}
        )
        assert self.decide is not None
        self.refusals.append(self.decide(content))
        return self.refusals[-1]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def request_for() -> MakeRequest:
    return make_request


@pytest.fixture
def card() -> Card:
    return Card()


@pytest.fixture
def approvals(clock: Clock) -> ApprovalSession:
    return ApprovalSession(clock=clock)
