"""`run`: replies and tools in one card, until no tool is called."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from mirascope_nb.cells import run

if TYPE_CHECKING:
    from conftest import Tools
else:
    Tools = Any

MakeScript = Callable[..., Any]
RECORD = "application/vnd.mirascope-nb.run+json"


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


async def test_a_later_reply_that_starts_over_leaves_what_has_happened(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    failure: Any = type("Failure", (), {"exception": ValueError("lost"), "model": None})()
    made = script(["Looking.", ("weather", '{"city":"Tokyo"}')], [], tools=tools.all)
    attempts: list[str] = []
    first = made.stream()
    resume = first.resume

    async def resume_badly(content: Any) -> Any:
        second = await resume(content)

        async def chunk_stream() -> Any:
            attempts.append("Lost." if not attempts else "Sunny.")
            yield llm.TextStartChunk()
            yield llm.TextChunk(delta=attempts[-1])
            if len(attempts) == 1:
                raise llm.StreamRestarted(failure)
            yield llm.TextEndChunk()
            second.consumed = True

        second.chunk_stream = chunk_stream
        return second

    first.resume = resume_badly
    await run(first, approve="allow")
    said, tool, end = page.record["blocks"]
    assert (tool["state"], tool["decision"], tool["result"]) == (
        "ok",
        "auto_allowed",
        "72 in Tokyo",
    )
    assert (said["type"], end["type"]) == ("text", "text")
    assert page.bundle["text/markdown"].endswith("Sunny.")
    assert "Lost" not in page.bundle["text/markdown"]


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

    await page.until(lambda: states() == ["running", "ok", "error"])
    tools.gates["a"].set()
    await task
    assert [block["state"] for block in page.record["blocks"][:3]] == ["ok", "ok", "error"]
    results = [part.result for part in made.asked[-1][-1].content]
    assert results == ["a", "b", "no \x1b[31mway"]
    assert "\x1b" not in page.bundle["text/plain"]


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
    await page.until(
        lambda: page.outputs and [b.get("state") for b in page.card["blocks"]] == 2 * ["running"]
    )
    page.widget.browser_sends(kind="stop")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [block["state"] for block in page.record["blocks"]] == ["cancelled", "cancelled"]
    assert page.record["state"] == "stopped"
    assert tools.ran == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_tool_that_leaves_takes_its_siblings_along_and_goes_on_up(
    page: Any, script: MakeScript, tools: Tools
) -> None:
    made = script([("slow", '{"gate":"a"}'), ("leaves", "{}")], tools=tools.all)
    with pytest.raises(SystemExit):
        await run(made.stream(), approve="allow")
    assert page.record["state"] == "failed"
    assert asyncio.all_tasks() == {asyncio.current_task()}


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
