"""Every state in both themes and in a narrow page. The pictures are for people."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from conftest import Bench, Cell
else:
    Bench = Cell = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREAMING = """
await nb.show(recommend.stream("fantasy"))
"""
PREPARE_STREAMING = """
async def reply():
    yield llm.ThoughtStartChunk()
    yield llm.ThoughtChunk(delta="Three that differ: one recent, one classic, one short.")
    await asyncio.sleep(1.2)
    yield llm.ThoughtEndChunk()
    yield llm.TextStartChunk()
    for word in (
        "Three that I would begin with:\\n\\n"
        "1. **The Name of the Wind** by Patrick Rothfuss (2007), for its prose\\n"
        "2. **A Wizard of Earthsea** by Ursula K. Le Guin (1968): short, and deep\\n"
        "3. **The Hobbit** by J. R. R. Tolkien (1937).\\n\\n"
        "If you only take one along, let it be the second; its story is "
    ).split(" "):
        yield llm.TextChunk(delta=word + " ")
        await asyncio.sleep(0.01)
    await gate("streamed")
    yield llm.TextEndChunk()

class recommend:
    @staticmethod
    def stream(genre):
        return stream([], chunks=reply(), model="sandbox/thinker")
"""
PREPARE_ASKING = """
sandbox.clear()
sandbox.reply("The void orders of 2024 can go.", tools=[
    ("delete_rows", {"table": "orders_2024", "where": "status = 'void' AND total = 0",
                     "limit": 500})]).reply("They are **gone**: 500 rows.")

@llm.tool
def delete_rows(table: str, where: str, limit: int = 100) -> str:
    "Delete rows of a table."
    return f"{limit} rows of {table} are gone"
"""
ASKING = """
%%llm sandbox/fast -t delete_rows
Delete the void orders of last year.
"""
PREPARE_ROWS = """
async def summarise(page):
    await asyncio.sleep(0.1 + page % 7 / 15)
    if page >= 96:
        await gate("summarised")
    if page in (17, 51, 85):
        raise TimeoutError("no answer within 10 s")
    return page
pages = range(160)
"""
ROWS = """
await nb.gather(*(summarise(page) for page in pages), limit=12,
                description="Summaries", return_exceptions=True);
"""
FAILED = 'await nb.show(llm.Model("sandbox/flaky-500").stream_async("hi"))'


async def look(bench: Bench, cell: Cell, name: str) -> None:
    """Take pictures of a cell, and see that it stays inside a narrow page."""
    await cell.element.scroll_into_view_if_needed()
    for theme in ("light", "dark"):
        await bench.use_theme(theme)
        await bench.screenshot(f"look-{name}-{theme}", of=cell.element)
    await bench.page.set_viewport_size({"width": 400, "height": 900})
    await cell.output.scroll_into_view_if_needed()
    await bench.screenshot(f"look-{name}-narrow", of=cell.element)
    wide = await cell.output.evaluate(
        """output => [...output.querySelectorAll(".mnb-root, .mnb-root *")]
            .filter((e) => e.clientWidth > 0 && getComputedStyle(e).overflowX === "visible"
                && e.getBoundingClientRect().right
                    > output.getBoundingClientRect().right + 1)
            .map((e) => `${e.localName}.${e.className}`)"""
    )
    await bench.page.set_viewport_size({"width": 1000, "height": 900})
    await bench.use_theme("light")
    assert wide == []


async def test_a_reply_that_streams(bench: Bench) -> None:
    await bench.page.set_viewport_size({"width": 1000, "height": 900})
    await bench.ask("0", code=PREPARE_STREAMING)
    cell = await bench.run_one(STREAMING)
    await expect(cell.card).to_contain_text("its story is")
    await look(bench, cell, "streaming")
    bench.open_gate("streamed")
    await cell.finish()
    await look(bench, cell, "done")


async def test_a_call_that_waits_and_is_edited_and_decided(bench: Bench) -> None:
    await bench.ask("0", code=PREPARE_ASKING)
    cell = await bench.run_one(ASKING)
    await expect(cell.button("Approve")).to_be_enabled()
    await look(bench, cell, "waiting")
    await cell.button("Always allow").click()
    await look(bench, cell, "always")
    await cell.button("Always allow").click()
    await cell.button("Edit").click()
    await cell.call().get_by_role("textbox", name="Arguments").fill('{"table": ')
    await cell.button("Save").click()
    await look(bench, cell, "editing")
    await cell.button("Discard").click()
    await cell.button("Approve").click()
    await cell.finish()
    await look(bench, cell, "decided")


async def test_a_denied_call_and_a_failure(bench: Bench) -> None:
    await bench.ask("0", code=PREPARE_ASKING)
    cell = await bench.run_one(ASKING)
    await expect(cell.button("Deny")).to_be_enabled()
    await cell.call().get_by_role("textbox", name="Reason").fill("Not before Monday.")
    await cell.button("Deny").click()
    await cell.finish()
    await look(bench, cell, "denied")
    failed = await bench.run_one(FAILED)
    await failed.finish()
    await look(bench, failed, "failed")


async def test_a_progress_bar(bench: Bench) -> None:
    await bench.ask("0", code=PREPARE_ROWS)
    cell = await bench.run_one(ROWS)
    group = cell.element.get_by_role("group", name="Summaries", exact=True)
    await expect(group).to_contain_text("96/160")
    await look(bench, cell, "progress")
    bench.open_gate("summarised")
    await cell.finish()
    await look(bench, cell, "progress-done")
