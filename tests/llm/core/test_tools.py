"""Running tools: what goes wrong stays in the output, and nothing runs that was not allowed."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm

if TYPE_CHECKING:
    from conftest import ScriptedProvider

trace: contextvars.ContextVar[str] = contextvars.ContextVar("trace", default="none")


def called(name: str, args: str, call_id: str = "1") -> llm.ToolCall:
    return llm.ToolCall(id=call_id, name=name, args=args)


class Approves:
    """An approver that decides as it is told, and keeps what it was asked."""

    def __init__(self, **decision: Any) -> None:
        self.decision = decision
        self.asked: list[llm.ApprovalRequest] = []

    async def decide(self, request: llm.ApprovalRequest, /) -> llm.ApprovalDecision | None:
        self.asked.append(request)
        if not self.decision:
            return None
        given: dict[str, Any] = {"by": "person", "digest": request.digest, **self.decision}
        return llm.ApprovalDecision(**given)


ran: list[str] = []


@llm.tool(requires_approval=True)
def remove(table: str, limit: int = 100) -> str:
    """Remove rows."""
    ran.append(f"{table} {limit}")
    return "removed"


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


def test_a_tool_that_needs_approval_runs_what_was_approved() -> None:
    approver = Approves(outcome="approved")
    with llm.use_approver(approver):
        output = remove.execute(called("remove", '{"table": "orders", "limit": 5}'))
    assert output.output == "removed"
    request = approver.asked[0]
    assert request.arguments == '{"limit":5,"table":"orders"}'
    assert request.signature == "(table: str, limit: int = 100)"
    assert request.required
    assert ran == ["orders 5"]


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        ({"outcome": "denied", "reason": "not before Monday"}, "was denied: not before Monday"),
        ({"outcome": "denied"}, "was denied."),
        ({"outcome": "expired", "by": "timeout"}, "nobody decided on it in time"),
        ({"outcome": "cancelled"}, "was cancelled"),
        ({"outcome": "approved", "digest": "0" * 64}, "not those that were decided on"),
        ({"outcome": "edited", "arguments": '{"limit":1}'}, "table"),
        ({"outcome": "edited", "arguments": '{"table":"x"}'}, "not those that were decided on"),
    ],
)
def test_without_approval_nothing_runs_and_the_model_is_told_why(
    decision: dict[str, Any], told: str
) -> None:
    with llm.use_approver(Approves(**decision)):
        output = remove.execute(called("remove", '{"table": "orders"}'))
    assert ran == []
    assert told in str(output.result)
    assert isinstance(output.error, llm.ToolExecutionError)


def test_edited_arguments_are_validated_digested_and_run() -> None:
    class Edits:
        async def decide(self, request: llm.ApprovalRequest, /) -> llm.ApprovalDecision:
            with pytest.raises(llm.ToolExecutionError):
                request.with_arguments('{"table": 5}')
            edited = request.with_arguments('{"table": "orders", "limit": 7}')
            return llm.ApprovalDecision(
                outcome="edited", by="person", digest=edited.digest, arguments=edited.arguments
            )

    with llm.use_approver(Edits()):
        output = remove.execute(called("remove", '{"table": "customers"}'))
    assert output.output == "removed"
    assert ran == ["orders 7"]


def test_a_plain_script_without_a_terminal_denies_and_says_how_to_allow() -> None:
    output = remove.execute(called("remove", '{"table": "orders"}'))
    assert ran == []
    assert "nobody could be asked" in str(output.result)


def test_a_tool_that_needs_none_is_still_offered_to_the_approver() -> None:
    @llm.tool
    def look(table: str) -> str:
        """Look."""
        return table

    nobody = Approves()
    with llm.use_approver(nobody):
        assert look.execute(called("look", '{"table": "x"}')).output == "x"
    assert [request.required for request in nobody.asked] == [False]


@pytest.mark.parametrize(
    "args",
    [
        "not json",
        "[1]",
        '{"table": 5}',
        '{"table": "a", "table": "b"}',
        '{"table": "a", "limit": NaN}',
        '{"table": "a"',
        '{"other": 1}',
        '{"table": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=["text", "array", "type", "twice", "nan", "cut", "unknown", "deep"],
)
def test_bad_arguments_run_nothing_and_ask_nobody(args: str) -> None:
    approver = Approves(outcome="approved")
    with llm.use_approver(approver):
        output = remove.execute(called("remove", args))
    assert isinstance(output.error, llm.ToolExecutionError)
    assert isinstance(output.result, str)
    assert output.result
    assert ran == []
    assert approver.asked == []


async def test_an_async_tool_that_hangs_times_out() -> None:
    @llm.tool(timeout=0.02)
    async def hang() -> str:
        """Hang."""
        await asyncio.Event().wait()
        return "never"

    output = await hang.execute(called("hang", "{}"))
    assert "did not finish within 0.02 s" in str(output.result)


async def test_a_tools_own_timeout_is_told_as_its_own() -> None:
    @llm.tool
    async def slow() -> str:
        """Be slow."""
        raise TimeoutError("the database is slow")

    output = await slow.execute(called("slow", "{}"))
    assert output.result == "the database is slow"


async def test_sync_tools_of_an_async_call_run_in_a_thread_with_the_callers_context() -> None:
    @llm.tool
    def where() -> str:
        """Say where."""
        return f"{threading.current_thread() is threading.main_thread()} {trace.get()}"

    trace.set("mine")
    kit = llm.AsyncToolkit([where])
    output = await kit.execute(called("where", "{}"))
    assert output.output == "False mine"


async def test_tools_of_an_async_reply_run_at_once_and_in_order(
    scripted: ScriptedProvider,
) -> None:
    meeting = asyncio.Barrier(3)

    @llm.tool
    async def meet(n: int) -> int:
        """Wait for the others."""
        await meeting.wait()
        return n

    calls = [called("meet", f'{{"n": {n}}}', str(n)) for n in range(3)]
    scripted.script = [list(calls)]
    response = await llm.Model("scripted/m").call_async("go", tools=[meet])
    outputs = await asyncio.wait_for(response.execute_tools(), 5)
    assert [output.output for output in outputs] == [0, 1, 2]


async def test_a_base_exception_cancels_and_awaits_the_siblings_and_goes_on_up(
    scripted: ScriptedProvider,
) -> None:
    ended: list[str] = []

    class Halt(BaseException):
        pass

    @llm.tool
    async def halt() -> str:
        """Halt."""
        await asyncio.sleep(0)
        raise Halt

    @llm.tool
    async def wait() -> str:
        """Wait."""
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("wait")
        return ""

    scripted.script = [[called("wait", "{}", "1"), called("halt", "{}", "2")]]
    response = await llm.Model("scripted/m").call_async("go", tools=[halt, wait])
    with pytest.raises(Halt):
        await response.execute_tools()
    assert ended == ["wait"]
    assert len(asyncio.all_tasks()) == 1


def test_long_output_is_cut_off_and_marked() -> None:
    @llm.tool(max_output=10)
    def long() -> str:
        """Say much."""
        return "x" * 25

    assert long.execute(called("long", "")).output == "x" * 10 + "\n[truncated: 15 more characters]"


def test_a_toolkit_refuses_what_it_cannot_run() -> None:
    @llm.tool
    async def fetch() -> str:
        """Fetch."""
        return ""

    with pytest.raises(ValueError, match=r"'fetch' is async.*async def"):
        llm.Toolkit([fetch])  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="Multiple tools with name: remove"):
        llm.Toolkit([remove, remove])
    search = llm.WebSearchTool()
    with pytest.raises(ValueError, match="Multiple provider tools with name: web_search"):
        llm.Toolkit([search, search])
    with pytest.raises(TypeError, match=r"decorate the function with @llm\.tool"):
        llm.Toolkit([len])  # pyright: ignore[reportArgumentType]
    kit = llm.Toolkit([remove, search])
    assert list(kit.tools_dict) == ["remove"]
    assert list(kit.provider_tools_dict) == ["web_search"]
    with pytest.raises(llm.ToolNotFoundError, match="Tool 'x' not found in registered tools"):
        kit.get(called("x", "{}"))


async def test_a_tool_that_is_cancelled_from_within_does_not_take_its_siblings_along(
    scripted: ScriptedProvider,
) -> None:
    @llm.tool
    async def lost() -> str:
        """Await what was cancelled."""
        job = asyncio.get_running_loop().create_future()
        job.cancel()
        return await job

    @llm.tool
    async def ended() -> str:
        """Raise it."""
        raise asyncio.CancelledError

    @llm.tool
    def steady() -> str:
        """Be steady."""
        return "steady"

    calls = [
        called(name, "{}", str(number)) for number, name in enumerate(["lost", "steady", "ended"])
    ]
    scripted.script = [list(calls), [calls[0]]]
    response = await llm.Model("scripted/m").call_async("go", tools=[lost, steady, ended])
    outputs = await response.execute_tools()
    assert [output.error is None for output in outputs] == [False, True, False]
    assert "cancelled from within" in str(outputs[0].result)
    alone = await llm.Model("scripted/m").call_async("go", tools=[lost])
    assert isinstance((await alone.execute_tools())[0].error, llm.ToolExecutionError)


def test_a_sync_tool_may_raise_it_as_well() -> None:
    @llm.tool
    def ended() -> str:
        """Raise it."""
        raise asyncio.CancelledError

    output = ended.execute(called("ended", "{}"))
    assert isinstance(output.error, llm.ToolExecutionError)


async def test_a_callers_cancellation_ends_the_tools(scripted: ScriptedProvider) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    @llm.tool
    async def wait() -> str:
        """Wait."""
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return ""

    scripted.script = [[called("wait", "{}")]]
    response = await llm.Model("scripted/m").call_async("go", tools=[wait])
    task = asyncio.create_task(response.execute_tools())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()


@pytest.mark.parametrize("given", ["sync", "async"])
async def test_a_tool_that_returns_a_coroutine_is_told_to_await_it(given: str) -> None:
    async def later() -> str:
        return "never"

    def now() -> Any:
        """Forget to await."""
        return later()

    async def soon() -> Any:
        """Forget to await."""
        return later()

    tool: Any = llm.tool(now if given == "sync" else soon)
    output = await llm.AsyncToolkit([tool]).execute(called(tool.name, "{}"))
    assert "returned a coroutine" in str(output.result)


async def test_an_object_whose_call_is_a_coroutine_function_makes_an_async_tool() -> None:
    class Fetch:
        """Fetch."""

        __name__ = "fetch"

        async def __call__(self, title: str) -> str:
            return title

    decorate: Any = llm.tool
    tool = decorate(Fetch())
    assert llm.AsyncTool in type(tool).__mro__
    assert (await tool.execute(called("fetch", '{"title": "x"}'))).output == "x"
