"""Approvals in a real page: what a click may do, and what nothing but a click may."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from conftest import Bench, Cell
else:
    Bench = Cell = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = 'reply = await nb.run(call(("delete_rows", {"table": "orders", "limit": 500})))'

SLOW = """
@llm.tool
async def delete_rows(table: str, limit: int = 100) -> str:
    "Delete rows of a table."
    ran.append((table, limit))
    await gate("deleted")
    return "gone"

sandbox.clear(); ran.clear()
sandbox.reply(tools=[("delete_rows", {"table": "orders", "limit": 500})]).reply("Done.")
await nb.run(llm.Model("sandbox/fast").stream_async("Go on.", tools=[delete_rows]));
"""


async def waiting(bench: Bench, source: str = ASK, *, tool: str = "delete_rows") -> Cell:
    """A cell whose tool call waits for a person, with its buttons armed."""
    cell = await bench.run_one(source)
    await expect(cell.call(tool).first.get_by_role("status")).to_have_text("pending")
    await expect(cell.button("Approve", tool).first).to_be_enabled()
    return cell


async def test_an_approved_call_runs_and_the_model_goes_on(bench: Bench) -> None:
    cell = await waiting(bench)
    call = cell.call()
    await expect(cell.state).to_have_text("waiting")
    for text in ("(table: str, limit: int = 100)", "table", '"orders"', "limit", "500"):
        await expect(call).to_contain_text(text)
    tops = "elements => elements.map((element) => element.getBoundingClientRect().top)"
    names, values = call.locator("dt"), call.locator("dd")
    assert await names.evaluate_all(tops) == await values.evaluate_all(tops), "a row is torn"
    for name in ("Deny", "Approve", "Edit", "Always allow"):
        await expect(cell.button(name)).to_be_visible()
    await expect(call.get_by_role("textbox", name="Reason")).to_be_visible()
    await cell.button("Approve").click()
    await cell.finish()
    assert await bench.ask("ran") == [("orders", 500)]
    await expect(cell.call()).to_contain_text("500 rows of orders are gone")
    await expect(cell.state).to_have_text("done")
    await expect(cell.card).to_contain_text("Done.")
    assert "500 rows of orders are gone" in await bench.ask("told()")


async def test_a_denied_call_does_not_run_and_the_model_is_told_why(bench: Bench) -> None:
    cell = await waiting(bench)
    await cell.call().get_by_role("textbox", name="Reason").fill("Not before Monday.")
    await cell.button("Deny").click()
    await cell.finish()
    assert await bench.ask("ran") == []
    assert "Not before Monday." in await bench.ask("told()")
    await expect(cell.call().get_by_role("status")).to_have_text("denied")
    await expect(cell.call()).to_contain_text("“Not before Monday.”")
    await expect(cell.state).to_have_text("done")


async def test_edited_arguments_are_shown_again_and_only_they_run(bench: Bench) -> None:
    cell = await waiting(bench)
    shown = await bench.approval()
    await cell.button("Edit").click()
    arguments = cell.call().get_by_role("textbox", name="Arguments")
    save = cell.button("Save")

    await arguments.fill('{"table": "orders", "limit": ')
    await save.click()
    alert = cell.call().get_by_role("alert").filter(visible=True)
    await expect(alert).to_contain_text("This is not JSON")

    await arguments.fill('{"table": "orders", "limit": "many"}')
    await save.click()
    await expect(alert).to_contain_text("limit")
    assert (await bench.approval())["id"] == shown["id"], "nothing else is on show yet"

    await arguments.fill('{"table": "orders", "limit": 7}')
    await save.click()
    await expect(arguments).to_have_count(0)
    await expect(cell.call()).not_to_contain_text("500")
    await expect(cell.call()).to_contain_text("7")
    await expect(cell.call().get_by_role("status")).to_have_text("pending")
    # What was shown before can no longer be approved.
    await bench.forge(cell, **decision(shown, request="old"))
    assert await bench.refusal("old") == "This was decided already."
    await expect(cell.button("Approve")).to_be_enabled()
    await cell.button("Approve").click()
    await cell.finish()
    assert await bench.ask("ran") == [("orders", 7)]
    await expect(cell.call().get_by_role("status")).to_have_text("edited")


async def test_always_allow_covers_the_argument_it_was_given_for(bench: Bench) -> None:
    cell = await waiting(bench)
    await cell.button("Always allow").click()
    menu = cell.call().get_by_role("menu", name="Always allow")
    await expect(menu.get_by_role("menuitem")).to_have_count(3)
    await menu.get_by_role("menuitem", name='table = "orders"').click()
    await cell.finish()

    same = await bench.run_one('await nb.run(call(("delete_rows", {"table": "orders"})))')
    await same.finish()
    await expect(same.call().get_by_role("status")).to_have_text("auto_allowed")
    assert await bench.ask("ran") == [("orders", 100)]

    other = await waiting(bench, 'await nb.run(call(("delete_rows", {"table": "users"})))')
    await other.button("Deny").click()
    await other.finish()
    assert await bench.ask("ran") == []
    assert await bench.ask("[rule.tool for rule in approvals.session().rules.revoke_all()]")


async def test_a_rule_with_a_pattern_holds_until_it_is_revoked(bench: Bench) -> None:
    await bench.ask(
        "0", code='approvals.session().allow("delete_rows", argument="table", pattern="tmp_*")'
    )
    source = 'await nb.run(call(("delete_rows", {"table": "tmp_1"})));'
    cell = await bench.run_one(source)
    await cell.finish()
    await expect(cell.call().get_by_role("status")).to_have_text("auto_allowed")
    assert await bench.ask("ran") == [("tmp_1", 100)]
    beside = await waiting(bench, source.replace("tmp_1", "orders"))
    await beside.button("Deny").click()
    await beside.finish()
    revoke = await bench.run_one("%llm approvals revoke all")
    await revoke.finish()
    asked = await waiting(bench, source)
    await asked.button("Deny").click()
    await asked.finish()
    assert await bench.ask("(ran, len(approvals.session().rules))") == ([], 0)


async def test_a_double_click_runs_a_call_once(bench: Bench) -> None:
    # The card stays for as long as the tool takes.
    cell = await waiting(bench, SLOW)
    asked = await bench.approval()
    await cell.button("Approve").evaluate("button => { button.click(); button.click(); }")
    # The page keeps the second click to itself, and the kernel refuses what comes past the page.
    await bench.forge(cell, **decision(asked, request="again"))
    assert await bench.refusal("again") == "This was decided already."
    bench.open_gate("deleted")
    await cell.finish()
    assert await bench.ask("ran") == [("orders", 500)]
    sent = [m for m in await bench.said("refused") if m["id"] == asked["card"]]
    assert [m["request"] for m in sent] == ["again"]


async def test_a_click_before_the_buttons_are_armed_does_nothing(bench: Bench) -> None:
    cell = await bench.run_one(ASK)
    await expect(cell.button("Approve")).to_be_visible()
    state = await cell.button("Approve").evaluate(
        "button => { const off = button.disabled; button.click(); return off; }"
    )
    await expect(cell.button("Approve")).to_be_enabled()
    await expect(cell.call().get_by_role("status")).to_have_text("pending")
    assert state
    # Nor does Enter on it, which belongs to the notebook.
    await cell.button("Approve").press("Enter")
    await expect(cell.call().get_by_role("status")).to_have_text("pending")
    await cell.button("Deny").click()
    await cell.finish()
    assert await bench.ask("ran") == []


async def test_an_unanswered_call_expires_and_is_not_taken_for_a_denial(bench: Bench) -> None:
    cell = await waiting(
        bench,
        """
