"""Surfaces: a widget that becomes static, one static output, lines on a terminal."""

import asyncio
import io
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.display import MIME_TYPE, Bundle
from mirascope_nb.widgets.card import CardState
from mirascope_nb.widgets.surface import (
    StaticSurface,
    TerminalSurface,
    WidgetSurface,
    make_surface,
)

BUNDLE = Bundle({"text/plain": "end", MIME_TYPE: {}}, {"mirascope_nb": {}})
VIEW = "application/vnd.jupyter.widget-view+json"


def no_request(_: object) -> None:
    return None


async def test_a_widget_is_replaced_by_the_static_bundle_and_then_freed(
    browser: Any, cell: Any
) -> None:
    surface = WidgetSurface(no_request, output=cell)
    card = CardState("card")
    surface.open(card)
    card.end("done")
    surface.close(BUNDLE)
    [(live, _), (static, metadata)] = cell.shown
    assert VIEW in live
    assert (static, metadata) == BUNDLE
    assert browser.ours[0].custom[-1]["final"] is True
    assert browser.closed


async def test_an_end_that_no_page_has_seen_come_is_shown_by_itself(
    browser: Any, cell: Any
) -> None:
    for seen in (True, False):
        surface, card = WidgetSurface(no_request, output=cell), CardState("card")
        surface.open(card)
        if seen:
            browser.ours[0].browser_sends(
                {"kind": "resync", "id": "card", "request": "r", "have": None}
            )
        surface.close(BUNDLE)
        assert cell.renewed == (not seen)


async def test_a_page_that_was_loaded_anew_keeps_the_card_to_its_end_and_after(
    browser: Any, cell: Any
) -> None:
    surface, card = WidgetSurface(no_request, output=cell), CardState("card")
    surface.open(card)
    comm = browser.ours[0]
    comm.browser_fetches()
    card.end("done")
    surface.close(BUNDLE)
    assert comm.log[-1][0] != "comm_close"
    comm.browser_sends({"kind": "resync", "id": "card", "request": "r", "have": None})
    assert (comm.custom[-1]["final"], comm.custom[-1]["card"]["state"]) == (True, "done")


async def test_a_card_that_a_page_has_closed_is_shown_again_but_not_for_ever(
    browser: Any, cell: Any
) -> None:
    surface, card = WidgetSurface(no_request, output=cell), CardState("card")
    surface.open(card)
    browser.ours[0].browser_closes()
    card.add_text("still here")
    first, second = browser.ours
    assert [VIEW in data for data, _ in cell.shown] == [True, True]
    assert cell.shown[1][0][VIEW]["model_id"] == second.comm_id
    second.browser_sends({"kind": "resync", "id": "card", "request": "r", "have": None})
    assert second.custom[-1]["card"]["blocks"][0]["text"] == "still here"
    assert first.custom == []
    for _ in range(10):
        browser.ours[-1].browser_closes()
    assert len(browser.ours) == 4
    surface.close(BUNDLE)
    assert cell.shown[-1] == BUNDLE
    assert browser.closed


def test_a_static_surface_shows_once_at_the_end(cell: Any) -> None:
    surface = StaticSurface(output=cell)
    surface.open(CardState("card"))
    assert cell.shown == []
    surface.close(BUNDLE)
    assert cell.shown == [(BUNDLE.data, BUNDLE.metadata)]


def written(*steps: Any, state: Any = "done") -> str:
    """What a terminal shows of a card, each step sent as it comes."""
    file = io.StringIO()
    surface, card = TerminalSurface(file=file), CardState("card")
    surface.open(card)
    for step in steps:
        step(card) if callable(step) else card.feed(step)
    card.end(state)
    surface.close(BUNDLE)
    return file.getvalue()


def test_a_terminal_gets_the_text_as_it_comes() -> None:
    start, end = llm.TextStartChunk(), llm.TextEndChunk()
    first, second = llm.TextChunk(delta="Hello "), llm.TextChunk(delta="you")
    assert written(start, first, second, end) == "Hello you\n"
    assert written(start, first, end, start, second, end) == "Hello \n\nyou\n"


