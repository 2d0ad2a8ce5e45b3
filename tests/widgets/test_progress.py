"""The progress bar: whole states, paced; buttons that do something or are refused."""

import asyncio
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from mirascope_nb.display.progress import PROGRESS_TYPE, ProgressRecord
from mirascope_nb.display.record import schema_of
from mirascope_nb.parallel.progress import Progress, ProgressActions, ProgressState
from mirascope_nb.widgets.progress import (
    MAX_ERRORS,
    ProgressView,
    StaticProgress,
    progress_bundle,
    progress_message,
)

VIEW = "application/vnd.jupyter.widget-view+json"

STATE = ProgressState(
    description="Summaries", total=10, done=3, running=2, waiting=5, rows="dddrr....."
)


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def ask(view: ProgressView, browser: Any, kind: str, **fields: Any) -> Any:
    [comm] = browser.ours
    comm.browser_sends({"kind": kind, "id": view.id, "request": "r1", **fields})
    return comm.custom[-1] if comm.custom else None


async def test_a_bar_appears_with_its_first_state_and_is_not_sent_more_often_than_it_is_due(
    browser: Any, cell: Any
) -> None:
    view = ProgressView(ProgressActions(), output=cell)
    assert browser.comms == []
    for done in range(100):
        view.update(replace(STATE, done=done))
    await turns()
    [comm] = browser.ours
    assert [message["done"] for message in comm.custom] == [99]
    view.update(STATE)
    await turns()
    assert len(comm.custom) == 1
    [(data, _)] = cell.shown
    assert "application/vnd.jupyter.widget-view+json" in data
    view.dispose()


async def test_the_end_is_sent_at_once_and_the_output_becomes_static(
    browser: Any, cell: Any
) -> None:
    view = ProgressView(ProgressActions(), output=cell)
    view.update(STATE)
    await turns()
    end = replace(STATE, done=10, running=0, waiting=0, state="done", elapsed=3.21)
    view.close(end)
    last = browser.ours[0].custom[-1]
    assert (last["done"], last["state"], last["final"], last["seq"]) == (10, "done", True, 2)
    data, metadata = cell.shown[-1]
    assert data["text/plain"] == "Summaries: 10/10"
    assert (data[PROGRESS_TYPE]["done"], data[PROGRESS_TYPE]["rows"]) == (10, STATE.rows)
    jsonschema.validate(data[PROGRESS_TYPE], schema_of(ProgressRecord))
    assert metadata == {"mirascope_nb": {"elapsed": 3.21}}
    assert VIEW not in data
    assert browser.closed


async def test_a_bar_with_failed_rows_is_saved_as_a_summary_and_can_be_retried(
    browser: Any, cell: Any
) -> None:
    clicks: list[str] = []
    view = ProgressView(ProgressActions(retry=lambda: clicks.append("retry")), output=cell)
    view.update(STATE)
    view.close(replace(STATE, done=9, failed=1, state="failed"))
    assert not browser.closed
    assert browser.ours[0].custom[-1]["can_retry"]
    data, metadata = cell.shown[-1]
    assert VIEW not in data
    assert data["text/plain"] == "Summaries: 10/10 · 1 failed · failed"
    live = metadata["mirascope_nb"]["live"]
    assert live == {"comm": browser.ours[0].comm_id, "card": view.id}
    ask(view, browser, "retry")
    assert clicks == ["retry"]
    view.update(replace(STATE, done=9, running=1))
    view.close(replace(STATE, done=10, state="done"))
    assert browser.closed
    assert cell.shown[-1][0]["text/plain"] == "Summaries: 10/10"
    assert "live" not in cell.shown[-1][1]["mirascope_nb"]
    assert len(cell.shown) == 3


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
@pytest.mark.parametrize("retry", [None, lambda: None])
@pytest.mark.parametrize("failed", [0, 2])
async def test_no_end_leaves_a_widget_in_the_output(
    browser: Any, cell: Any, state: Any, retry: Any, failed: int
) -> None:
    view = ProgressView(ProgressActions(retry=retry), output=cell)
    view.update(STATE)
    view.close(replace(STATE, failed=failed, running=0, waiting=0, state=state))
    assert VIEW not in cell.shown[-1][0]
    assert cell.shown[-1][0]["text/plain"].startswith("Summaries: ")
    view.dispose()


