"""Run one tool call: read, validate, freeze, decide, run, cap. Shared by every kind of tool.

Nothing a tool or a model does wrong raises from here: it becomes a `ToolOutput` with an error,
which the model is told. Only a `BaseException` that is not an `Exception` propagates.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from mirascope_nb.llm.content import ToolCall, ToolOutput
from mirascope_nb.llm.context import Context
from mirascope_nb.llm.exceptions import ToolError, ToolExecutionError
from mirascope_nb.llm.io.protocol import IO
from mirascope_nb.llm.tools.approval import (
    ApprovalDecision,
    ApprovalRequest,
    Approver,
    digest_of,
    find_approver,
    waiting_room,
)
from mirascope_nb.llm.tools.arguments import canonical_json, decode_arguments
from mirascope_nb.llm.tools.console import ask_on_console

if TYPE_CHECKING:
    from mirascope_nb.llm.tools.tool import BaseTool

__all__ = ["execute", "failed"]

R = TypeVar("R")


async def execute(
    tool: BaseTool[Any], io: IO, ctx: Context[Any] | None, call: ToolCall
) -> ToolOutput[Any]:
    """The output of a tool call, which may be an error."""
    import asyncio

    try:
        decoded = decode_arguments(call.args)
        arguments = tool.convert(decoded)  # what does not fit is refused before anybody is asked
        approver = find_approver()
        if approver is not None or tool.requires_approval:
            tool.check(decoded)
            frozen = canonical_json(decoded)
            decision = await _decide(tool, io, call, frozen, approver)
            if decision is not None:
                frozen = _permitted(tool, frozen, decision)
                arguments = tool.convert(decode_arguments(frozen))
        result = await _run(tool, io, ctx, arguments)
    except ToolError as error:
        return failed(call, error)
    except asyncio.CancelledError as error:
        if _is_being_cancelled():
            raise
        # The tool's own: it awaited what somebody else had cancelled.
        reason = f"Tool '{tool.name}' was cancelled from within: {error!r}"
        return failed(call, ToolExecutionError(RuntimeError(reason)))
    except Exception as error:  # noqa: BLE001, a failing tool is a result like another
        return failed(call, ToolExecutionError(error))
    return ToolOutput(id=call.id, name=call.name, result=_capped(tool, result))


def _is_being_cancelled() -> bool:
    """Whether the task running this code, if any, is being cancelled."""
    import asyncio

    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs here
        return False
    return task is not None and task.cancelling() > 0


def failed(call: ToolCall, error: ToolError) -> ToolOutput[Any]:
    """The output that reports an error to the model, without a traceback."""
    return ToolOutput(id=call.id, name=call.name, result=str(error), error=error)


async def _decide(
    tool: BaseTool[Any], io: IO, call: ToolCall, frozen: str, approver: Approver | None
) -> ApprovalDecision | None:
    request = ApprovalRequest(
        call_id=call.id,
        tool=tool.name,
        signature=tool.signature_text,
        description=tool.description,
        parameters=tool.parameters.model_dump(by_alias=True, exclude_none=True),
        arguments=frozen,
        digest=digest_of(tool.name, frozen),
        required=tool.requires_approval,
        revise=partial(_revise, tool),
    )
    decided = ask_on_console(io, request) if approver is None else approver.decide(request)
    room = waiting_room.get() if io.is_async else None
    if room is None:
        return await decided
    async with room():
        return await decided


def _revise(tool: BaseTool[Any], text: str) -> str:
    try:
        arguments = decode_arguments(text)
        tool.convert(arguments)
        tool.check(arguments)
        return canonical_json(arguments)
    except Exception as error:
        raise ToolExecutionError(error) from error


def _permitted(tool: BaseTool[Any], frozen: str, decision: ApprovalDecision) -> str:
    """The canonical arguments that may run.

    Raises:
        ToolExecutionError: If none may.
    """
    reason = f": {decision.reason}" if decision.reason else "."
    if decision.outcome == "denied":
        raise ToolExecutionError(f"The call of '{tool.name}' was denied{reason}")
    if decision.outcome == "expired":
        raise ToolExecutionError(
            f"The call of '{tool.name}' was not run: nobody decided on it in time{reason}"
        )
    if decision.outcome == "cancelled":
        raise ToolExecutionError(f"The call of '{tool.name}' was cancelled{reason}")
    if decision.outcome == "edited" and decision.arguments is not None:
        frozen = _revise(tool, decision.arguments)
    if digest_of(tool.name, frozen) != decision.digest:
        raise ToolExecutionError(
            f"The call of '{tool.name}' was not run: "
            "its arguments are not those that were decided on."
        )
    return frozen


async def _run(
    tool: BaseTool[Any], io: IO, ctx: Context[Any] | None, arguments: dict[str, Any]
) -> Any:
    given = (ctx,) if tool.takes_context else ()
    work = partial(cast("Callable[..., Any]", tool.fn), *given, **arguments)
    job: Coroutine[Any, Any, Any] = work() if tool.is_async else io.run(partial(_finish, work))
    ours = _Limit()
    try:
        result = await io.limit(tool.timeout, ours.watch(job))
    except builtins.TimeoutError:
        if ours.finished:  # the tool's own, not ours
            raise
        raise ToolExecutionError(
            builtins.TimeoutError(f"Tool '{tool.name}' did not finish within {tool.timeout:g} s")
        ) from None
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError(f"Tool '{tool.name}' returned a coroutine: define it with `async def`")
    return result


def _finish(work: Callable[[], R]) -> R:
    try:
        return work()
    except StopIteration as error:
        # In a coroutine it would mean that the coroutine is done, and in a future nothing at all.
        raise RuntimeError("the tool raised StopIteration") from error


class _Limit:
    """Tells a tool's own `TimeoutError` from the one that ends a tool which takes too long."""

    def __init__(self) -> None:
        self.finished = False

    async def watch(self, job: Coroutine[Any, Any, R]) -> R:
        try:
            return await job
        except Exception:
            self.finished = True
            raise


def _capped(tool: BaseTool[Any], result: object) -> object:
    """A text result cut to the tool's cap, with a mark where it was cut."""
    if isinstance(result, str) and tool.max_output is not None and len(result) > tool.max_output:
        left_out = len(result) - tool.max_output
        return f"{result[: tool.max_output]}\n[truncated: {left_out} more characters]"
    return result
