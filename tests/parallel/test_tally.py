"""Counts, rates and sums of a batch, by a clock of the test's own."""

from __future__ import annotations

import io
from dataclasses import dataclass
from decimal import Decimal

from mirascope_nb.parallel import ProgressState, Tally, TextProgress
from mirascope_nb.parallel.progress import progress_line


@dataclass
class Tokens:
    total_tokens: int


@dataclass
class Reply:
    usage: Tokens | None
    cost: Decimal | None


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_rows_are_counted_by_state() -> None:
    tally = Tally(4, description="Rows", limit=2, clock=Clock())
    tally.set(0, "r")
    tally.set(1, "r")
    tally.succeed(0, Reply(Tokens(10), Decimal("0.002")))
    tally.fail(1, ValueError("bad"))
    state = tally.state()
    assert (state.done, state.failed, state.running, state.waiting) == (1, 1, 0, 2)
    assert state.rows == "df.."
    assert state.errors == ((1, "ValueError: bad"),)
    assert state.tokens == 10
    assert state.cost == "0.0020"
    assert state.projected == "0.0060"


def test_an_unknown_cost_is_never_zero() -> None:
    tally = Tally(2, clock=Clock())
    tally.succeed(0, Reply(None, None))
    assert (tally.state().cost, tally.state().tokens, tally.state().projected) == (None, None, None)


def test_the_rate_and_the_time_left_follow_the_last_rows() -> None:
    clock = Clock()
    tally = Tally(1_000, clock=clock)
    assert tally.state().rate is None
    for index in range(100):
        clock.now += 1.0 if index < 30 else 0.1
        tally.succeed(index, None)
    state = tally.state()
    assert state.rate is not None
    assert 9.5 < state.rate < 10.5
    assert state.left is not None
    assert 85 < state.left < 95
    assert state.rows is None  # too many to show one by one


def test_the_clock_stops_at_the_end() -> None:
    clock = Clock()
    tally = Tally(1, clock=clock)
    clock.now += 2
    tally.end("done")
    clock.now += 50
    assert tally.state().elapsed == 2


def test_the_line_says_what_differs_from_plain_success() -> None:
    assert progress_line(ProgressState(total=3, done=3)) == "Progress: 3/3"
    assert progress_line(
        ProgressState(description="a\nb", total=9, done=3, failed=1, state="paused")
    ) == "Progress: 4/9 · 1 failed · paused".replace("Progress", "a b")
    assert (
        progress_line(ProgressState(total=9, done=3, cancelled=6, state="cancelled"))
        == "Progress: 3/9 · cancelled"
    )


def test_a_stream_that_is_no_terminal_gets_one_line() -> None:
    stream = io.StringIO()
    progress = TextProgress(stream)
    progress.update(ProgressState(total=2, done=1))
    progress.close(ProgressState(total=2, done=2, elapsed=1.25))
    assert stream.getvalue() == "Progress: 2/2 · 1.2 s\n"


def test_a_terminal_gets_its_line_written_over() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    progress = TextProgress(stream, columns=lambda: 40)
    progress.update(ProgressState(total=12, done=10, left=3.2, waiting_for="waiting 12 s: 429"))
    progress.close(ProgressState(total=2, done=2))
    first, second = stream.getvalue().split("\r")
    assert first == "Progress: 10/12 · 0 s · 3 s left · wait"  # a longer line would wrap
    assert len(second.rstrip("\n")) >= len(first)


def test_a_terminal_that_is_gone_is_no_reason_to_fail() -> None:
    class Gone(io.StringIO):
        def write(self, text: str, /) -> int:
            raise BrokenPipeError

    TextProgress(Gone()).close(ProgressState(total=2, done=2))


def test_rows_that_are_found_on_the_way_have_no_total_before_the_end() -> None:
    tally = Tally(None, clock=Clock())
    for index in range(3):
        tally.add()
        tally.succeed(index, Reply(None, Decimal(1)))
    tally.add()
    state = tally.state()
    assert (state.total, state.waiting, state.left, state.projected) == (None, 1, None, None)
    tally.know_total()
    assert (tally.state().total, tally.state().projected) == (4, "4.00")
    tally.end("cancelled")
    assert (tally.state().cancelled, tally.state().rows) == (1, "dddc")
