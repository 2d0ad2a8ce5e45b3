"""A card's widget: what is synced, what is sent, what the browser may ask, on which thread."""

import asyncio
import threading
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.widgets.card import CardState
from mirascope_nb.widgets.protocol import CardRequest, ResyncMessage, StopMessage
from mirascope_nb.widgets.view import CardView

STOP = {"kind": "stop", "id": "card", "request": "r1"}


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def requests() -> list[CardRequest]:
    return []


@pytest.fixture
def card() -> CardState:
    return CardState("card", model="sandbox/assistant")


async def open_view(card: CardState, requests: list[CardRequest], answer: Any = None) -> CardView:
    def take(message: CardRequest) -> str | None:
        requests.append(message)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return CardView(card, request=take)


def say(card: CardState, text: str) -> None:
    if not len(card):
        card.feed(llm.TextStartChunk())
    card.feed(llm.TextChunk(delta=text))


async def test_only_the_code_the_id_and_the_role_are_synced(
    browser: Any, card: CardState, requests: list[CardRequest]
) -> None:
    await open_view(card, requests)
    [comm] = browser.ours
    state = browser.state_of(comm)
    ours = {
        name for name in state if not name.startswith(("_model", "_view", "_anywidget", "_dom"))
    }
    assert ours == {"_esm", "_css", "card_id", "role", "layout", "tabbable", "tooltip"}
    assert (state["card_id"], state["role"]) == ("card", "card")


async def test_the_first_words_go_out_in_the_next_turn_and_the_rest_together(
    browser: Any, card: CardState, requests: list[CardRequest]
) -> None:
    view = await open_view(card, requests)
    [comm] = browser.ours
    say(card, "Hello")
    await turns()
    assert [message["seq"] for message in comm.custom] == [1]
    for _ in range(100):
        say(card, "!")
    await turns()
    assert len(comm.custom) == 1
    view.finish()
    assert [message["kind"] for message in comm.custom] == ["delta", "snapshot"]
    assert comm.custom[-1]["final"] is True
    assert comm.custom[-1]["card"]["blocks"][0]["text"] == "Hello" + "!" * 100


async def test_a_gap_is_answered_with_the_whole_card(
    browser: Any, card: CardState, requests: list[CardRequest]
) -> None:
    await open_view(card, requests)
    [comm] = browser.ours
    say(card, "Hello")
    await turns()
    comm.browser_sends({"kind": "resync", "id": "card", "request": "r1", "have": None})
    snapshot = comm.custom[-1]
    assert (snapshot["kind"], snapshot["seq"], snapshot["final"]) == ("snapshot", 2, False)
    assert snapshot["card"]["blocks"][0]["text"] == "Hello"
    assert [type(request) for request in requests] == [ResyncMessage]


async def test_requests_are_handed_on_and_refusals_sent_back(
    browser: Any, card: CardState, requests: list[CardRequest]
) -> None:
    await open_view(card, requests, "too late")
    [comm] = browser.ours
    comm.browser_sends(STOP)
    assert requests == [StopMessage(id="card", request="r1")]
    assert comm.custom == [{"kind": "refused", "id": "card", "request": "r1", "reason": "too late"}]


async def test_what_is_no_request_is_ignored(
    browser: Any, card: CardState, requests: list[CardRequest]
) -> None:
    await open_view(card, requests)
    [comm] = browser.ours
    for content in (None, "stop", {"kind": "explode"}, {**STOP, "id": "other"}):
        comm.browser_sends(content)
    assert requests == []
    assert comm.custom == []


async def test_a_malformed_request_is_refused_and_changes_nothing(
    browser: Any, card: CardState, requests: list[CardRequest]
) -> None:
    view = await open_view(card, requests)
    [comm] = browser.ours
    before = card.card()
    forged: list[Any] = [{**STOP, "card": {"state": "done"}}, {**STOP, "kind": "snapshot"}]
    for content in forged:
        comm.browser_sends(content)
        assert (comm.custom[-1]["kind"], comm.custom[-1]["request"]) == ("refused", "r1")
    # A widget's own way to set a trait: the synced ones hold nothing that is read back.
    comm.handle_msg(
        {"content": {"data": {"method": "update", "state": {"card_id": "x"}}}, "buffers": []}
    )
    comm.browser_sends({**STOP, "id": "x"})
    assert requests == []
    assert card.card() == before
    view.send_whole()
    assert comm.custom[-1]["id"] == "card"


async def test_an_error_in_a_handler_refuses_the_request_and_goes_no_further(
    browser: Any, card: CardState, requests: list[CardRequest], caplog: pytest.LogCaptureFixture
) -> None:
    await open_view(card, requests, ValueError("inside"))
    [comm] = browser.ours
    comm.browser_sends(STOP)
    assert comm.custom[0]["kind"] == "refused"
    assert "inside" not in comm.custom[0]["reason"]
    assert "a request of the browser failed" in caplog.text


async def test_a_request_on_another_thread_is_taken_to_the_loop(
    browser: Any, card: CardState, requests: list[CardRequest]
) -> None:
    threads: list[int] = []

    def take(message: CardRequest) -> None:
        threads.append(threading.get_ident())

    CardView(card, request=take)
    [comm] = browser.ours
    sender = threading.Thread(target=comm.browser_sends, args=(STOP,))
    sender.start()
    sender.join()
    assert threads == []
    await turns()
    assert threads == [threading.get_ident()]


async def test_closing_frees_every_comm_and_stops_listening(
    browser: Any, card: CardState, requests: list[CardRequest]
) -> None:
    view = await open_view(card, requests)
    say(card, "Hello")
    view.finish()
    view.close()
    view.close()
    assert browser.closed
    assert len(browser.comms) == 2  # the widget's, and that of its layout
    count = len(browser.ours[0].log)
    say(card, "more")
    await turns()
    assert len(browser.ours[0].log) == count
    assert card.on_change is None


async def test_a_lost_connection_does_not_reach_the_reply(
    browser: Any, card: CardState, requests: list[CardRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await open_view(card, requests)
    [comm] = browser.ours

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("socket closed")

    monkeypatch.setattr(comm, "publish_msg", fail)
    say(card, "Hello")
    await turns()
    view.finish()
    view.close()


async def test_the_code_is_read_once(
    browser: Any, card: CardState, requests: list[CardRequest]
) -> None:
    await open_view(card, requests)
    await open_view(CardState("second"), requests)
    first, second = (browser.state_of(comm)["_esm"] for comm in browser.ours)
    assert first is second
    assert len(first) > 1000