session = approvals.session()
session.book.lifetime = 4.0
try:
    reply = await nb.run(call(("delete_rows", {"table": "orders"})))
finally:
    session.book.lifetime = 300.0
""",
    )
    asked = await bench.approval()
    await expect(cell.call()).to_contain_text("expires in")
    await expect(cell.call().get_by_role("status")).to_have_text("expired")
    await cell.finish()
    assert await bench.ask("ran") == []
    told = await bench.ask("told()")
    assert "unanswered" in told
    assert "denied" not in told.lower()
    assert await bench.ask("approvals.session().audit[-1].outcome") == "expired"
    # A page that shows it still, such as another tab, comes too late.
    late = await waiting(bench)
    await bench.forge(late, **decision(asked, request="late", card=await bench.approval()))
    assert await bench.refusal("late") == "Nobody decided in time; it has expired."
    await late.button("Deny").click()
    await late.finish()
    assert await bench.ask("ran") == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"digest": "0" * 64}, "The arguments are not those that were shown."),
        ({"approval": "invented"}, "This kernel session has asked no such question."),
        ({"digest": None}, "The kernel does not understand this message."),
        ({"kind": "run", "tool": "delete_rows"}, "The kernel does not understand this message."),
        ({"id": "another-card"}, None),
    ],
    ids=["wrong digest", "unknown approval", "no digest", "unknown kind", "another card"],
)
async def test_a_forged_message_is_refused(
    bench: Bench, change: dict[str, Any], why: str | None
) -> None:
    cell = await waiting(bench)
    asked = await bench.approval()
    message = {**decision(asked, request="forged" + repr(change)), **change}
    await bench.forge(cell, **message)
    if why is not None:
        assert (await bench.refusal(message["request"])).startswith(why)
    # What is not even of this card gets no answer; what is sent after it does.
    await bench.forge(cell, kind="what", id=asked["card"], request="marker" + repr(change))
    await bench.refusal("marker" + repr(change))
    await expect(cell.call().get_by_role("status")).to_have_text("pending")
    await cell.button("Deny").click()
    await cell.finish()
    assert await bench.ask("ran") == []
    assert "forged" not in await cell.printed()


async def test_a_forged_edit_cannot_bring_arguments_that_the_tool_does_not_take(
    bench: Bench,
) -> None:
    cell = await waiting(bench)
    asked = await bench.approval()
    edit = {"kind": "edit", "id": asked["card"], "approval": asked["id"], "digest": asked["digest"]}
    await bench.forge(cell, **edit, request="edit", arguments='{"table": 1, "more": true}')
    assert "cannot be used" in await bench.refusal("edit")
    scope = {"argument": "table", "value": "users"}
    always = {**edit, "kind": "always", "scope": scope, "request": "always"}
    await bench.forge(cell, **always)
    assert await bench.refusal("always") == "That is not an argument of this call."
    await cell.button("Deny").click()
    await cell.finish()
    assert await bench.ask("(ran, len(list(approvals.session().rules)))") == ([], 0)


async def test_a_bare_execute_tools_asks_in_place(bench: Bench) -> None:
    cell = await waiting(
        bench,
        """
