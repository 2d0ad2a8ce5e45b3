"""`nb.map`: every row has an outcome, in order, and nothing is paid for twice."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import mirascope_nb as nb
from mirascope_nb import llm
from mirascope_nb.parallel import (
    Budget,
    JournalInUseError,
    Mapping,
    ProgressActions,
    ProgressState,
    UnknownPriceError,
    read_inputs,
    target_of,
)
from mirascope_nb.parallel.journal import Journal
from mirascope_nb.sandbox import Sandbox

CAPITALS = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Peru": "Lima"}


class Shown:
    def __init__(self) -> None:
        self.states: list[ProgressState] = []
        self.last: list[ProgressState] = []

    def update(self, state: ProgressState) -> None:
        self.states.append(state)

    def close(self, state: ProgressState) -> None:
        self.last.append(state)


def texts(results: Any) -> list[str]:
    return [value.text() for value in results]


async def test_a_call_over_a_list_gives_replies_in_order(
    capital: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    results = await nb.map(capital, list(CAPITALS), limit=2, description="Capitals")
    assert len(results) == 4
    for text, city in zip(texts(results), CAPITALS.values(), strict=True):
        assert city in text
    assert (results.errors, results.cancelled) == ([], [])
    assert results.usage is not None
    assert results.usage.total_tokens > 0
    assert results.cost is None  # never 0 for unknown
    assert isinstance(results[1:3], list)
    assert "Capitals: 4/4" in capsys.readouterr().err


async def test_prompts_streams_and_functions_are_mapped_too(llm_sandbox: Sandbox) -> None:
    @llm.prompt
    async def ask(country: str) -> str:
        return f"What is the capital of {country}?"

    results = await nb.map(ask, ["Peru"], model="sandbox/fast")
    assert "Lima" in results[0].text()
    with pytest.raises(ValueError, match="a prompt has no model of its own"):
        await nb.map(ask, ["Peru"])
    with llm.model("sandbox/echo"):
        assert "capital of Peru" in (await nb.map(ask, ["Peru"]))[0].text()

    @llm.call("sandbox/fast")
    def call(country: str) -> str:
        return f"What is the capital of {country}?"

    streamed = await nb.map(call.stream, ["Italy"])
    assert streamed[0].consumed
    assert "Rome" in streamed[0].text()

    async def double(number: int) -> int:
        return 2 * number

    assert list(await nb.map(double, iter(range(3)))) == [0, 2, 4]
    assert list(await nb.map(len, ["a", "bb"])) == [1, 2]

    async def numbers() -> AsyncIterator[int]:
        yield 1
        yield 2

    assert list(await nb.map(double, numbers())) == [2, 4]


async def test_a_context_reaches_the_prompt(llm_sandbox: Sandbox) -> None:
    @llm.call("sandbox/echo")
    def ask(ctx: llm.Context[str], country: str) -> str:
        return f"{ctx.deps} {country}"

    results = await nb.map(ask, ["Peru"], ctx=llm.Context(deps="Hello"))
    assert "Hello Peru" in results[0].text()
    with pytest.raises(ValueError, match="takes a context"):
        await nb.map(ask, ["Peru"])


async def test_keyword_rows_and_single_mappings() -> None:
    async def describe(name: str, age: int = 0) -> str:
        return f"{name} {age}"

    rows = [{"name": "Ann", "age": 3}, {"name": "Bo"}]
    assert list(await nb.map(describe, rows)) == ["Ann 3", "Bo 0"]

    async def keys(row: dict[str, int]) -> list[str]:
        return list(row)

    assert list(await nb.map(keys, [{"a": 1}])) == [["a"]]
    with pytest.raises(TypeError, match="must be a list"):
        await nb.map(keys, "text")


async def test_pandas_rows_keep_their_index() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"name": ["Ann", "Bo"], "age": [3, 4], "more": [0, 0]}, index=[7, 9])

    async def describe(name: str, age: int) -> str:
        if name == "Bo":
            raise LookupError("no Bo")
        return f"{name} {age}"

    made = (await nb.map(describe, frame)).to_frame()
    assert list(made.index) == [7, 9]
    assert made["result"][7] == "Ann 3"
    assert pandas.isna(made["result"][9])
    assert made["error"][9] == "LookupError: no Bo"
    assert list(made["more"]) == [0, 0]
    column = await nb.map(len, frame["name"])
    assert list(column.to_frame().columns)[:2] == ["name", "result"]

    async def missing(name: str, height: int) -> None:
        raise AssertionError("is not called")

    with pytest.raises(TypeError, match="no column height"):
        await nb.map(missing, frame)


async def test_polars_frames_columns_and_lazy_frames() -> None:
    polars = pytest.importorskip("polars")

    class Person(BaseModel):
        first: str
        length: int

    async def parse(name: str) -> Person:
        return Person(first=name[0], length=len(name))

    frame = polars.DataFrame({"name": ["Ann", "Bo"]})
    made = (await nb.map(parse, frame.lazy())).to_frame()
    assert made.columns[:3] == ["name", "first", "length"]
    assert made["length"].to_list() == [3, 2]
    assert list(await nb.map(len, frame["name"])) == [3, 2]


def test_a_plain_list_imports_no_frame_library() -> None:
    import subprocess

    code = (
        "import sys, asyncio, mirascope_nb as nb\n"
        "async def f(x): return x\n"
        "asyncio.run(nb.map(f, [1]))\n"
        "assert not {'pandas', 'polars', 'narwhals', 'IPython'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True)


async def test_failed_rows_are_values_and_can_be_retried_in_place(
    capital: Any, llm_sandbox: Sandbox
) -> None:
    llm_sandbox.fail(400)
    mapping = Mapping(
        target_of(capital),
        read_inputs(list(CAPITALS), None),
        limit=1,
        description="Map",
    )
    shown = Shown()
    results = await mapping.run(shown)
    index, given, error = results.errors[0]
    assert (index, given) == (0, "France")
    assert isinstance(error, llm.BadRequestError)
    assert isinstance(results[0], llm.BadRequestError)
    assert (shown.last[0].state, shown.last[0].failed, shown.last[0].done) == ("done", 1, 3)
    assert mapping.actions.retry is not None
    mapping.actions.retry()  # the button, long after the cell
    await results.retry_failed()  # joins it
    assert results.errors == []
    assert "Paris" in results[0].text()
    assert (shown.last[-1].done, shown.last[-1].failed, shown.last[-1].errors) == (4, 0, ())
    assert len(llm_sandbox.requests) == 5


async def test_rows_are_retried_by_default_and_only_as_told(
    capital: Any, llm_sandbox: Sandbox, quick: llm.RetryConfig
) -> None:
    llm_sandbox.fail(500)
    results = await nb.map(capital, ["Peru"], retry=quick)
    assert "Lima" in results[0].text()
    assert len(results[0].retry_failures) == 1
    llm_sandbox.fail(500)
    results = await nb.map(capital, ["Peru"], retry=False)
    assert isinstance(results[0], llm.ServerError)
    llm_sandbox.cut()
    results = await nb.map(capital.stream, ["Peru"], retry=quick)
    assert "Lima" in results[0].text()

    async def function(country: str) -> str:
        return (await llm.Model("sandbox/fast").call_async(f"Capital of {country}?")).text()

    llm_sandbox.fail(503)
    assert "Lima" in (await nb.map(function, ["Peru"], retry=quick))[0]


async def test_cancel_returns_what_is_done() -> None:
    first = asyncio.Event()

    async def work(number: int) -> int:
        if number:
            first.set()
            await asyncio.Event().wait()
        return number

    mapping = Mapping(target_of(work), read_inputs(range(5), None), limit=2, description="Map")
    shown = Shown()
    task = asyncio.create_task(mapping.run(shown))
    await first.wait()
    assert mapping.actions.cancel is not None
    mapping.actions.cancel()
    results = await task
    assert results[0] == 0
    assert results.cancelled == [1, 2, 3, 4]
    assert results.errors == []
    assert (shown.last[0].state, shown.last[0].cancelled) == ("cancelled", 4)
    first.clear()


async def test_a_stop_keeps_what_was_done_on_the_exception() -> None:
    begun = asyncio.Event()
    ended: list[int] = []

    async def work(number: int) -> int:
        if number:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(number)
        return number

    task = asyncio.create_task(nb.map(work, range(4), limit=3))
    await begun.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    results = vars(caught.value)["results"]
    assert results[0] == 0
    assert results.cancelled == [1, 2, 3]
    assert sorted(ended)
    assert len(asyncio.all_tasks()) == 1


async def test_a_journal_pays_for_a_row_once(
    capital: Any, llm_sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    first = await nb.map(capital, ["France", "Italy"], journal=path)
    again = await nb.map(capital, ["Italy", "Peru", "France", "France"], journal=path)
    assert len(llm_sandbox.requests) == 4  # France was asked twice: it is given twice
    assert again.restored == 2
    assert texts(again)[0] == texts(first)[1]
    kept, paid = again[0], first[1]
    assert (kept.usage, kept.raw, kept.finish_reason) == (paid.usage, paid.raw, paid.finish_reason)
    assert kept.messages[:-1] == paid.messages[:-1]
    assert "Rome" in (await kept.resume("Repeat that.")).messages[-3].content[0].text
    refreshed = await nb.map(capital, ["France"], journal=path, refresh=True)
    assert refreshed.restored == 0
    assert len(llm_sandbox.requests) == 6


async def test_another_prompt_model_or_param_is_another_row(
    llm_sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"

    def make(model: str, text: str, **params: Any) -> Any:
        @llm.call(model, **params)
        def call(country: str) -> str:
            return f"{text} {country}"

        return call

    for call in (
        make("sandbox/fast", "A"),
        make("sandbox/fast", "B"),
        make("sandbox/echo", "A"),
        make("sandbox/fast", "A", temperature=0.5),
    ):
        assert (await nb.map(call, ["x"], journal=path)).restored == 0
    assert (await nb.map(make("sandbox/fast", "A"), ["x"], journal=path)).restored == 1


async def test_failed_rows_are_written_and_tried_again(
    capital: Any, llm_sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    llm_sandbox.fail(400)
    await nb.map(capital, ["France", "Italy"], journal=path, limit=1)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["ok"] for line in lines] == [False, True]
    assert "BadRequestError" in lines[0]["error"]
    assert lines[1]["input"] == "Italy"
    assert lines[1]["input_tokens"] > 0
    results = await nb.map(capital, ["France", "Italy"], journal=path)
    assert (results.restored, results.errors) == (1, [])


async def test_a_torn_last_line_is_dropped_and_the_rest_is_good(
    capital: Any, llm_sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    await nb.map(capital, list(CAPITALS), journal=path, limit=1)
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for cut in (last + 1, (last + len(whole)) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        before = len(llm_sandbox.requests)
        results = await nb.map(capital, list(CAPITALS), journal=path)
        assert results.restored == 3
        assert len(llm_sandbox.requests) == before + 1
        assert len(path.read_text().splitlines()) == 4
        for line in path.read_text().splitlines():
            json.loads(line)


async def test_a_journal_in_use_is_refused(capital: Any, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    path = tmp_path / "rows.jsonl"
    with Journal(path), pytest.raises(JournalInUseError, match="in use"):
        await nb.map(capital, ["France"], journal=path)


async def test_functions_with_values_go_through_the_journal(tmp_path: Path) -> None:
    class Person(BaseModel):
        name: str

    called: list[str] = []

    async def make(name: str) -> Person:
        called.append(name)
        return Person(name=name)

    make.__annotations__["return"] = Person
    await nb.map(make, ["Ann"], journal=tmp_path / "j")
    results = await nb.map(make, ["Ann"], journal=tmp_path / "j")
    assert called == ["Ann"]
    assert results[0] == Person(name="Ann")

    async def odd(name: str) -> object:
        return object()

    with pytest.warns(UserWarning, match="a journal keeps"):
        results = await nb.map(odd, ["Ann"], journal=tmp_path / "j")
    assert results.errors == []


async def test_structured_replies_come_back_parsed(llm_sandbox: Sandbox, tmp_path: Path) -> None:
    class Book(BaseModel):
        title: str

    @llm.call("sandbox/fast", format=Book)
    def recommend(genre: str) -> str:
        return f"Recommend a {genre} book"

    first = await nb.map(recommend, ["fantasy"], journal=tmp_path / "j")
    again = await nb.map(recommend, ["fantasy"], journal=tmp_path / "j")
    assert again.restored == 1
    assert again[0].parse() == first[0].parse()
    assert isinstance(again[0].parse(), Book)


class Priced:
    """A result that says what it cost."""

    def __init__(self, cost: str) -> None:
        self.cost = Decimal(cost)


async def test_max_cost_is_never_passed() -> None:
    async def work(number: int) -> Priced:
        await asyncio.sleep(0)
        return Priced("0.10" if number % 2 else "0.07")

    results = await nb.map(work, range(100), max_cost=1, limit=10)
    assert results.cost is not None
    assert Decimal("0.8") <= results.cost <= 1
    assert results.cancelled
    assert results.stopped_because is not None
    assert "so as not to pass $1" in results.stopped_because

    async def free(number: int) -> int:
        return number

    with pytest.raises(UnknownPriceError, match="do not say what they cost"):
        await nb.map(free, range(3), max_cost=1)


async def test_max_cost_with_no_known_price_sends_nothing(
    capital: Any, llm_sandbox: Sandbox
) -> None:
    with pytest.raises(UnknownPriceError, match="price of sandbox/fast is not known"):
        await nb.map(capital, ["France"], max_cost=1)
    assert llm_sandbox.requests == []


async def test_a_dry_run_estimates_and_sends_nothing(
    capital: Any, llm_sandbox: Sandbox, tmp_path: Path
) -> None:
    await nb.map(capital, ["France"], journal=tmp_path / "j")
    estimate = await nb.map(capital, list(CAPITALS), journal=tmp_path / "j", dry_run=True)
    assert (estimate.rows, estimate.restored, estimate.cost) == (4, 1, None)
    assert estimate.input_tokens is not None
    assert 30 < estimate.input_tokens < 90
    assert len(llm_sandbox.requests) == 1


async def test_representations_show_rows_as_text_only() -> None:
    async def tag(text: str) -> str:
        return f"<script>{text}\u202e</script>"

    results = await nb.map(tag, ["<b>"] * 12)
    assert repr(results) == "<Results: 12 rows · 12 done>"
    page: str = getattr(results, "_repr_html_")()  # noqa: B009, IPython's name
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    assert "2 more" in page


async def test_a_wait_for_the_provider_is_told(capital: Any, llm_sandbox: Sandbox) -> None:
    llm_sandbox.fail(429, retry_after=2)
    mapping = Mapping(
        target_of(capital, policy=llm.RetryConfig()),
        read_inputs(list(CAPITALS), None),
        limit=1,
        description="Map",
    )
    shown = Shown()
    task = asyncio.create_task(mapping.run(shown))
    async with asyncio.timeout(10):
        # The simulator runs in a thread, and has nothing to wait for.
        while not llm_sandbox.requests or llm.limits.show()[-1].running:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    other = asyncio.create_task(nb.map(capital, ["Chile"]))
    results = await task
    assert results.errors == []
    assert (await other).errors == []
    times = [each.received for each in llm_sandbox.requests]
    assert min(each for each in times[1:]) - times[0] >= 1.9  # nobody has asked meanwhile


async def test_results_as_they_complete() -> None:
    gates = [asyncio.Event() for _ in range(3)]

    async def work(number: int) -> int:
        await gates[number].wait()
        if number == 1:
            raise LookupError("one")
        return number

    seen: list[int | str] = []
    gates[2].set()
    async for done in nb.as_completed([work(0), work(1), work(2)]):
        try:
            seen.append(await done)
        except LookupError as error:
            seen.append(str(error))
        gates[1 if len(seen) == 1 else 0].set()
    assert seen == [2, "one", 0]
    again = [asyncio.Event() for _ in range(3)]
    gates[:] = again
    for event in again:
        event.set()
    assert {await each for each in nb.as_completed(work(0), work(2))} == {0, 2}
    async for done in nb.as_completed([work(0), work(2), asyncio.sleep(60, 5)], limit=1):
        assert await done == 0
        break
    async with asyncio.timeout(5):
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110, the loop's own turns are waited for
            await asyncio.sleep(0)


async def test_a_generator_is_read_a_little_ahead_and_no_further() -> None:
    read: list[int] = []
    closed: list[str] = []

    def numbers() -> Iterator[int]:
        try:
            for number in itertools.count():
                read.append(number)
                yield number
        finally:
            closed.append("closed")

    done = 0
    enough = asyncio.Event()

    async def work(number: int) -> int:
        nonlocal done
        done += 1
        if done == 300:
            enough.set()
        return 2 * number

    mapping = Mapping(target_of(work), read_inputs(numbers(), None), limit=4, description="Map")
    shown = Shown()
    task = asyncio.create_task(mapping.run(shown))
    await enough.wait()
    assert len(read) < 300 + 100
    assert shown.states[-1].total is None
    assert mapping.actions.cancel is not None
    mapping.actions.cancel()
    results = await task
    assert closed == ["closed"]
    assert len(results) == len(read)
    assert [value for _, value in results.succeeded] == [
        2 * index for index, _ in results.succeeded
    ]
    assert (shown.last[0].total, shown.last[0].state) == (None, "cancelled")


async def test_a_generator_that_breaks_keeps_what_was_done() -> None:
    async def numbers() -> AsyncIterator[int]:
        for number in range(5):
            yield number
        raise ConnectionError("the cursor is gone")

    async def work(number: int) -> int:
        return number

    with pytest.raises(ConnectionError, match="cursor is gone") as caught:
        await nb.map(work, numbers())
    assert list(vars(caught.value)["results"]) == [0, 1, 2, 3, 4]


async def test_iterators_know_their_total_in_the_end_and_fill_a_journal(tmp_path: Path) -> None:
    async def work(number: int) -> int:
        return number

    mapping = Mapping(
        target_of(work),
        read_inputs(iter(range(100)), None),
        limit=10,
        description="Map",
        journal=str(tmp_path / "j"),
    )
    shown = Shown()
    await mapping.run(shown)
    assert (shown.last[0].total, shown.last[0].done) == (100, 100)
    again = await nb.map(work, iter(range(120)), journal=tmp_path / "j")
    assert (again.restored, list(again)) == (100, list(range(120)))
    estimate = await nb.map(work, iter(range(130)), journal=tmp_path / "j", dry_run=True)
    assert (estimate.rows, estimate.restored) == (130, 120)


async def test_a_dict_of_inputs_names_its_rows() -> None:
    pandas = pytest.importorskip("pandas")
    assert pandas is not None
    results = await nb.map(len, {"short": "a", "long": "abc"})
    assert list(results) == [1, 3]
    frame = results.to_frame()
    assert list(frame.index) == ["short", "long"]
    assert list(frame["result"]) == [1, 3]


async def test_blocking_functions_wait_side_by_side() -> None:
    together = threading.Barrier(20, timeout=20)

    def work(number: int) -> int:
        together.wait()
        return number

    assert list(await nb.map(work, range(20), limit=20)) == list(range(20))


async def test_a_prompt_that_is_dearer_than_those_before_is_set_aside_for() -> None:
    budget = Budget(Decimal("1.00"))
    budget.expect(0, prompt=Decimal("0.01"), most=Decimal("0.10"))
    assert budget.admit(0)
    budget.settle(0, Priced("0.05"), failed=False)
    budget.expect(1, prompt=Decimal("0.90"), most=Decimal("0.99"))
    assert not budget.admit(1)
    budget.expect(2, prompt=Decimal("0.80"), most=Decimal("0.99"))
    assert budget.admit(2)


async def test_a_retry_that_cannot_open_the_journal_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")

    async def work(number: int) -> int:
        if number:
            raise LookupError(str(number))
        return number

    path = tmp_path / "j"
    mapping = Mapping(
        target_of(work), read_inputs(range(3), None), limit=1, description="M", journal=str(path)
    )
    shown = Shown()
    results = await mapping.run(shown)
    with Journal(path), pytest.raises(JournalInUseError):
        await results.retry_failed()
    assert mapping.state.state == "done"
    assert (mapping.state.failed, len(results.errors)) == (2, 2)


async def test_a_detached_map_goes_on_after_its_cell() -> None:
    gate = asyncio.Event()

    async def work(number: int) -> int:
        if number == 2:
            await gate.wait()
        return number

    handle = await nb.map(work, range(4), limit=1, detach=True)
    async with asyncio.timeout(5):
        while len(handle.results.succeeded) < 2:  # noqa: ASYNC110, turns
            await asyncio.sleep(0)
    assert (handle.state, handle.done()) == ("running", False)
    gate.set()
    assert list(await handle) == [0, 1, 2, 3]
    assert handle.state == "done"
    gate.clear()
    handle = await nb.map(work, range(4), limit=1, detach=True)
    await asyncio.sleep(0)
    assert handle.cancel()
    with pytest.raises(asyncio.CancelledError):
        await handle
    assert handle.results.cancelled


async def test_where_nobody_watches_a_detached_map_has_ended_with_its_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0.01)
        return number

    monkeypatch.setattr("mirascope_nb.gathers.detect", lambda: "headless")

    def show(_: ProgressActions) -> Shown:
        return Shown()

    monkeypatch.setattr("mirascope_nb.gathers.open_progress", show)
    handle = await nb.map(work, range(4), detach=True)
    assert handle.done()
    assert list(await handle) == [0, 1, 2, 3]

    async def fail(number: int) -> int:
        raise SystemExit(number)

    handle = await nb.map(fail, [3], detach=True)  # told by the handle, and not by the kernel's end
    assert handle.state == "failed"
    assert isinstance(handle.exception(), SystemExit)
