"""Streams in a real page: exact at the end, stopped at once, and still there after a reload."""

import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from conftest import Bench
else:
    Bench = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")

VIEW = "application/vnd.jupyter.widget-view+json"
RECORD = "application/vnd.mirascope-nb.run+json"


async def test_five_thousand_fast_tokens_are_exact_at_the_end(bench: Bench) -> None:
    cell = await bench.run_one(
        """
words = [f"w{n}" + (". " if n % 17 else "\\n\\n") for n in range(5000)]
reply = await nb.show(stream(words))
print(reply.text() == "".join(words))
"""
    )
    await cell.finish()
    assert await cell.printed() == "True\n"
    await expect(cell.state).to_have_text("done")
    shown = (await cell.log.inner_text()).split()
    assert shown == [f"w{n}." if n % 17 else f"w{n}" for n in range(5000)]
    saved = (await cell.outputs())[0]["data"]["text/markdown"]
    assert "".join(saved).split() == shown


async def test_a_module_that_comes_late_shows_everything(bench: Bench) -> None:
    # The whole stream is over before the page has had time to load the card.
    cell = await bench.run_one(
        """
async def held():
    async for chunk in speak(["all ", "of ", "it"]):
        yield chunk
    time.sleep(0.3)  # the loop turns for nobody
    await asyncio.sleep(1)
reply = await nb.show(stream([], chunks=held()))
"""
    )
    await expect(cell.log).to_have_text("all of it")
    await expect(cell.state).to_have_text("streaming")
    await cell.finish()


async def test_stop_ends_a_stream_and_keeps_what_had_come(bench: Bench) -> None:
    stopped, queued, after = await bench.run(
        "reply = None\n"
        "def keep(response):\n    global reply\n    reply = response\n"
        "from mirascope_nb.cells import show\n"
        "await show(stream(['one ', 'two ', 'three '] + ['more '] * 2000, 0.05), bind=keep)",
        "print('not reached')",
        "print('not reached either')",
    )
    await expect(stopped.log).to_contain_text("three")
    await expect(stopped.state).to_have_text("streaming")
    began = time.monotonic()
    await stopped.card.get_by_role("button", name="Stop", exact=True).click()
    await expect(stopped.state).to_have_text("stopped")
    assert time.monotonic() - began < 1.5
    await stopped.finish()
    # A stop stops the queue as well, as an interrupt does.
    for cell in (queued, after):
        await cell.finish()
        assert await cell.printed() == ""
    assert await stopped.printed() == "stopped"
    await expect(stopped.card).to_contain_text("three")
    healthy = await bench.run_one(
        "print(reply.text()[:13], len(asyncio.all_tasks()) < 8)\nawait asyncio.sleep(0.1)\n'well'"
    )
    await healthy.finish()
    assert (await healthy.printed()).startswith("one two three")
    assert (await healthy.outputs())[-1]["data"]["text/plain"] == "'well'"


@pytest.mark.parametrize("by", ["Stop", "the kernel's own interrupt"])
async def test_stop_ends_an_approval(bench: Bench, by: str) -> None:
    cell = await bench.run_one('await nb.run(call(("delete_rows", {"table": "orders"})))')
    await expect(cell.button("Approve")).to_be_enabled()
    asked = await bench.approval()
    if by == "Stop":
        await cell.card.get_by_role("button", name="Stop", exact=True).click()
    else:
        await bench.command("notebook:interrupt-kernel")
    await expect(cell.state).to_have_text("stopped")
    await expect(cell.call().get_by_role("status")).to_have_text("cancelled")
    await cell.finish()
    assert await bench.ask("(ran, approvals.session().book.pending)") == ([], [])
    assert await bench.ask("approvals.session().audit[-1].outcome") == "cancelled"
    healthy = await bench.run_one("print('well')")
    await healthy.finish()
    assert await healthy.printed() == "well\n"
    assert asked["id"]


async def test_a_failed_stream_says_so_on_its_card(bench: Bench) -> None:
    cell = await bench.run_one(
        "sandbox.clear(); sandbox.fail(401)\n"
        "await nb.show(llm.Model('sandbox/fast').stream_async('hi'))"
    )
    await cell.finish()
    await expect(cell.state).to_have_text("failed")
    await expect(cell.card.get_by_role("alert").filter(visible=True)).to_be_visible()


async def test_a_saved_card_needs_no_kernel(bench: Bench) -> None:
    """The last of the module: it loads the page anew."""
    done, stopped = await bench.run(
        'await nb.run(call(("delete_rows", {"table": "orders"}), then="**All** gone."),'
        ' approve="allow");',
        "await nb.show(stream(['begun ', *['more '] * 2000], 0.05))",
    )
    await done.finish()
    await expect(stopped.log).to_contain_text("begun")
    await stopped.card.get_by_role("button", name="Stop", exact=True).click()
    await stopped.finish()
    saved = await bench.save()
    outputs = [output for cell in saved["cells"] for output in cell["outputs"] if "data" in output]
    assert not any(VIEW in output["data"] for output in outputs)

    await bench.reload(kernel=False)
    assert not bench.server.ask("api/kernels")
    await expect(done.state).to_have_text("done")
    await expect(done.card.locator("strong")).to_have_text("All")
    await expect(done.call().get_by_role("status")).to_have_text("auto_allowed")
    await expect(done.call()).to_contain_text("100 rows of orders are gone")
    await expect(stopped.state).to_have_text("stopped")
    await expect(stopped.card).to_contain_text("begun")
    # Nothing on it can be decided or stopped any more.
    for name in ("Stop", "Approve", "Deny", "Edit", "Always allow"):
        buttons = bench.page.get_by_role("button", name=name, exact=True)
        await expect(buttons.filter(visible=True)).to_have_count(0)
    await expect(bench.page.get_by_text("Error displaying widget")).to_have_count(0)