reply = await call(("send_mail", {"to": "all@example.org"}), ("send_mail", {"to": "me"}))
await reply.finish()
outputs = await reply.execute_tools()
print([output.result for output in outputs])
""",
        tool="send_mail",
    )
    calls = cell.call("send_mail")
    await expect(calls).to_have_count(2)
    await expect(calls.first).to_contain_text("1 more waiting")
    await calls.nth(1).get_by_role("button", name="Deny", exact=True).click()
    await expect(calls.nth(1).get_by_role("status")).to_have_text("denied")
    await calls.first.get_by_role("button", name="Approve", exact=True).click()
    await cell.finish()
    assert await bench.ask("ran") == ["all@example.org"]
    assert "sent to all@example.org" in await cell.printed()
    await expect(calls.first.get_by_role("status")).to_have_text("approved")


async def test_queued_cells_wait_for_an_approval_and_run_in_their_order(bench: Bench) -> None:
    asking, *queued = await bench.run(
        ASK, *(f"print('cell', {n}, ran)\nawait asyncio.sleep(0.05)" for n in range(3))
    )
    await expect(asking.button("Approve")).to_be_enabled()
    for cell in queued:
        assert await cell.outputs() == []
        await expect(cell.element.locator(".jp-InputPrompt")).to_contain_text("*")
    await asking.button("Approve").click()
    for n, cell in enumerate(queued):
        await cell.finish()
        assert await cell.printed() == f"cell {n} [('orders', 500)]\n"
    await expect(asking.state).to_have_text("done")


async def test_a_click_on_a_card_of_an_ended_kernel_runs_nothing(bench: Bench) -> None:
    cell = await waiting(bench)
    asked = await bench.approval()
    await bench.restart_kernel()
    # Whatever the page still shows of the old kernel cannot decide anything in the new one.
    button = cell.button("Approve")
    if await button.count():
        await button.evaluate("button => { button.disabled = false; button.click(); }")
    fresh = await waiting(bench)
    await bench.forge(fresh, **decision(asked, request="stale", card=await bench.approval()))
    assert await bench.refusal("stale") == "This kernel session has asked no such question."
    await expect(fresh.call().get_by_role("status")).to_have_text("pending")
    await fresh.button("Deny").click()
    await fresh.finish()
    assert await bench.ask("ran") == []


def decision(
    asked: dict[str, Any], *, request: str, card: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The message that approves what was asked, as a page sends it."""
    return {
        "kind": "decide",
        "id": (card or asked)["card"],
        "request": request,
        "approval": asked["id"],
        "digest": asked["digest"],
        "decision": "approve",
        "reason": None,
    }
