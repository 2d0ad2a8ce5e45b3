"""Maps in a page: the bar tells the truth, its buttons work, and what is left is static."""

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Locator, expect

if TYPE_CHECKING:
    from tests.e2e.cards.conftest import Bench, Cell
else:
    Bench = Cell = Any

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


def bar_of(cell: Cell, name: str) -> Locator:
    return cell.element.get_by_role("group", name=name, exact=True)


def button(group: Locator, name: str) -> Locator:
    return group.get_by_role("button", name=name, exact=True)


async def expect_bar(group: Locator, *, now: int, most: int, text: str) -> None:
    bar = group.get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", str(now))
    await expect(bar).to_have_attribute("aria-valuemin", "0")
    await expect(bar).to_have_attribute("aria-valuemax", str(most))
    await expect(group).to_contain_text(re.compile(text))


def open_gates(bench: Bench, *numbers: int) -> None:
    for number in numbers:
        bench.open_gate(f"row{number}")


async def test_a_failed_row_is_told_on_hover_and_retried_after_the_cell(rows: Bench) -> None:
    for failing in (2, 5):
        rows.open_gate(f"fails{failing}")
    cell = await rows.run_one(
        'results = await nb.map(row, range(8), limit=8, description="Cities")'
    )
    group = bar_of(cell, "Cities")
    await expect_bar(group, now=0, most=8, text=r"0/8 · ")
    open_gates(rows, 0, 1, 2, 5)
    await expect_bar(group, now=4, most=8, text=r"4/8 · 2 failed · \d+ s")
    await expect(button(group, "Retry failed")).to_be_hidden()  # while it runs
    squares = group.locator(".mnb-square")
    await expect(squares).to_have_count(8)
    await squares.nth(5).hover()
    await expect(group.locator(".mnb-row-told")).to_have_text(
        "Row 5: ValueError: row 5 has no such city"
    )
    await rows.screenshot("map-running-light", of=cell.element)
    open_gates(rows, *range(8))
    await cell.finish()
    await expect_bar(group, now=8, most=8, text=r"8/8 · 2 failed · ")
    assert await rows.ask("[each.index for each in results.errors]") == [2, 5]
    for name in ("fails2", "fails5"):
        (rows.server.root / name).unlink()
    await button(group, "Retry failed").click()
    await expect_bar(group, now=8, most=8, text=r"8/8 · \d+ s")
    await expect(group).not_to_contain_text(re.compile(r"\d failed"))
    assert await rows.ask("list(results)") == list(range(8))
    (output,) = await cell.outputs()
    assert output["data"]["text/plain"] == "Cities: 8/8"


async def test_cancel_keeps_what_is_done_and_says_how_much(rows: Bench) -> None:
    cell = await rows.run_one(
        'results = await nb.map(row, range(6), limit=2, description="Some")\n'
        "print(len(results.succeeded), results.cancelled)"
    )
    group = bar_of(cell, "Some")
    await expect_bar(group, now=0, most=6, text=r"0/6 · ")
    open_gates(rows, 0, 1)
    await expect_bar(group, now=2, most=6, text=r"2/6 · ")
    await button(group, "Cancel").click()
    await cell.finish()
    assert await cell.printed() == "2 [2, 3, 4, 5]\n"
    text = str((await cell.outputs())[0])
    assert "Some: 2/6" in text
    assert "cancelled" in text


async def test_pause_begins_nothing_and_the_limit_can_be_raised(rows: Bench) -> None:
    cell = await rows.run_one('await nb.map(row, range(9), limit=2, description="Held");')
    group = bar_of(cell, "Held")
    await expect_bar(group, now=0, most=9, text=r"0/9 · ")
    running = group.locator('.mnb-square[data-row="r"]')
    await expect(running).to_have_count(2)
    at_once = group.get_by_role("spinbutton", name="At once")
    await expect(at_once).to_have_value("2")
    await at_once.fill("4")
    await at_once.press("Enter")
    await expect(running).to_have_count(4)
    await button(group, "Pause").click()
    await expect(button(group, "Resume")).to_be_visible()
    await expect(group.get_by_role("status")).to_have_text("paused")
    open_gates(rows, *range(9))
    await expect_bar(group, now=4, most=9, text=r"4/9 · ")
    await expect(running).to_have_count(0)
    await rows.screenshot("map-paused-light", of=cell.element)
    await button(group, "Resume").click()
    await cell.finish()
    assert "Held: 9/9" in str(await cell.outputs())


async def test_a_stop_is_shown_as_cancelled(rows: Bench) -> None:
    cell = await rows.run_one('await nb.map(capital, range(4), limit=4, description="Asked")')
    group = bar_of(cell, "Asked")
    open_gates(rows, 0)
    await expect_bar(group, now=1, most=4, text=r"1/4 · ")
    await rows.command("notebook:interrupt-kernel")
    begun = time.monotonic()
    await cell.finish()
    assert time.monotonic() - begun < 5  # measured closely without a browser
    text = str((await cell.outputs())[0])
    assert "Asked: 1/4" in text
    assert "cancelled" in text


async def test_a_generator_has_no_total_until_it_ends(rows: Bench) -> None:
    cell = await rows.run_one(
        """
async def numbers():
    for n in range(5):
        yield n
    await gate("more")
    yield 5
await nb.map(row, numbers(), limit=3, description="Stream");
"""
    )
    open_gates(rows, *range(6))
    group = bar_of(cell, "Stream")
    await expect(group).to_contain_text(re.compile(r"5 done · \d+ s"))
    bar = group.get_by_role("progressbar")
    await expect(bar).not_to_have_attribute("aria-valuenow", re.compile(".*"))
    rows.open_gate("more")
    await cell.finish()
    assert "Stream: 6/6" in str(await cell.outputs())


async def test_another_cell_is_answered_beside_a_detached_map(rows: Bench) -> None:
    cell = await rows.run_one(
        'handle = await nb.map(capital, range(3), description="Beside", detach=True)'
    )
    await cell.finish()
    other = await rows.run_one("print(1 + 1)")
    await other.finish()
    assert await other.printed() == "2\n"
    group = bar_of(cell, "Beside")
    await expect_bar(group, now=0, most=3, text=r"0/3 · ")
    open_gates(rows, 0, 1, 2)
    await expect_bar(group, now=3, most=3, text=r"3/3 · ")
    assert await rows.ask("handle.state") == "done"
    assert await other.printed() == "2\n"


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_looks_of_a_map(rows: Bench, theme: str) -> None:
    await rows.use_theme(theme)
    for failing in (3, 11, 40):
        rows.open_gate(f"fails{failing}")
    open_gates(rows, *range(60))
    source = f'await nb.map(row, range(120), limit=25, description="Looks {theme}");'
    cell = await rows.run_one(source)
    group = bar_of(cell, f"Looks {theme}")
    await expect(group).to_contain_text("60/120")
    await rows.screenshot(f"map-{theme}", of=cell.element)
    open_gates(rows, *range(120))
    await cell.finish()
    await expect_bar(group, now=120, most=120, text=r"120/120 · 3 failed")
    await group.locator("summary").click()
    await rows.screenshot(f"map-done-{theme}", of=cell.element)
    await rows.use_theme("light")