async def test_a_retry_is_offered_only_where_it_is_obeyed(browser: Any, cell: Any) -> None:
    def offered(actions: ProgressActions, state: ProgressState) -> bool:
        view = ProgressView(actions, output=cell)
        view.update(state)
        message = ask(view, browser, "resync")
        view.dispose()
        browser.comms.clear()
        return message["can_retry"]

    failed = replace(STATE, done=9, failed=1, running=0, waiting=0)
    retry = ProgressActions(retry=lambda: None)
    assert offered(retry, replace(failed, state="done"))
    assert not offered(retry, replace(failed, state="running"))
    assert not offered(retry, replace(STATE, state="done"))
    assert not offered(ProgressActions(), replace(failed, state="failed"))


async def test_every_button_does_what_it_says(browser: Any, cell: Any) -> None:
    clicks: list[Any] = []
    actions = ProgressActions(
        cancel=lambda: clicks.append("cancel"),
        pause=lambda: clicks.append("pause"),
        resume=lambda: clicks.append("resume"),
        retry=lambda: clicks.append("retry"),
        limit=clicks.append,
    )
    view = ProgressView(actions, output=cell)
    view.update(STATE)
    for kind in ("cancel", "pause", "resume", "retry"):
        ask(view, browser, kind)
    ask(view, browser, "limit", value=7)
    assert clicks == ["cancel", "pause", "resume", "retry", 7]
    assert browser.ours[0].custom == []
    view.dispose()


@pytest.mark.parametrize(
    ("kind", "fields"), [("pause", {}), ("limit", {"value": 3}), ("retry", {})]
)
async def test_a_button_without_an_action_is_refused(
    browser: Any, cell: Any, kind: str, fields: dict[str, Any]
) -> None:
    view = ProgressView(ProgressActions(), output=cell)
    view.update(STATE)
    assert ask(view, browser, kind, **fields)["kind"] == "refused"
    view.dispose()


async def test_a_limit_below_one_is_refused(browser: Any, cell: Any) -> None:
    limits: list[int] = []
    view = ProgressView(ProgressActions(limit=limits.append), output=cell)
    view.update(STATE)
    assert ask(view, browser, "limit", value=0)["reason"] == "at least one has to run"
    assert limits == []
    view.dispose()


async def test_a_bar_that_mounts_late_asks_and_gets_the_state(browser: Any, cell: Any) -> None:
    view = ProgressView(ProgressActions(), output=cell)
    view.update(STATE)
    message = ask(view, browser, "resync")
    assert (message["kind"], message["done"], message["seq"]) == ("progress", 3, 1)
    view.dispose()


async def test_a_bar_that_a_page_has_closed_comes_back_with_the_next_state(
    browser: Any, cell: Any
) -> None:
    view = ProgressView(ProgressActions(), output=cell)
    view.update(ProgressState(total=4, done=1))
    browser.ours[0].browser_closes()
    view.update(ProgressState(total=4, done=2))
    await turns()
    assert [message["done"] for message in browser.ours[1].custom] == [2]
    view.close(ProgressState(total=4, done=4, state="done"))
    assert browser.closed


async def test_a_bar_in_a_page_that_was_loaded_anew_stays_to_its_end(
    browser: Any, cell: Any
) -> None:
    view = ProgressView(ProgressActions(), output=cell)
    view.update(ProgressState(total=4, done=1))
    browser.ours[0].browser_fetches()
    view.close(ProgressState(total=4, done=4, state="done"))
    assert ask(view, browser, "resync")["state"] == "done"


def test_headless_the_summary_is_the_one_output(cell: Any) -> None:
    progress: Progress = StaticProgress(output=cell)
    progress.update(STATE)
    assert cell.shown == []
    progress.close(replace(STATE, done=10))
    assert [data for data, _ in cell.shown] == [{"text/plain": "Summaries: 10/10"}]


def test_a_message_is_bounded_and_hides_nothing() -> None:
    errors = tuple((index, "bad\n\u202e" + "x" * 1000) for index in range(200))
    state = replace(STATE, description="a\u200b", rows="d" * 501, errors=errors)
    message = progress_message(state, "id", seq=1, final=False)
    assert message["rows"] is None
    assert len(message["errors"]) == MAX_ERRORS
    assert all(len(text) <= 200 and "\n" not in text for _, text in message["errors"])
    assert message["description"] == "a\\u200b"
    assert progress_message(STATE, "id", seq=1, final=False)["rows"] == "dddrr....."


def test_the_summary_says_how_it_ended_and_what_it_cost() -> None:
    state = replace(
        STATE,
        done=7,
        failed=2,
        cancelled=1,
        state="failed",
        tokens=81204,
        cost="0.021",
        elapsed=9.9,
    )
    line = "Summaries: 9/10 · 2 failed · 1 cancelled · failed · 81,204 tokens · $0.021"
    data = progress_bundle(replace(state, errors=((3, "RateLimitError: slow"),)))
    assert data == {"text/plain": f"{line}\n[3] RateLimitError: slow"}
