"""Tools that fail, and models that call them wrongly: nothing crashes, nothing runs twice."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer
    from tests.faults.wires import Wire

BOTH = pytest.mark.parametrize("streams", [True, False], ids=["stream", "call"])


class Ran:
    """How often the tools ran."""

    times = 0


@pytest.fixture
def ran() -> Ran:
    return Ran()


async def ask(
    faults: FaultServer, wire: Wire, call: tuple[str, str], tools: list[Any], *, streams: bool
) -> tuple[Any, str]:
    """A reply that calls a tool; what is sent after it is answered in words."""
    streamed, whole = wire.call("c1", *call)

    async def script(connection: Connection) -> None:
        first = connection.number == 1
        if streams:
            await connection.whole(b"text/event-stream", streamed if first else wire.stream)
        else:
            await connection.whole(b"application/json", whole if first else wire.once)

    faults.register(wire)
    prompt = faults.case(script)
    model = llm.Model(wire.model)
    if not streams:
        return await model.call_async(prompt, tools=tools), prompt
    stream = await model.stream_async(prompt, tools=tools)
    await stream.finish()
    return stream, prompt


async def answered(reply: Any, outputs: list[Any]) -> str:
    """What the model says of the outputs."""
    further = await reply.resume(outputs)
    if hasattr(further, "finish"):
        await further.finish()
    return further.text()


BAD = {
    "cut off": '{"a": 1, "b":',
    "no JSON": "a=1",
    "no object": "[1, 2]",
    "NaN": '{"a": NaN, "b": 1}',
    "infinite": '{"a": 1e999, "b": 1}',
    "twice": '{"a": 1, "a": 2, "b": 1}',
    "missing": '{"a": 1}',
    "unknown": '{"a": 1, "b": 2, "c": 3}',
    "wrong type": '{"a": "one", "b": [2]}',
    "null": '{"a": null, "b": null}',
    "deep": '{"a":' * 100_000,
    "huge": '{"a": ' + "9" * 100_000 + ', "b": 1}',
    "half a pair": '{"a": "\\ud83e", "b": 1}',
}


@BOTH
@pytest.mark.parametrize("how", sorted(BAD))
async def test_bad_arguments_run_nothing_and_the_model_is_told(
    faults: FaultServer, wire: Wire, ran: Ran, how: str, *, streams: bool
) -> None:
    @llm.tool
    def add(a: int, b: int) -> int:
        ran.times += 1
        return a + b

    try:
        reply, prompt = await ask(faults, wire, ("add", BAD[how]), [add], streams=streams)
        outputs = await reply.execute_tools()
    except llm.ResponseValidationError:
        return  # where arguments are an object of the reply's own, it cannot be read at all
    if how in {"twice", "NaN", "infinite"} and wire.name in {"anthropic", "google"} and not streams:
        return  # what reads the reply has made something else of it
    lost = (output for output in outputs if output.error is None)
    if wire.name == "google" or (wire.name == "anthropic" and not streams):
        # Arguments that are no object are none on these wires.
        assert ran.times == len(list(lost))
    else:
        assert ran.times == 0
        (output,) = outputs
        assert isinstance(output.error, llm.ToolError)
        assert "Traceback" not in str(output.result)
    assert "4242" in await answered(reply, outputs)
    assert len(faults.requests(prompt)) == 2


@BOTH
async def test_a_tool_that_is_not_there_is_told_to_the_model(
    faults: FaultServer, wire: Wire, *, streams: bool
) -> None:
    reply, _ = await ask(faults, wire, ("launch", "{}"), [], streams=streams)
    (output,) = await reply.execute_tools()
    assert isinstance(output.error, llm.ToolNotFoundError)
    assert "4242" in await answered(reply, [output])


@BOTH
async def test_a_tool_that_raises_is_an_output_without_a_traceback(
    faults: FaultServer, wire: Wire, ran: Ran, *, streams: bool
) -> None:
    @llm.tool
    async def fail() -> str:
        ran.times += 1
        raise ZeroDivisionError("by the user's own hand")

    reply, prompt = await ask(faults, wire, ("fail", "{}"), [fail], streams=streams)
    (output,) = await reply.execute_tools()
    assert output.result == "by the user's own hand"
    assert "4242" in await answered(reply, [output])
    assert ran.times == 1
    sent = faults.requests(prompt)[1].body
    assert b"by the user" in sent
    assert b"Traceback" not in sent
    assert b"test_tools.py" not in sent


@BOTH
@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_a_tool_that_hangs_is_given_up(
    faults: FaultServer, wire: Wire, kind: str, *, streams: bool
) -> None:
    @llm.tool(timeout=0.1)
    async def hang() -> str:
        await asyncio.sleep(60)
        return "never"

    @llm.tool(timeout=0.1)
    def block() -> str:
        time.sleep(0.5)
        return "late"

    tool: Any = hang if kind == "async" else block
    reply, _ = await ask(faults, wire, (tool.name, "{}"), [tool], streams=streams)
    (output,) = await reply.execute_tools()
    assert "did not finish within 0.1 s" in str(output.error)
    assert "4242" in await answered(reply, [output])


@BOTH
@pytest.mark.parametrize("leaving", [KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_a_tool_that_leaves_goes_on_up(
    faults: FaultServer, wire: Wire, leaving: type[BaseException], *, streams: bool
) -> None:
    @llm.tool
    async def leave() -> str:
        raise leaving("out")

    reply, _ = await ask(faults, wire, ("leave", "{}"), [leave], streams=streams)
    with pytest.raises(leaving, match="out"):
        await reply.execute_tools()


@BOTH
async def test_huge_output_is_cut_before_it_is_sent(
    faults: FaultServer, wire: Wire, *, streams: bool
) -> None:
    @llm.tool
    def tell() -> str:
        return "x" * 3_000_000

    reply, prompt = await ask(faults, wire, ("tell", "{}"), [tell], streams=streams)
    (output,) = await reply.execute_tools()
    assert "truncated" in output.result
    assert "4242" in await answered(reply, [output])
    assert len(faults.requests(prompt)[1].body) < 300_000


@BOTH
async def test_a_tool_that_ran_is_not_run_again_because_a_later_request_failed(
    faults: FaultServer, wire: Wire, ran: Ran, *, streams: bool
) -> None:
    @llm.tool
    def act() -> str:
        ran.times += 1
        return f"acted {ran.times} times"

    streamed, whole = wire.call("c1", "act", "{}")

    async def script(connection: Connection) -> None:
        if connection.number in {2, 3}:
            await connection.whole(b"application/json", b"{}", status=503)
        elif streams:
            first = connection.number == 1
            await connection.whole(b"text/event-stream", streamed if first else wire.stream)
        else:
            body = whole if connection.number == 1 else wire.once
            await connection.whole(b"application/json", body)

    faults.register(wire)
    llm.limits.set(f"http://127.0.0.1:{faults.port}", adaptive=False)
    prompt = faults.case(script)
    model: Any = llm.retry_model(wire.model, max_retries=3, initial_delay=0.001)
    if streams:
        reply = await model.stream_async(prompt, tools=[act])
        await reply.finish()
    else:
        reply = await model.call_async(prompt, tools=[act])
    assert "4242" in await answered(reply, await reply.execute_tools())
    assert ran.times == 1
    bodies = [each.body for each in faults.requests(prompt)]
    assert len(bodies) == 4
    assert len(set(bodies[1:])) == 1
    assert b"acted 1 times" in bodies[1]
