"""Editing a call's arguments in a real page: by the form, by the text, and when they are long."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Locator, expect

if TYPE_CHECKING:
    from conftest import Bench, Cell
else:
    Bench = Cell = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")

PREPARE = """
import datetime
from enum import Enum
from typing import Literal
from pydantic import BaseModel

class Size(Enum):
    small = "S"
    large = "L"

class Address(BaseModel):
    street: str
    zip: int | None = None

@llm.tool
def order(when: datetime.date, size: Size, to: Address, tags: list[str],
          colour: Literal["red", "blue"] = "red", note: str | None = None) -> str:
    "Order."
    ran.append((when.isoformat(), size.name, to.street, tags, colour, note))
    return "ordered"

def ask(**arguments):
    sandbox.clear(); ran.clear()
    sandbox.reply(tools=[("order", arguments)]).reply("Done.")
    return nb.run(llm.Model("sandbox/fast").stream_async("Go on.", tools=[order]))
"""
ORDER = """
await ask(when="2026-02-03", size="S", to={"street": "Main 1"}, tags=["a"]);
"""


async def editing(bench: Bench, source: str, tool: str) -> Cell:
    """A cell whose call is open for editing."""
    cell = await bench.run_one(source)
    await expect(cell.button("Edit", tool)).to_be_enabled()
    await cell.button("Edit", tool).click()
    return cell


async def test_a_form_takes_dates_choices_optional_values_and_objects(bench: Bench) -> None:
    await bench.ask("0", code=PREPARE)
    cell = await editing(bench, ORDER, "order")
    call = cell.call("order")

    def field(name: str) -> Locator:
        return call.get_by_label(name, exact=True)

    await expect(field("when")).to_have_value("2026-02-03")
    await field("when").fill("2026-02-30")
    await cell.button("Save", "order").click()
    alert = call.get_by_role("alert").filter(visible=True)
    await expect(alert).to_contain_text("when: Input should be a valid date")
    await field("when").fill("2026-02-28")
    await field("size").select_option("L")
    await field("colour").select_option("blue")
    await field("note").fill("Ring twice.")
    await field("to").fill('{"street": "High 2", "zip": 12}')
    await field("tags").fill('["a", "b"]')
    await cell.button("Save", "order").click()
    await expect(cell.button("Approve", "order")).to_be_enabled()
    await expect(call).to_contain_text("High 2")
    await cell.button("Approve", "order").click()
    await cell.finish()
    assert await bench.ask("ran") == [
        ("2026-02-28", "large", "High 2", ["a", "b"], "blue", "Ring twice.")
    ]


async def test_long_arguments_are_shown_whole_and_their_editor_is_in_view(bench: Bench) -> None:
    await bench.ask("0", code='long = " ".join(f"word{n}" for n in range(12_000))')
    source = 'await nb.run(call(("delete_rows", {"table": long, "limit": 5})));'
    cell = await bench.run_one(source)
    await expect(cell.button("Approve")).to_be_enabled()
    # Who decides sees all of it: the page scrolls, and no box inside it.
    value = cell.call().locator("dd").first
    await expect(value).to_contain_text("word11999")
    assert await value.evaluate(
        "value => value.closest('.mnb-tool-arguments').scrollHeight"
        " === value.closest('.mnb-tool-arguments').clientHeight"
    )
    await cell.button("Edit").click()
    arguments = cell.call().get_by_role("textbox", name="Arguments")
    await expect(arguments).to_be_in_viewport()
    await expect(cell.button("Save")).to_be_in_viewport()
    text = await arguments.input_value()
    assert len(text) > 100_000
    await arguments.fill(text.replace('"limit": 5', '"limit": 6'))
    await cell.button("Save").click()
    await expect(cell.button("Approve")).to_be_enabled()
    await cell.button("Approve").click()
    await cell.finish()
    assert await bench.ask("[(table == long, limit) for table, limit in ran]") == [(True, 6)]
    # The record holds the arguments that ran; the Markdown beside it only their beginning.
    (output,) = await cell.outputs()
    assert len(str(output["data"]["text/markdown"])) < 3_000
