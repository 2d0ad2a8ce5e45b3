"""`run`: replies and tools in one card, each call decided on before it runs."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.approvals import default_approver
from mirascope_nb.cells import run, run_blocking
from mirascope_nb.llm.tools.approval import digest_of
from mirascope_nb.widgets.live import LiveCard

MakeScript = Callable[..., Any]


class Tools:
    """Tools that remember what ran."""

    def __init__(self) -> None:
        self.ran: list[Any] = []

        @llm.tool
        def weather(city: str) -> str:
            """The weather of a city."""
            self.ran.append(city)
            return f"72 in {city}"

        @llm.tool
        async def slow(gate: str) -> str:
            """Wait."""
            await self.gates[gate].wait()
            self.ran.append(gate)
            return gate

        @llm.tool
        def broken() -> str:
            """Fail."""
            raise ValueError("no \x1b[31mway")

        @llm.tool
        def leaves() -> str:
            """Leave."""
            raise SystemExit(3)

        self.gates = {"a": asyncio.Event(), "b": asyncio.Event()}
        self.all = [weather, slow, broken, leaves]


@pytest.fixture
def tools() -> Tools:
    return Tools()


async def reached(condition: Callable[[], Any]) -> Any:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not (value := condition()):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.001)
    return value


def pending(page: Any) -> Any:
    """The first pending call that the page knows of."""
    if not page.outputs:
        return None
    calls = [block for block in page.card["blocks"] if block["type"] == "tool"]
    return next((call for call in calls if call["state"] == "pending"), None)


def decide(page: Any, call: Any, decision: str, reason: str | None = None) -> None:
    approval = call["approval"]
    page.widget.browser_sends(
        kind="decide",
        approval=approval["id"],
        digest=approval["digest"],
        decision=decision,
        reason=reason,
    )


async def test_the_loop_goes_on_until_no_tool_is_called(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script(["Looking.", ("weather", '{ "city": "Tokyo" }')], ["Sunny."], tools=tools.all)
    response = await run(made.stream(), approve="allow")
    assert response.text() == "Sunny. "
    assert tools.ran == ["Tokyo"]
    [outputs] = [message for message in response.messages if message.role == "user"][1:]
    assert outputs.content[0].result == "72 in Tokyo"
    said, tool, end = page.record["blocks"]
    assert (said["type"], end["type"]) == ("text", "text")
    assert tool["arguments"] == '{"city":"Tokyo"}'
    assert (tool["state"], tool["decision"], tool["by"]) == ("ok", "auto_allowed", "policy")
    assert tool["result"] == "72 in Tokyo"
    assert page.record["usage"]["input"] == 6
    assert len(page.outputs) == 1


async def test_a_person_approves_on_the_card(page: Any, script: MakeScript, tools: Tools) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], ["Sunny."], tools=tools.all)
    task = asyncio.create_task(run(made.stream()))
    call = await reached(lambda: pending(page))
    assert page.card["state"] == "waiting"
    assert call["signature"].startswith("(city: str)")
    assert tools.ran == []
    decide(page, call, "approve")
    await task
    assert tools.ran == ["Tokyo"]
    tool = page.record["blocks"][0]
    assert (tool["state"], tool["decision"], tool["by"]) == ("ok", "approved", "person")


async def test_a_denied_call_does_not_run_and_the_model_is_told_why(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], ["Then not."], tools=tools.all)
    task = asyncio.create_task(run(made.stream()))
    call = await reached(lambda: pending(page))
    decide(page, call, "deny", "Not before Monday.")
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
    call = await reached(lambda: pending(page))
    first = call["approval"]
    page.widget.browser_sends(
        kind="edit", approval=first["id"], digest=first["digest"], arguments='{"city": "Oslo"}'
    )
    call = await reached(
        lambda: (now := pending(page)) and now["arguments"] == '{"city":"Oslo"}' and now
    )
    decide(page, {"approval": first}, "approve")  # what was shown before no longer counts
    assert page.widget.custom[-1]["kind"] == "refused"
    assert tools.ran == []
    decide(page, call, "approve")
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


async def test_parallel_calls_end_one_by_one_on_the_card(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    turn = [("slow", '{"gate":"a"}'), ("slow", '{"gate":"b"}'), ("broken", "{}")]
    made = script(turn, ["Ok."], tools=tools.all)
    task = asyncio.create_task(run(made.stream(), approve="allow"))
    tools.gates["b"].set()

    def states() -> list[str]:
        blocks: list[Any] = page.card["blocks"] if page.outputs else []
        return [block["state"] for block in blocks if block["type"] == "tool"]

    await reached(lambda: states() == ["running", "ok", "error"])
    tools.gates["a"].set()
    await task
    assert [block["state"] for block in page.record["blocks"][:3]] == ["ok", "ok", "error"]
    results = [part.result for part in made.asked[-1][-1].content]
    assert results == ["a", "b", "no \x1b[31mway"]
    assert "\x1b" not in page.bundle["text/plain"]


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


RECORD = "application/vnd.mirascope-nb.run+json"

SAME_ID = [
    llm.ToolCall(id="google_unknown_tool_id", name="weather", args='{"city":"Tokyo"}'),
    llm.ToolCall(id="google_unknown_tool_id", name="weather", args='{"city":"Oslo"}'),
]


def asked_about(page: Any, city: str) -> Any:
    """The pending call about a city, when the page shows it."""
    for call in page.card["blocks"] if page.outputs else ():
        if call["type"] == "tool" and call["approval"] and city in call["arguments"]:
            return call
    return None


async def test_calls_with_the_same_id_are_each_asked_about_and_each_get_their_own_result(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script(SAME_ID, ["Done."], tools=tools.all)
    task = asyncio.create_task(run(made.stream()))
    oslo = await reached(lambda: asked_about(page, "Oslo"))
    tokyo = await reached(lambda: asked_about(page, "Tokyo"))
    assert oslo["approval"]["id"] != tokyo["approval"]["id"]
    decide(page, oslo, "approve")
    await reached(lambda: tools.ran)
    decide(page, tokyo, "approve")
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
        tokyo = await reached(lambda: asked_about(page, "Tokyo"))
        oslo = await reached(lambda: asked_about(page, "Oslo"))
        decide(page, tokyo, "deny")
        await reached(lambda: page.card["blocks"][0]["state"] == "denied")
        decide(page, oslo, "approve")
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
    call = await reached(lambda: pending(page))
    assert call["arguments"] == '{"table":"t","where":"w","limit":5}'
    assert call["approval"]["digest"] == digest_of("delete_rows", sorted_arguments)
    decide(page, call, "approve")
    await task
    assert page.record["blocks"][0]["result"] == "t w 5"


async def test_the_loop_ends_after_its_last_turn(
    headless: Any, script: MakeScript, tools: Tools
) -> None:
    turn = [("weather", '{"city":"Tokyo"}')]
    made = script(turn, turn, turn, tools=tools.all)
    response = await run(made.stream(), approve="allow", max_turns=2)
    assert len(response.tool_calls) == 1
    assert tools.ran == ["Tokyo"]
    assert headless.record["note"].startswith("Ended after 2 replies")
    assert headless.record["blocks"][-1]["state"] == "proposed"


async def test_a_stop_during_a_tool_cancels_it_and_leaves_no_task(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("slow", '{"gate":"a"}'), ("slow", '{"gate":"b"}')], tools=tools.all)
    task = asyncio.create_task(run(made.stream(), approve="allow"))
    await reached(
        lambda: page.outputs and [b.get("state") for b in page.card["blocks"]] == 2 * ["running"]
    )
    page.widget.browser_sends(kind="stop")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [block["state"] for block in page.record["blocks"]] == ["cancelled", "cancelled"]
    assert page.record["state"] == "stopped"
    assert tools.ran == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_stop_during_an_approval_cancels_it(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], tools=tools.all)
    task = asyncio.create_task(run(made.stream()))
    await reached(lambda: pending(page))
    page.widget.browser_sends(kind="stop")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert page.record["blocks"][0]["state"] == "cancelled"
    assert tools.ran == []


async def test_a_tool_that_leaves_takes_its_siblings_along_and_goes_on_up(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("slow", '{"gate":"a"}'), ("leaves", "{}")], tools=tools.all)
    with pytest.raises(SystemExit):
        await run(made.stream(), approve="allow")
    assert page.record["state"] == "failed"
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_quiet_card_appears_when_a_person_is_needed(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("weather", '{"city":"Tokyo"}')], ["Ok."], tools=tools.all)
    task = asyncio.create_task(run(made.stream(), quiet=True))
    decide(page, await reached(lambda: pending(page)), "approve")
    await task
    assert page.record["state"] == "done"


async def test_a_context_is_handed_to_the_tools(page: Any, script: MakeScript) -> None:
    @llm.tool
    def secret(ctx: llm.Context[str]) -> str:
        """Tell."""
        return ctx.deps

    call = [llm.ToolCall(id="1", name="secret", args="{}")]
    made = script(call, call, tools=[secret])
    with pytest.raises(llm.Error):  # there is no such provider to go on with
        await run(made.whole(llm.AsyncContextResponse), approve="allow", ctx=llm.Context(deps="42"))
    assert page.record["blocks"][0]["result"] == "42"
    with pytest.raises(ValueError, match="pass it as ctx="):
        await run(made.whole(llm.AsyncContextResponse), approve="allow")


async def test_a_tool_may_run_a_loop_of_its_own_in_a_card_of_its_own(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    inner = script([("weather", '{"city":"Oslo"}')], ["Cold."], tools=tools.all)

    @llm.tool
    async def agent(task: str) -> str:
        """Think."""
        return (await run(inner.stream(), approve="allow")).text()

    outer = script(["One.", ("agent", '{"task":"x"}')], ["Done."], tools=[agent])
    await run(outer.stream(), approve="allow")
    first, second = (output.shown[-1][0][RECORD]["blocks"] for output in page.outputs)
    assert [block.get("name") for block in first] == [None, "agent", None]
    assert [block.get("name") for block in second] == ["weather", None]
    assert first[1]["result"] == "Cold. "
    assert second[0]["state"] == "ok"


@pytest.mark.parametrize("options", [{"max_turns": 0}, {"approve": "maybe"}])
async def test_wrong_options_are_refused(
    page: Any, script: MakeScript, options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="must be"):
        await run(script(["Hi"]).stream(), **options)


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
