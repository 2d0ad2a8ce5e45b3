"""`run` asks: each call is decided on before it runs, on its own block of the card."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from mirascope_nb.approvals import default_approver
from mirascope_nb.cells import run, run_blocking
from mirascope_nb.llm.tools.approval import digest_of
from mirascope_nb.widgets.live import LiveCard

if TYPE_CHECKING:
    from conftest import Tools
else:
    Tools = Any

MakeScript = Callable[..., Any]
RECORD = "application/vnd.mirascope-nb.run+json"
SAME_ID = [
    llm.ToolCall(id="google_unknown_tool_id", name="weather", args='{"city":"Tokyo"}'),
    llm.ToolCall(id="google_unknown_tool_id", name="weather", args='{"city":"Oslo"}'),
]


async def test_a_person_approves_on_the_card(page: Any, script: MakeScript, tools: Tools) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], ["Sunny."], tools=tools.all)
    task = asyncio.create_task(run(made.stream()))
    call = await page.until(lambda: page.pending)
    assert page.card["state"] == "waiting"
    assert call["signature"].startswith("(city: str)")
    assert tools.ran == []
    page.decide(call, "approve")
    await task
    assert tools.ran == ["Tokyo"]
    tool = page.record["blocks"][0]
    assert (tool["state"], tool["decision"], tool["by"]) == ("ok", "approved", "person")


async def test_a_denied_call_does_not_run_and_the_model_is_told_why(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], ["Then not."], tools=tools.all)
    task = asyncio.create_task(run(made.stream()))
    call = await page.until(lambda: page.pending)
    page.decide(call, "deny", "Not before Monday.")
    await task
    assert tools.ran == []
    assert "Not before Monday." in made.asked[-1][-1].content[0].result
    tool = page.record["blocks"][0]
    assert (tool["state"], tool["reason"]) == ("denied", "Not before Monday.")
    assert tool["result"] is None


async def test_edited_arguments_are_shown_again_before_they_run(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], ["Ok."], tools=tools.all)
    task = asyncio.create_task(run(made.stream()))
    call = await page.until(lambda: page.pending)
    first = call["approval"]
    page.widget.browser_sends(
        kind="edit", approval=first["id"], digest=first["digest"], arguments='{"city": "Oslo"}'
    )
    call = await page.until(
        lambda: (now := page.pending) and now["arguments"] == '{"city":"Oslo"}' and now
    )
    page.decide({"approval": first}, "approve")  # what was shown before no longer counts
    assert page.widget.custom[-1]["kind"] == "refused"
    assert tools.ran == []
    page.decide(call, "approve")
    await task
    assert tools.ran == ["Oslo"]
    tool = page.record["blocks"][0]
    assert (tool["arguments"], tool["decision"]) == ('{"city":"Oslo"}', "edited")


async def test_a_policy_denies_without_asking(
    headless: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], ["Ok."], tools=tools.all)
    await run(made.stream(), approve="deny")
    assert tools.ran == []
    tool = headless.record["blocks"][0]
    assert (tool["state"], tool["by"]) == ("auto_denied", "policy")


async def test_an_approver_of_ones_own_decides(
    headless: Any, script: MakeScript, tools: Tools
) -> None:
    class Never:
        async def decide(self, request: llm.ApprovalRequest, /) -> llm.ApprovalDecision | None:
            return None

    made = script([("weather", '{"city":"Tokyo"}')], ["Ok."], tools=tools.all)
    await run(made.stream(), approve=Never())
    tool = headless.record["blocks"][0]
    assert (tool["state"], tool["decision"], tool["by"]) == ("ok", None, None)


async def test_calls_with_the_same_id_keep_to_their_own_blocks(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    parts = [
        llm.ToolCall(id="same", name="weather", args='{"city":"Tokyo"}'),
        llm.ToolCall(id="same", name="weather", args='{"city":"Oslo"}'),
    ]

    class Turns:
        async def decide(self, request: llm.ApprovalRequest, /) -> llm.ApprovalDecision | None:
            outcome: Any = "approved" if "Oslo" in request.arguments else "denied"
            return llm.ApprovalDecision(outcome=outcome, by="person", digest=request.digest)

    await run(script(parts, tools=tools.all).whole(), approve=Turns(), max_turns=1)
    made = script(parts, tools=tools.all)
    with pytest.raises(llm.Error):  # there is no such provider to go on with
        await run(made.whole(), approve=Turns())
    states = [block["state"] for block in page.outputs[-1].shown[-1][0][RECORD]["blocks"][:2]]
    assert states == ["denied", "ok"]


async def test_calls_with_the_same_id_are_each_asked_about_and_each_get_their_own_result(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script(SAME_ID, ["Done."], tools=tools.all)
    task = asyncio.create_task(run(made.stream()))
    oslo = await page.until(lambda: page.asked_about("Oslo"))
    tokyo = await page.until(lambda: page.asked_about("Tokyo"))
    assert oslo["approval"]["id"] != tokyo["approval"]["id"]
    page.decide(oslo, "approve")
    await page.until(lambda: tools.ran)
    page.decide(tokyo, "approve")
    response = await task
    assert tools.ran == ["Oslo", "Tokyo"]
    told = response.messages[2].content
    assert [output.result for output in told] == ["72 in Tokyo", "72 in Oslo"]
    shown = [(block["arguments"], block["result"]) for block in page.record["blocks"][:2]]
    assert shown == [('{"city":"Tokyo"}', "72 in Tokyo"), ('{"city":"Oslo"}', "72 in Oslo")]


async def test_calls_with_the_same_id_are_told_apart_on_a_card_that_is_there_for_them_alone(
    page: Any, script: MakeScript, tools: Tools, approval_session: Any
) -> None:
    approval_session.set_policy("ask")
    made = script(SAME_ID, tools=tools.all)
    with llm.use_approver(default_approver(lambda: LiveCard(quiet=True))):
        task = asyncio.create_task(made.whole().execute_tools())
        tokyo = await page.until(lambda: page.asked_about("Tokyo"))
        oslo = await page.until(lambda: page.asked_about("Oslo"))
        page.decide(tokyo, "deny")
        await page.until(lambda: page.card["blocks"][0]["state"] == "denied")
        page.decide(oslo, "approve")
        outputs = await task
    assert tools.ran == ["Oslo"]
    assert [output.error is None for output in outputs] == [False, True]
    assert [block["state"] for block in page.record["blocks"]] == ["denied", "approved"]


async def test_arguments_are_shown_in_the_order_of_the_signature_and_digested_in_their_own(
    page: Any, script: MakeScript
) -> None:
    @llm.tool
    def delete_rows(table: str, where: str, limit: int = 100) -> str:
        """Delete."""
        return f"{table} {where} {limit}"

    sorted_arguments = '{"limit":5,"table":"t","where":"w"}'
    made = script([("delete_rows", sorted_arguments)], ["Done."], tools=[delete_rows])
    task = asyncio.create_task(run(made.stream()))
    call = await page.until(lambda: page.pending)
    assert call["arguments"] == '{"table":"t","where":"w","limit":5}'
    assert call["approval"]["digest"] == digest_of("delete_rows", sorted_arguments)
    page.decide(call, "approve")
    await task
    assert page.record["blocks"][0]["result"] == "t w 5"


async def test_a_stop_during_an_approval_cancels_it(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], tools=tools.all)
    task = asyncio.create_task(run(made.stream()))
    await page.until(lambda: page.pending)
    page.widget.browser_sends(kind="stop")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert page.record["blocks"][0]["state"] == "cancelled"
    assert tools.ran == []


async def test_a_quiet_card_appears_when_a_person_is_needed(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], ["Ok."], tools=tools.all)
    task = asyncio.create_task(run(made.stream(), quiet=True))
    page.decide(await page.until(lambda: page.pending), "approve")
    await task
    assert page.record["state"] == "done"


def test_blocking_calls_with_the_same_id_keep_to_their_own_blocks(
    headless: Any, tools: Tools
) -> None:
    class Oslo:
        async def decide(self, request: llm.ApprovalRequest, /) -> llm.ApprovalDecision | None:
            outcome: Any = "approved" if "Oslo" in request.arguments else "denied"
            return llm.ApprovalDecision(outcome=outcome, by="person", digest=request.digest)

    class Reply(llm.Response):
        def resume(self, content: Any) -> Any:
            self.tool_calls = []
            return self

    calls = [
        llm.ToolCall(id="same", name="weather", args=f'{{"city":"{city}"}}')
        for city in ("Tokyo", "Oslo", "Rome")
    ]
    reply = Reply(
        raw=None,
        provider_id="x",
        model_id="x/y",
        provider_model_name="y",
        params={},
        tools=[tools.all[0]],
        input_messages=[],
        assistant_message=llm.messages.assistant(calls, model_id="x/y", provider_id="x"),
        finish_reason=None,
        usage=None,
    )
    run_blocking(reply, approve=Oslo())
    states = [block["state"] for block in headless.record["blocks"][:3]]
    assert states == ["denied", "ok", "denied"]


def test_a_blocking_loop_asks_no_card_and_denies(headless: Any, tools: Tools) -> None:
    class Reply(llm.Response):
        def resume(self, content: Any) -> Any:
            self.told = content[0].result
            return reply("Then not.")

    def reply(*parts: Any) -> Any:
        return Reply(
            raw=None,
            provider_id="x",
            model_id="x/y",
            provider_model_name="y",
            params={},
            tools=[tools.all[0]],
            input_messages=[],
            assistant_message=llm.messages.assistant(list(parts), model_id="x/y", provider_id="x"),
            finish_reason=None,
            usage=None,
        )

    first = reply(llm.ToolCall(id="1", name="weather", args='{"city":"Tokyo"}'))
    last = run_blocking(first)
    assert last.text() == "Then not."
    assert "was denied" in first.told
    assert tools.ran == []
    assert headless.record["blocks"][0]["state"] == "auto_denied"
