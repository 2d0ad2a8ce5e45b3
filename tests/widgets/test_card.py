"""A card's state: a browser that applies every delta has what a snapshot has."""

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirascope_nb import llm
from mirascope_nb.widgets.card import CardState


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_card(clock: Clock) -> Callable[..., CardState]:
    def make(**fields: Any) -> CardState:
        return CardState("card", wall=lambda: 1_700_000_000.0, clock=clock, **fields)

    return make


MakeCard = Callable[..., CardState]


class Page:
    """A browser's copy of a card, as the protocol's rules make it."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.card: dict[str, Any] = {}

    def take(self, message: Any) -> None:
        message = json.loads(json.dumps(message))
        if message["kind"] == "snapshot":
            self.seq, self.card = message["seq"], message["card"]
            return
        assert message["seq"] == (self.seq or 0) + 1
        self.seq = message["seq"]
        for op in message["ops"]:
            self.apply(op)

    def apply(self, op: list[Any]) -> None:
        if op[0] == "card":
            self.card.update(op[1])
            return
        blocks = self.card.setdefault("blocks", [])
        if op[0] == "block":
            assert op[1] == len(blocks)
            blocks.append(op[2])
        elif op[0] == "append":
            block = blocks[op[1]]
            block["arguments" if block["type"] == "tool" else "text"] += op[2]
        else:
            blocks[op[1]].update(op[2])


def without_time(card: Any) -> Any:
    card = json.loads(json.dumps(card))
    card.pop("elapsed")
    return card


def feed(card: CardState, *chunks: Any) -> None:
    for chunk in chunks:
        card.feed(chunk)


def test_a_stream_becomes_blocks(make_card: MakeCard, clock: Clock) -> None:
    card = make_card(model="x/y", note="Title")
    feed(card, llm.ThoughtStartChunk(), llm.ThoughtChunk(delta="hm"))
    clock.now += 2.34
    feed(card, llm.ThoughtEndChunk(), llm.TextStartChunk(), llm.TextChunk(delta="a"))
    feed(card, llm.TextChunk(delta="b"), llm.TextEndChunk())
    feed(card, llm.ToolCallStartChunk(id="1", name="t"), llm.ToolCallChunk(id="1", delta='{"x"'))
    feed(card, llm.ToolCallChunk(id="1", delta=":1}"), llm.ToolCallEndChunk(id="1"))
    thought, text, tool = card.blocks()
    assert thought == {"type": "thought", "text": "hm", "seconds": 2.3}
    assert text == {"type": "text", "text": "ab"}
    assert tool["type"] == "tool"
    assert (tool["name"], tool["arguments"], tool["state"]) == ("t", '{"x":1}', "proposed")
    assert card.text() == "ab"


def test_deltas_are_coalesced_and_numbered(make_card: MakeCard) -> None:
    card = make_card()
    feed(card, llm.TextStartChunk(), *(llm.TextChunk(delta=f"{n} ") for n in range(50)))
    first = card.drain()
    assert first is not None
    assert first["kind"] == "delta"
    assert first["ops"] == [
        ("block", 0, {"type": "text", "text": "".join(f"{n} " for n in range(50))})
    ]
    feed(card, llm.TextChunk(delta="x"), llm.TextChunk(delta="y"))
    assert card.drain() == {"kind": "delta", "id": "card", "seq": 2, "ops": [("append", 0, "xy")]}
    assert card.drain() is None
    assert card.seq == 2


def test_news_are_announced_once_until_they_are_sent(make_card: MakeCard) -> None:
    card = make_card()
    calls: list[int] = []
    card.on_change = lambda: calls.append(1)
    feed(card, llm.TextStartChunk(), llm.TextChunk(delta="a"), llm.TextChunk(delta="b"))
    assert (len(calls), card.has_news) == (1, True)
    card.drain()
    assert not card.has_news
    feed(card, llm.TextChunk(delta="c"), llm.TextChunk(delta="d"))
    assert len(calls) == 2


def test_the_bytes_of_a_stream_grow_with_its_length(make_card: MakeCard) -> None:
    def sent(count: int) -> int:
        card, size = make_card(), 0
        card.feed(llm.TextStartChunk())
        for _ in range(count):
            card.feed(llm.TextChunk(delta="word "))
            size += len(json.dumps(card.drain()))
        return size

    assert sent(4_000) < 4.1 * sent(1_000)


def test_long_news_are_sent_in_parts(make_card: MakeCard) -> None:
    card, page = make_card(), Page()
    feed(card, llm.TextStartChunk(), llm.TextChunk(delta="x" * 250))
    messages = 0
    while (message := card.drain(limit=100)) is not None:
        page.take(message)
        messages += 1
    assert messages == 3
    assert page.card["blocks"][0]["text"] == "x" * 250


def test_half_a_character_waits_for_its_other_half(make_card: MakeCard) -> None:
    card, page = make_card(), Page()
    feed(card, llm.TextStartChunk(), llm.TextChunk(delta="a\ud83d"))
    page.take(card.drain())
    assert not card.has_news  # or a timer would run for it
    feed(card, llm.TextChunk(delta="\ude00b"))
    page.take(card.drain())
    assert page.card["blocks"][0]["text"] == "a😀b"
    feed(card, llm.TextChunk(delta="\ud83d"), llm.TextEndChunk())
    page.take(card.drain() or card.snapshot())
    card.end("done")
    page.take(card.snapshot(final=True))
    assert page.card["blocks"][0]["text"] == "a😀b\ufffd"


def test_arguments_that_were_streamed_are_replaced_by_the_canonical_ones(
    make_card: MakeCard,
) -> None:
    card, page = make_card(), Page()
    feed(card, llm.ToolCallStartChunk(id="1", name="t"), llm.ToolCallChunk(id="1", delta='{ "a"'))
    page.take(card.drain())
    feed(card, llm.ToolCallChunk(id="1", delta=": 1 }"), llm.ToolCallEndChunk(id="1"))
    card.set_tool(0, arguments='{"a":1}', signature="(a: int)")
    page.take(card.drain())
    assert page.card["blocks"][0]["arguments"] == '{"a":1}'
    assert page.card["blocks"][0]["signature"] == "(a: int)"


def test_interleaved_tool_calls_grow_apart(make_card: MakeCard) -> None:
    card = make_card()
    feed(card, llm.ToolCallStartChunk(id="1", name="a"), llm.ToolCallStartChunk(id="2", name="b"))
    feed(card, llm.ToolCallChunk(id="2", delta="2"), llm.ToolCallChunk(id="1", delta="1"))
    feed(card, llm.ToolCallChunk(id="none", delta="x"))
    assert [block["arguments"] for block in card.blocks() if block["type"] == "tool"] == ["1", "2"]


def test_calls_that_share_an_id_are_told_apart_by_their_state(make_card: MakeCard) -> None:
    card = make_card()
    first, second = card.add_tool("same", "a"), card.add_tool("same", "b")
    assert card.find_tool("same") == second
    card.set_tool(first, state="running")
    assert card.find_tool("same", phases=("proposed",)) == second
    assert card.find_tool("other") is None


def test_a_restart_forgets_what_was_said(make_card: MakeCard) -> None:
    card, page = make_card(), Page()
    feed(card, llm.TextStartChunk(), llm.TextChunk(delta="first try"))
    page.take(card.drain())
    card.reset("Started over")
    feed(card, llm.TextStartChunk(), llm.TextChunk(delta="second"))
    page.take(card.drain())
    feed(card, llm.TextChunk(delta=" try"))
    page.take(card.drain())
    assert page.card["note"] == "Started over"
    assert [block["text"] for block in page.card["blocks"]] == ["second try"]


def test_a_restart_of_a_later_reply_leaves_the_earlier_ones(make_card: MakeCard) -> None:
    card, page = make_card(), Page()
    card.add_text("first reply")
    page.take(card.drain())
    feed(card, llm.TextStartChunk(), llm.TextChunk(delta="lost"))
    page.take(card.drain())
    card.set_tool(card.add_tool("1", "a"), state="ok")
    card.reset("Started over", keep=1)
    feed(card, llm.TextStartChunk(), llm.TextChunk(delta="second reply"))
    page.take(card.drain())
    assert [block["text"] for block in page.card["blocks"]] == ["first reply", "second reply"]
    assert card.tools() == []


def test_an_ended_card_leaves_no_call_open(make_card: MakeCard, clock: Clock) -> None:
    card = make_card()
    waiting, ran = card.add_tool("1", "a"), card.add_tool("2", "b")
    card.set_tool(waiting, state="pending", approval={"id": "x"})
    card.set_tool(ran, state="ok")
    clock.now += 3
    card.end("stopped")
    card.end("done")  # the first end counts
    assert [block["state"] for block in card.blocks() if block["type"] == "tool"] == [
        *("cancelled", "ok")
    ]
    assert card.card()["state"] == "stopped"
    assert card.card()["elapsed"] == card.elapsed == 3.0


def test_names_are_shown_with_nothing_hidden(make_card: MakeCard) -> None:
    card = make_card(model="x/\u202ey", note="a\u200bb")
    card.add_tool("1", "run\u202e")
    whole = card.card()
    assert (whole["model"], whole["note"]) == ("x/\\u202ey", "a\\u200bb")
    assert whole["blocks"][0]["type"] == "tool"
    assert whole["blocks"][0]["name"] == "run\\u202e"


def test_only_tool_blocks_take_the_fields_of_tools(make_card: MakeCard) -> None:
    card = make_card()
    card.add_text("a")
    with pytest.raises(ValueError, match="no tool call"):
        card.set_tool(0, state="ok")


CHUNKS = st.sampled_from(
    [
        llm.TextStartChunk(),
        llm.TextChunk(delta="text "),
        llm.TextChunk(delta="\ud83d"),
        llm.TextChunk(delta="\ude00"),
        llm.TextChunk(delta="é"),
        llm.TextEndChunk(),
        llm.ThoughtStartChunk(),
        llm.ThoughtChunk(delta="hm "),
        llm.ThoughtEndChunk(),
        llm.ToolCallStartChunk(id="1", name="t"),
        llm.ToolCallStartChunk(id="2", name="u"),
        llm.ToolCallChunk(id="1", delta="{}"),
        llm.ToolCallChunk(id="2", delta="[1]"),
        llm.ToolCallEndChunk(id="1"),
    ]
)
DEEDS = st.sampled_from(["drain", "small", "snapshot", "usage", "tool", "reset", "error", "lose"])


def do(card: CardState, step: Any, number: int) -> Any:
    """Take one step with a card; returns the message that it made, if it made one."""
    match step:
        case "drain":
            return card.drain()
        case "small":
            return card.drain(limit=3)
        case "snapshot":
            return card.snapshot()
        case "lose":
            card.drain()  # a message that never arrives: the page notices, and asks
            return card.snapshot()
        case "usage":
            card.update(usage={"input": number, "output": 0, "cached": 0, "reasoning": 0})
        case "tool":
            for index in card.tools()[-1:]:
                card.set_tool(index, arguments=f"[{number}]")
        case "reset":
            card.reset(f"again {number}")
        case "error":
            card.add_error("a", "b")
        case chunk:
            card.feed(copy.copy(chunk))
    return None


@given(st.lists(CHUNKS | DEEDS, max_size=60))
@settings(max_examples=300, deadline=None)
def test_a_page_that_follows_has_what_the_kernel_has(steps: list[Any]) -> None:
    card, page = CardState("card"), Page()
    page.take(card.snapshot())
    for number, step in enumerate(steps):
        message = do(card, step, number)
        if message is not None:
            page.take(message)
    while card.has_news:
        if (message := card.drain()) is not None:
            page.take(message)
    halves = any("\ud83d" <= getattr(step, "delta", "") <= "\ude00" for step in steps)
    if not halves:
        assert without_time(page.card) == without_time(card.card())
    card.end("done")
    page.take(card.snapshot(final=True))
    assert without_time(page.card) == without_time(card.card())


def test_feeding_a_token_is_cheap(make_card: MakeCard) -> None:
    card = make_card()
    card.feed(llm.TextStartChunk())
    chunks = [llm.TextChunk(delta="word ") for _ in range(20_000)]
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for number, chunk in enumerate(chunks):
            card.feed(chunk)
            if number % 30 == 0:
                card.drain()
        best = min(best, time.process_time() - start)
    # The promise, in time of the processor's: others may have it meanwhile.
    assert best / len(chunks) < 10e-6
