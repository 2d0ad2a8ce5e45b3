"""Pages that ask are told what has been spent, and no other."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.spending import Ledger, meter
from mirascope_nb.spending.meter import TARGET, Meter


class Reply:
    """Whatever a reply is asked for."""

    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


class FakeComm:
    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.closed = False
        self._on_close: Callable[[object], None] | None = None

    def send(self, data: Any) -> None:
        assert not self.closed
        self.sent.append(data)

    def on_close(self, callback: Callable[[object], None]) -> None:
        self._on_close = callback

    def close(self) -> None:
        self.closed = True

    def closed_by_the_page(self) -> None:
        self.closed = True
        assert self._on_close is not None
        self._on_close(None)


class FakeManager:
    def __init__(self) -> None:
        self.targets: dict[str, Any] = {}

    def register_target(self, name: str, opened: Any) -> None:
        self.targets[name] = opened

    def unregister_target(self, name: str, opened: Any) -> None:
        assert self.targets.pop(name) == opened

    def page_opens(self) -> FakeComm:
        comm = FakeComm()
        self.targets[TARGET](comm, {})
        return comm


def reply(tokens: int = 5, **fields: Any) -> Any:
    usage = llm.Usage(input_tokens=tokens, output_tokens=0)
    return Reply(**{"model_id": "x/y", "usage": usage, "cost": None, **fields})


@pytest.fixture
def manager() -> FakeManager:
    return FakeManager()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def shown(ledger: Ledger, manager: FakeManager) -> Meter:
    return Meter(ledger, manager)


def tokens(comm: FakeComm) -> list[int]:
    return [each["tokens"] for each in comm.sent]


def test_a_page_is_told_when_it_asks(ledger: Ledger, shown: Meter, manager: FakeManager) -> None:
    ledger.note(reply())
    assert manager.page_opens().sent == [{"calls": 1, "tokens": 5, "cost": None, "unpriced": 1}]


def test_a_change_is_told_once(ledger: Ledger, shown: Meter, manager: FakeManager) -> None:
    page = manager.page_opens()
    ledger.note(reply())
    shown.tell()
    shown.tell()
    assert tokens(page) == [0, 5]


def test_a_page_that_has_gone_is_told_nothing(
    ledger: Ledger, shown: Meter, manager: FakeManager
) -> None:
    gone, there = manager.page_opens(), manager.page_opens()
    gone.closed_by_the_page()
    ledger.note(reply())
    shown.tell()
    assert tokens(there) == [0, 5]


def test_closing_takes_the_target_and_the_comms(shown: Meter, manager: FakeManager) -> None:
    page = manager.page_opens()
    shown.close()
    assert manager.targets == {}
    assert page.closed


async def test_replies_are_told_while_the_cell_runs(
    ledger: Ledger, shown: Meter, manager: FakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "INTERVAL", 0.01)
    page = manager.page_opens()
    stream = reply(0, consumed=False, stopped=False)
    ledger.note(stream)
    stream.usage = llm.Usage(input_tokens=3, output_tokens=0)
    async with asyncio.timeout(5):
        while tokens(page)[-1] != 3:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.005)
        stream.usage, stream.consumed = llm.Usage(input_tokens=3, output_tokens=4), True
        while tokens(page)[-1] != 7:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_stream_that_brings_nothing_is_not_watched_for_ever(
    ledger: Ledger, shown: Meter, manager: FakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "INTERVAL", 0.001)
    manager.page_opens()
    ledger.note(reply(consumed=False, stopped=False))
    async with asyncio.timeout(5):
        while vars(shown)["_timer"] is not None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)


async def test_nothing_is_scheduled_where_no_page_asks(ledger: Ledger, shown: Meter) -> None:
    ledger.note(reply())
    assert vars(shown)["_timer"] is None


async def test_a_timer_does_not_outlive_its_meter(
    ledger: Ledger, shown: Meter, manager: FakeManager
) -> None:
    manager.page_opens()
    ledger.note(reply())
    timer = vars(shown)["_timer"]
    shown.close()
    assert timer.cancelled()