def test_a_terminal_gets_values_as_lines_that_fill_in() -> None:
    file = io.StringIO()
    surface, card = TerminalSurface(file=file), CardState("card", format="values")
    surface.open(card)
    for piece in ("", '{"title": "Du', 'ne", "tags": ["a", '):
        card.feed(llm.TextChunk(delta=piece) if piece else llm.TextStartChunk())
    surface.send_news()
    assert file.getvalue() == "title: Dune\ntags:\n  - a"
    card.feed(llm.TextChunk(delta='"b"]}'))
    card.feed(llm.TextEndChunk())
    card.end("done")
    surface.close(BUNDLE)
    assert file.getvalue() == "title: Dune\ntags:\n  - a\n  - b\n"


def test_a_terminal_gets_words_where_values_were_asked_for() -> None:
    def words(card: CardState) -> None:
        card.update(format="values")
        card.add_text("I cannot say.")

    assert written(words) == "I cannot say.\n"


def test_a_terminal_gets_no_sequence_of_a_model_wherever_it_is_cut() -> None:
    chunks = [llm.TextChunk(delta=c) for c in "a\x1b[31mb\x1b]0;title\x07c\r\nd"]
    assert written(llm.TextStartChunk(), *chunks) == "abc\nd\n"


def test_thoughts_are_not_written() -> None:
    assert written(llm.ThoughtStartChunk(), llm.ThoughtChunk(delta="hm")) == ""


def test_a_tool_call_is_a_line_when_it_has_ended() -> None:
    def call(card: CardState) -> None:
        index = card.add_tool("1", "weather", '{"city":"Tokyo\u202e"}')
        card.set_tool(index, state="auto_allowed", by="policy")
        card.set_tool(index, state="running")
        card.set_tool(index, state="ok", result="72\x1b[2J")

    line = '[tool] weather(city="Tokyo\\u202e") · ok\n  72'
    assert written(call) == f"{line}\n"
    assert written(llm.TextStartChunk(), llm.TextChunk(delta="a"), call) == f"a\n\n{line}\n"


def test_a_denied_call_says_so_once() -> None:
    def call(card: CardState) -> None:
        index = card.add_tool("1", "t", "{}")
        card.set_tool(index, state="denied", reason="no")
        card.set_tool(index, seconds=1.0)

    assert written(call) == "[tool] t() · denied: no\n"


def test_a_restart_writes_nothing_of_earlier_replies_again() -> None:
    def restart(card: CardState) -> None:
        card.drain()
        card.reset("Started over", keep=1)

    begin, end = llm.TextStartChunk(), llm.TextEndChunk()
    first = [begin, llm.TextChunk(delta="first"), end]
    text = written(*first, begin, llm.TextChunk(delta="lost"), restart, *first)
    assert text.count("Started over") == 1
    assert text.endswith("[Started over]\n\nfirst\n")


def test_a_restart_and_a_stop_are_said() -> None:
    def restart(card: CardState) -> None:
        card.reset("Started over: lost")

    chunks = (llm.TextStartChunk(), llm.TextChunk(delta="a"))
    assert written(*chunks, restart, *chunks, state="stopped") == (
        "a\n\n[Started over: lost]\n\na\n\n[Stopped.]\n"
    )


async def test_with_a_loop_a_terminal_is_written_in_its_turns() -> None:
    file = io.StringIO()
    surface, card = TerminalSurface(file=file), CardState("card")
    surface.open(card)
    card.feed(llm.TextStartChunk())
    card.feed(llm.TextChunk(delta="a"))
    assert not file.getvalue()
    for _ in range(3):
        await asyncio.sleep(0)
    assert file.getvalue() == "a"
    surface.close(BUNDLE)


@pytest.mark.parametrize(
    ("place", "kind"),
    [("headless", StaticSurface), ("terminal", TerminalSurface), ("script", TerminalSurface)],
)
def test_the_front_end_decides(place: Any, kind: type[Any]) -> None:
    assert type(make_surface(place, no_request)) is kind


async def test_a_page_gets_a_widget_where_a_loop_runs() -> None:
    assert type(make_surface("widget", no_request)) is WidgetSurface
    made = await asyncio.to_thread(make_surface, "widget", no_request)
    assert type(made) is StaticSurface
