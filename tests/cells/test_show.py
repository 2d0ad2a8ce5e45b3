"""`show`: the reply in a card, and the card in its true state however it ends."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.cells import show, show_blocking
from mirascope_nb.widgets import live
from mirascope_nb.widgets.card import CardState
from mirascope_nb.widgets.pace import pacer_of

MakeScript = Callable[..., Any]
VIEW = "application/vnd.jupyter.widget-view+json"


async def reached(condition: Callable[[], Any]) -> Any:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not (value := condition()):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.001)
    return value


async def test_a_stream_is_shown_live_and_returned_when_it_is_whole(
    page: Any, script: MakeScript
) -> None:
    gate = asyncio.Event()
    stream = script(["Hello you", gate.wait]).stream()
    task = asyncio.create_task(show(stream))
    await reached(lambda: page.outputs and len(page.widget.custom))
    assert VIEW in page.bundle
    assert page.card["state"] == "streaming"
    gate.set()
    assert await task is stream
    assert page.bundle["text/markdown"] == "Hello you"
    assert page.record["state"] == "done"
    assert page.record["usage"] == {"input": 3, "output": 2, "cached": 0, "reasoning": 0}
    assert page.record["params"] == {"temperature": 0.5}
    assert page.widget.custom[-1]["final"] is True


async def test_an_awaitable_is_awaited_while_the_card_is_already_there(
    page: Any, script: MakeScript
) -> None:
    async def opening() -> Any:
        assert page.card["state"] == "streaming"
        assert page.card["model"] == "script/one"
        return script(["Hi"]).stream()

    response = await show(opening(), model="script/one", title="First")
    assert response.text() == "Hi "
    assert page.record["note"] == "First"


async def test_a_whole_response_is_shown_at_once(page: Any, script: MakeScript) -> None:
    parts = [llm.Thought(thought="hm"), llm.Text(text="Hi")]
    response = await show(script(parts).whole())
    assert [block["type"] for block in page.record["blocks"]] == ["thought", "text"]
    assert page.bundle["text/markdown"] == "Hi"
    assert isinstance(response, llm.AsyncResponse)


async def test_a_synchronous_stream_is_read_beside_the_loop(page: Any) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def chunks() -> Any:
        yield llm.TextStartChunk()
        seen = turns
        while turns < seen + 100:  # the loop goes on turning while this blocks
            pass
        yield llm.TextChunk(delta="Hi")
        yield llm.TextEndChunk()

    counting = asyncio.create_task(count())
    stream = llm.StreamResponse(
        provider_id="x",
        model_id="x/y",
        provider_model_name="y",
        params={},
        input_messages=[],
        chunk_iterator=chunks(),
    )
    assert await show(stream) is stream
    counting.cancel()
    assert page.bundle["text/markdown"] == "Hi"


async def test_a_click_on_stop_keeps_what_had_arrived(page: Any, script: MakeScript) -> None:
    stream = script(["Hello you", asyncio.Event().wait]).stream()
    task = asyncio.create_task(show(stream))
    await reached(lambda: page.outputs and page.widget.custom)
    page.widget.browser_sends(kind="stop")
    with pytest.raises(asyncio.CancelledError):  # not the cell's own task: see kernel.interruption
        await task
    assert page.record["state"] == "stopped"
    assert page.bundle["text/markdown"] == "Hello you\n\n*Stopped.*"
    assert stream.text() == "Hello you "
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_click_on_stop_in_a_cells_own_task_is_an_interrupt(
    page: Any, script: MakeScript
) -> None:
    stream = script(["Hello", asyncio.Event().wait]).stream()
    caught: list[BaseException] = []

    async def run_cell_async() -> None:
        try:
            await show(stream)
        except KeyboardInterrupt as error:
            caught.append(error)
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0

    task = asyncio.create_task(run_cell_async())
    await reached(lambda: page.outputs and page.widget.custom)
    page.widget.browser_sends(kind="stop")
    await task
    assert str(caught[0]) == "stopped"


async def test_a_cancelled_task_is_stopped_and_stays_cancelled(
    page: Any, script: MakeScript
) -> None:
    task = asyncio.create_task(show(script([asyncio.Event().wait]).stream()))
    await reached(lambda: page.outputs)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert page.record["state"] == "stopped"


async def test_a_failure_goes_on_up_and_the_card_says_what_to_do(
    page: Any, script: MakeScript
) -> None:
    error = llm.RateLimitError("slow down", "script")
    with pytest.raises(llm.RateLimitError) as caught:
        await show(script(["Hello", error]).stream())
    assert caught.value is error
    assert page.record["state"] == "failed"
    block = page.record["blocks"][-1]
    assert block["title"] == "RateLimitError: slow down"
    assert "llm.retry" in block["message"]
    assert page.bundle["text/markdown"].startswith("Hello\n\n**RateLimitError: slow down**")


async def test_a_call_that_never_opened_fails_its_card_too(page: Any) -> None:
    async def opening() -> Any:
        raise llm.MissingAPIKeyError("openai", "OPENAI_API_KEY")

    with pytest.raises(llm.MissingAPIKeyError):
        await show(opening(), model="openai/gpt")
    assert page.record["state"] == "failed"
    assert page.record["asked"] == "openai/gpt"
    assert page.record["answered"] is None


async def test_what_is_no_response_is_refused(page: Any) -> None:
    with pytest.raises(TypeError, match="expected a response"):
        await show("hello")


async def test_a_stream_that_starts_over_shows_only_the_last_attempt(
    page: Any, script: MakeScript
) -> None:
    made = script(["First"])
    stream = made.stream()
    attempts: list[Any] = []

    async def chunk_stream() -> Any:
        attempts.append(1)
        yield llm.TextStartChunk()
        yield llm.TextChunk(delta=f"try {len(attempts)}")
        if len(attempts) == 1:
            failure: Any = type("Failure", (), {"exception": ValueError("lost"), "model": None})()
            raise llm.StreamRestarted(failure)
        yield llm.TextEndChunk()
        stream.consumed = True

    stream.chunk_stream = chunk_stream
    await show(stream)
    assert page.bundle["text/plain"].endswith("\n\ntry 2")
    assert "try 1" not in page.bundle["text/plain"]
    assert page.record["note"] == "Started over: ValueError: lost"


async def test_headless_there_is_one_output_and_two_runs_give_the_same_data(
    headless: Any, script: MakeScript
) -> None:
    for _ in range(2):
        await show(script(["Hello *you*"]).stream())
    first, second = headless.outputs
    assert len(first.shown) == len(second.shown) == 1
    (data, metadata), (again, other) = first.shown[0], second.shown[0]
    assert data == again
    assert data["text/markdown"] == "Hello *you*"
    assert metadata["mirascope_nb"]["card"] != other["mirascope_nb"]["card"]
    assert headless.comms == []


async def test_headless_a_stopped_reply_is_emitted_as_stopped(
    headless: Any, script: MakeScript
) -> None:
    task = asyncio.create_task(show(script(["Hello", asyncio.Event().wait]).stream()))
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert headless.record["state"] == "stopped"


async def test_in_a_script_the_text_is_printed(
    script: MakeScript, capsys: pytest.CaptureFixture[str]
) -> None:
    await show(script(["Hello \x1b[31myou"]).stream())
    assert capsys.readouterr().out == "Hello you \n"


@pytest.mark.parametrize("options", [{"quiet": True}, {"display": False}])
async def test_nothing_is_shown_where_nothing_shall_be(
    page: Any, script: MakeScript, options: dict[str, Any]
) -> None:
    response = await show(script(["Hello"]).stream(), **options)
    assert response.text() == "Hello "
    assert page.outputs == []
    assert page.comms == []


async def test_the_format_reaches_the_card(page: Any, script: MakeScript) -> None:
    await show(script(['{"a":1}']).stream(), format="json")
    assert page.bundle["text/markdown"].startswith("```json\n{\n")
    assert page.record["format"] == "json"


async def test_whoever_binds_has_the_response_before_its_end(page: Any, script: MakeScript) -> None:
    bound: list[Any] = []
    stream = script(["Hello", ValueError("lost")]).stream()
    with pytest.raises(ValueError, match="lost"):
        await show(stream, bind=bound.append)
    assert bound == [stream]


async def test_two_cards_at_once_keep_to_their_own_outputs(page: Any, script: MakeScript) -> None:
    await asyncio.gather(show(script(["one"]).stream()), show(script(["two"]).stream()))
    texts = {output.shown[-1][0]["text/markdown"] for output in page.outputs}
    assert texts == {"one", "two"}


async def test_nothing_of_a_card_is_left_behind(
    page: Any, script: MakeScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards: list[weakref.ref[CardState]] = []

    class Watched(CardState):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            cards.append(weakref.ref(self))

    monkeypatch.setattr(live, "CardState", Watched)
    await show(script(["Hello"]).stream())
    assert pacer_of(asyncio.get_running_loop()).idle
    assert page.widget.log[-1][0] == "comm_close"
    gc.collect()
    assert [card() for card in cards] == [None]


def test_a_blocking_call_shows_its_reply_when_it_is_whole(page: Any) -> None:
    def chunks() -> Any:
        yield llm.TextStartChunk()
        yield llm.TextChunk(delta="Hi")
        yield llm.TextEndChunk()

    stream = llm.StreamResponse(
        provider_id="x",
        model_id="x/y",
        provider_model_name="y",
        params={},
        input_messages=[],
        chunk_iterator=chunks(),
    )
    assert show_blocking(stream) is stream
    assert page.bundle["text/markdown"] == "Hi"
    assert page.comms == []


async def test_a_card_that_cannot_be_shown_does_not_cost_the_reply(
    page: Any,
    script: MakeScript,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: object) -> None:
        raise OSError("no page")

    monkeypatch.setattr(live, "reply_bundle", fail)
    response = await show(script(["Hello"]).stream())
    assert response.text() == "Hello "
    assert "the card could not be closed" in caplog.text


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "values"), ({"format": "json"}, "json"), ({"format": "text"}, "text")],
)
async def test_a_reply_in_a_format_is_laid_out_unless_told_otherwise(
    headless: Any, given: dict[str, Any], expected: str
) -> None:
    model = llm.Model("sandbox/fast")
    stream = model.stream_async("Ada Lovelace, 36 years old.", format=dict[str, int])
    await show(stream, **given)
    assert headless.record["format"] == expected


async def test_a_reply_in_no_format_is_markdown(headless: Any) -> None:
    await show(llm.Model("sandbox/fast").stream_async("Hi"))
    assert headless.record["format"] == "markdown"
