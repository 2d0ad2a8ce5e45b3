"""What a card outlives: its kernel, its page, its widget; and what of it is told to whom."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from conftest import Bench, Cell
else:
    Bench = Cell = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = 'reply = await nb.run(call(("delete_rows", {"table": "orders", "limit": 500})))'
STREAM = """
async def words():
    yield llm.TextStartChunk()
    for word in ["one ", "two ", "three "]:
        yield llm.TextChunk(delta=word)
    await gate("GATE")
    yield llm.TextChunk(delta="four")
    yield llm.TextEndChunk()
reply = await nb.show(stream([], chunks=words()))
"""
BUTTONS = ("Stop", "Approve", "Deny", "Edit", "Always allow")


async def streaming(bench: Bench, gate: str) -> Cell:
    """A cell whose reply streams until a gate is opened."""
    cell = await bench.run_one(STREAM.replace("GATE", gate))
    await expect(cell.log).to_have_text("one two three")
    return cell


async def waiting(bench: Bench) -> Cell:
    """A cell whose tool call waits for a person, with its buttons armed."""
    cell = await bench.run_one(ASK)
    await expect(cell.button("Approve")).to_be_enabled()
    return cell


async def expect_over(cell: Cell) -> None:
    """It says that its kernel is gone, and offers nothing."""
    await expect(cell.state).to_have_text("stopped")
    await expect(cell.card).to_contain_text("the kernel ended before the reply did")
    for name in BUTTONS:
        button = cell.card.get_by_role("button", name=name, exact=True)
        await expect(button.filter(visible=True)).to_have_count(0)


async def test_a_card_leaves_no_comm_open(bench: Bench) -> None:
    count = "len(__import__('comm').get_comm_manager().comms)"
    first = await bench.run_one("await nb.show(stream(['all ', 'of it'], 0.2))")
    await first.finish()
    before = await bench.ask(count)
    cell = await bench.run_one("await nb.show(stream(['all ', 'of it'], 0.2))")
    await expect(cell.log).to_have_text("all of it")
    await cell.finish()
    assert await bench.ask(count) == before


async def test_a_card_says_that_its_kernel_was_restarted_and_offers_nothing(bench: Bench) -> None:
    stream = await streaming(bench, "never")
    await bench.restart_kernel()
    await expect_over(stream)
    await expect(stream.log).to_have_text("one two three")
    asking = await waiting(bench)
    await bench.restart_kernel()
    await expect_over(asking)
    await expect(asking.call().get_by_role("status")).to_have_text("cancelled")
    fresh = await waiting(bench)
    await fresh.button("Approve").click()
    await fresh.finish()
    assert await bench.ask("ran") == [("orders", 500)]


async def test_a_card_in_two_views_is_decided_in_either(bench: Bench) -> None:
    cell = await waiting(bench)
    await bench.command("notebook:create-output-view")
    view = bench.page.locator(".jp-LinkedOutputView")
    deny = view.get_by_role("button", name="Deny", exact=True)
    await expect(deny).to_be_enabled()
    await deny.click()
    await expect(view.get_by_role("group").get_by_role("status")).to_have_text("denied")
    await bench.page.evaluate(
        """() => {
            for (const widget of window.jupyterapp.shell.widgets("main")) {
                if (widget.title.label === "Output View") widget.dispose();
                else window.jupyterapp.shell.activateById(widget.id);
            }
        }"""
    )
    await cell.finish()
    await expect(cell.call().get_by_role("status")).to_have_text("denied")
    assert await bench.ask("ran") == []


async def test_a_call_whose_widget_a_page_has_closed_is_asked_about_again(bench: Bench) -> None:
    cell = await waiting(bench)
    await bench.page.evaluate(
        """index => {
            const panel = window.jupyterapp.shell.currentWidget;
            const view = "application/vnd.jupyter.widget-view+json";
            const outputs = panel.content.widgets[index].outputArea.model.toJSON();
            const kernel = panel.sessionContext.session.kernel;
            kernel.sendShellMessage({
                header: {
                    msg_id: crypto.randomUUID(), msg_type: "comm_close", username: "",
                    session: kernel.clientId, date: new Date().toISOString(), version: "5.3",
                },
                parent_header: {}, metadata: {}, channel: "shell", buffers: [],
                content: { comm_id: outputs[0].data[view].model_id, data: {} },
            }, false, true);
            window.closed = outputs[0].data[view].model_id;
        }""",
        cell.index,
    )
    await bench.page.wait_for_function(
        """index => !JSON.stringify(window.jupyterapp.shell.currentWidget.content
            .widgets[index].outputArea.model.toJSON()).includes(window.closed)""",
        arg=cell.index,
    )
    await expect(cell.button("Approve")).to_be_enabled()
    await cell.button("Approve").click()
    await cell.finish()
    assert await bench.ask("ran") == [("orders", 500)]


async def test_a_cell_that_is_run_again_while_it_asks_starts_over_after_a_stop(
    bench: Bench,
) -> None:
    cell = await waiting(bench)
    await cell.run()  # which clears its output, and waits behind itself
    await expect(cell.card).to_have_count(0)
    await bench.command("notebook:interrupt-kernel")
    await bench.wait_for_kernel()
    assert await bench.ask("(ran, approvals.session().book.pending)") == ([], [])
    await cell.run()
    await expect(cell.button("Approve")).to_be_enabled()
    await cell.button("Approve").click()
    await cell.finish()
    assert await bench.ask("ran") == [("orders", 500)]


async def test_a_notebook_that_is_closed_and_opened_again_shows_the_reply_to_its_end(
    bench: Bench,
) -> None:
    cell = await streaming(bench, "reopened")
    await bench.save()
    await bench.page.evaluate("() => window.jupyterapp.shell.currentWidget.dispose()")
    await bench.command("docmanager:open", path=bench.name)
    await expect(cell.log).to_have_text("one two three")
    bench.open_gate("reopened")
    await expect(cell.log).to_have_text("one two three four")
    await expect(cell.state).to_have_text("done")


async def test_a_page_that_is_loaded_anew_shows_the_reply_to_its_end_and_can_decide(
    bench: Bench,
) -> None:
    """The last of the module: it loads the page anew."""
    cell = await waiting(bench)
    await bench.save()
    await bench.open(bench.name)
    await expect(cell.button("Approve")).to_be_enabled()
    await cell.button("Approve").click()
    await expect(cell.state).to_have_text("done")
    await expect(cell.card).to_contain_text("500 rows of orders are gone")
    await expect(cell.card).to_contain_text("Done.")
    await bench.wait_for_kernel()
    assert await bench.ask("ran") == [("orders", 500)]
    await expect(cell.output.get_by_text("Error displaying widget")).to_have_count(0)
