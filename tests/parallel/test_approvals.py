"""Tool calls inside a gather: asked about on one panel, while the rest goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import mirascope_nb as nb
from mirascope_nb import _defaults, llm
from mirascope_nb.sandbox import Sandbox


class Desk:
    """An approver that answers when the test says so."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.waiting: list[llm.ApprovalRequest] = []
        self.open = asyncio.Event()

    async def decide(self, request: llm.ApprovalRequest, /) -> llm.ApprovalDecision | None:
        if not request.required:
            return None
        self.waiting.append(request)
        await self.open.wait()
        return llm.ApprovalDecision(outcome="approved", by="person", digest=request.digest)


async def test_questions_queue_with_one_approver_and_the_others_go_on(
    llm_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks: list[Desk] = []

    def make() -> Desk:
        desks.append(Desk())
        return desks[-1]

    monkeypatch.setattr(_defaults, "make_approver", make)

    @llm.tool(requires_approval=True)
    async def delete(name: str) -> str:
        """Delete a thing."""
        return f"deleted {name}"

    finished: list[int] = []

    async def work(number: int) -> Any:
        if number % 2:
            finished.append(number)
            return number
        llm_sandbox.reply("", tools=[("delete", {"name": str(number)})])
        reply = await llm.Model("sandbox/fast").call_async("Delete it", tools=[delete])
        (output,) = await reply.execute_tools()
        return output.result

    task = asyncio.create_task(nb.map(work, range(6), limit=6))
    async with asyncio.timeout(10):
        # The simulator runs in a thread: there is nothing of it to wait for.
        while not desks or len(desks[0].waiting) < 3 or len(finished) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert len(desks) == 1
    assert not task.done()
    desks[0].open.set()
    results = await task
    assert results.errors == []
    assert [results[number] for number in (1, 3, 5)] == [1, 3, 5]
    assert sorted(results[number] for number in (0, 2, 4)) == [
        "deleted 0",
        "deleted 2",
        "deleted 4",
    ]
