"""Progress bars, and cells that each keep what is theirs."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Locator, expect

if TYPE_CHECKING:
    from conftest import Bench, Cell
else:
    Bench = Cell = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")


def bar_of(cell: Cell, name: str) -> Locator:
    return cell.element.get_by_role("group", name=name, exact=True)


async def expect_bar(group: Locator, *, now: int, most: int, text: str) -> None:
    bar = group.get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", str(now))
    await expect(bar).to_have_attribute("aria-valuemin", "0")
    await expect(bar).to_have_attribute("aria-valuemax", str(most))
    await expect(group).to_contain_text(re.compile(text))


async def test_a_gather_tells_how_far_it_is_and_can_be_paused(bench: Bench) -> None:
    cell = await bench.run_one(
        """
began = []
async def row(n):
    began.append(n)
    await gate(f"row{n}")
    if n == 3:
        raise ValueError("no such city")
    return n
results = await nb.gather(*(row(n) for n in range(10)), limit=2, description="Summaries",
                          return_exceptions=True)
print(began, [type(each).__name__ for each in results[2:5]])
"""
    )
    group = bar_of(cell, "Summaries")
    await expect_bar(group, now=0, most=10, text=r"0/10 · ")
    bench.open_gate("row0")
    await expect_bar(group, now=1, most=10, text=r"1/10 · \d+ s")
    await group.get_by_role("button", name="Pause", exact=True).click()
    resume = group.get_by_role("button", name="Resume", exact=True)
    await expect(resume).to_be_visible()
    await expect(group.get_by_role("status")).to_have_text("paused")
    for n in (1, 2):  # what runs goes on; nothing else begins, though its gate is open
        bench.open_gate(f"row{n}")
    await expect_bar(group, now=3, most=10, text=r"3/10 · ")
    for n in range(3, 10):
        bench.open_gate(f"row{n}")
    await expect_bar(group, now=3, most=10, text=r"3/10 · ")
    await resume.click()
    await cell.finish()
    assert (await cell.outputs())[-1]["text"] == (
        f"{list(range(10))} ['int', 'ValueError', 'int']\n"
    )
    assert "9/10" in (text := str(await cell.outputs())) or "10/10" in text
    assert "1 failed" in text
    assert "no such city" in text


async def test_cancel_ends_a_gather_and_its_cell(bench: Bench) -> None:
    cell, after = await bench.run(
        "left = []\n"
        "async def row(n):\n"
        "    try:\n"
        "        await gate('never')\n"
        "    finally:\n"
        "        left.append(n)\n"
        "await nb.gather(*(row(n) for n in range(4)))",
        "print('not reached')",
    )
    group = bar_of(cell, "Progress")
    await expect_bar(group, now=0, most=4, text="0/4")
    await group.get_by_role("button", name="Cancel", exact=True).click()
    await cell.finish()
    await after.finish()
    assert "cancelled" in await cell.printed()
    assert await after.printed() == ""
    assert "cancelled" in str((await cell.outputs())[0])
    assert await bench.ask("sorted(left)") == [0, 1, 2, 3]


async def test_what_failed_is_retried_after_the_cell_and_nothing_saved_needs_a_widget(
    bench: Bench,
) -> None:
    cell = await bench.run_one(
        """
open_now = False
async def row(n):
    if n == 2 and not open_now:
        raise ValueError("closed")
    return n
results = await nb.map(row, range(4), retry=False, description="Retried")
"""
    )
    await cell.finish()
    group = bar_of(cell, "Retried")
    await expect_bar(group, now=4, most=4, text=r"4/4 · 1 failed · \d+ s")
    retry = group.get_by_role("button", name="Retry failed", exact=True)
    await expect(retry).to_be_enabled()
    (output,) = await cell.outputs()
    assert "application/vnd.jupyter.widget-view+json" not in output["data"]
    assert output["data"]["text/plain"].startswith("Retried: 4/4 · 1 failed")
    saved = await bench.save()
    assert "widget-view" not in json.dumps(saved["cells"][cell.index])

    await bench.ask("0", code="open_now = True")
    await retry.click()
    await expect_bar(group, now=4, most=4, text=r"4/4 · \d+ s")
    await expect(group).not_to_contain_text("1 failed")
    await expect(retry).to_be_hidden()
    assert await bench.ask("list(results)") == [0, 1, 2, 3]
    (output,) = await cell.outputs()
    assert output["data"]["text/plain"].startswith("Retried: 4/4")
    assert "failed" not in output["data"]["text/plain"]


async def test_each_cell_keeps_its_own_card(bench: Bench) -> None:
    await bench.ask("0", code='sandbox.clear(); sandbox.reply("Said meanwhile.", delay=1.5)')
    detached = await bench.run_one("%%llm sandbox/fast --detach\nSay something.")
    await detached.finish()
    while not await bench.ask("len(sandbox.requests)"):
        pass
    asking, gathering = await bench.run(
        'await nb.run(call(("delete_rows", {"table": "orders"}), then="Deleted."));',
        """
async def one(n):
    await gate("gathered")
    return await nb.run(call(("delete_rows", {"table": f"table{n}"})),
                        title=f"Row {n}")
await nb.gather(*(one(n) for n in range(2)), limit=1, description="Rows");
""",
    )
    # What is detached goes on while the next cell waits for a person.
    await expect(asking.button("Approve")).to_be_enabled()
    await expect(detached.log).to_have_text("Said meanwhile.")
    await expect(detached.state).to_have_text("done")
    await expect(asking.card).to_have_count(1)
    await asking.button("Approve").click()
    await asking.finish()
    await expect(asking.card).to_contain_text("Deleted.")

    rows = bar_of(gathering, "Rows")
    await expect_bar(rows, now=0, most=2, text="0/2")
    bench.open_gate("gathered")
    for n in range(2):
        card = gathering.card.filter(has_text=f"Row {n}")
        approve = card.get_by_role("button", name="Approve", exact=True)
        await expect(approve).to_be_enabled()
        await expect(card).to_contain_text(f'"table{n}"')
        await approve.click()
        # While it waits for a person the next row may begin, and take what was scripted for this.
        await expect(card).to_contain_text(f"100 rows of table{n} are gone")
    await gathering.finish()
    await expect(gathering.card).to_have_count(2)
    await expect(detached.card).to_have_count(1)
    await expect(asking.card).to_have_count(1)
