import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from mirascope_nb.approvals import Answer, ApprovalSession, Desk

if TYPE_CHECKING:
    from conftest import Card, Clock, MakeRequest

AskDesk = Callable[[llm.ApprovalRequest], "asyncio.Task[Answer]"]


@pytest.fixture
async def ask(card: "Card", approvals: ApprovalSession) -> AsyncIterator[AskDesk]:
    desk, tasks = Desk(card, approvals), list[asyncio.Task[Answer]]()

    def start(request: llm.ApprovalRequest) -> "asyncio.Task[Answer]":
        tasks.append(asyncio.create_task(desk.ask(request)))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_approved_call_is_the_one_that_was_shown(
    ask: AskDesk, card: "Card", request_for: "MakeRequest"
) -> None:
    request = request_for()
    task = ask(request)
    await settled()
    ((shown, question),) = card.asked
    assert shown is request
    assert (question["digest"], question["queue"]) == (request.digest, 0)
    assert question["schema"] == request.parameters
    assert card.answer(decision="approve") is None
    assert await task == Answer(outcome="approved", request=request)


async def test_a_denial_gives_its_reason(
    ask: AskDesk, card: "Card", request_for: "MakeRequest"
) -> None:
    for given, reason in ((" not him ", "not him"), ("", None), (None, None)):
        task = ask(request_for())
        await settled()
        card.answer(decision="deny", reason=given)
        answer = await task
        assert (answer.outcome, answer.reason) == ("denied", reason)


@pytest.mark.parametrize(
    "message",
    [
        {"digest": "0" * 64, "decision": "approve"},
        {"approval": "somebody else's", "decision": "approve"},
        {"digest": "", "scope": {"argument": None, "value": None}},
        {"digest": "x", "arguments": '{"to":"eve"}'},
        {"nothing": "known"},
        {"decision": "perhaps"},
    ],
)
async def test_a_message_that_does_not_fit_decides_nothing(
    ask: AskDesk,
    card: "Card",
    approvals: ApprovalSession,
    request_for: "MakeRequest",
    message: dict[str, Any],
) -> None:
    task = ask(request_for())
    await settled()
    assert card.answer(**message)
    await settled()
    assert not task.done()
    assert len(approvals.rules) == 0
    assert len(card.asked) == 1
    card.answer(decision="approve")
    assert (await task).outcome == "approved"


async def test_a_second_answer_is_refused(
    ask: AskDesk, card: "Card", request_for: "MakeRequest"
) -> None:
    task = ask(request_for())
    await settled()
    card.answer(decision="deny")
    assert card.answer(decision="approve") == "This was decided already."
    assert (await task).outcome == "denied"
    assert card.answer(decision="approve") == "This was decided already."


async def test_an_answer_in_time_counts_and_one_too_late_does_not(
    ask: AskDesk, card: "Card", clock: "Clock", request_for: "MakeRequest"
) -> None:
    in_time, late = ask(request_for()), ask(request_for(to="bob"))
    await settled()
    clock.now += 299
    assert card.answer(0, decision="approve") is None
    clock.now += 1
    assert card.answer(1, decision="approve") == "Nobody decided in time; it has expired."
    assert (await in_time).outcome == "approved"
    assert not late.done()


async def test_a_question_nobody_answers_expires(card: "Card", request_for: "MakeRequest") -> None:
    approvals = ApprovalSession(lifetime=0.02)
    answer = await asyncio.wait_for(Desk(card, approvals).ask(request_for()), 5)
    assert answer.outcome == "expired"
    assert approvals.book.pending == []
    assert card.answer(decision="approve") == "Nobody decided in time; it has expired."


async def test_edited_arguments_are_shown_again_before_they_run(
    ask: AskDesk, card: "Card", request_for: "MakeRequest"
) -> None:
    task = ask(request_for())
    await settled()
    assert card.answer(arguments='{ "to": "bob" }') is None
    await settled()
    assert not task.done()
    (_, old), (request, new) = card.asked
    assert request.arguments == '{"to":"bob"}'
    assert request.digest == request_for(to="bob").digest
    assert new["id"] != old["id"]
    assert card.answer(0, decision="approve") == "This was decided already."
    assert not task.done()
    assert card.answer(1, decision="approve") is None
    assert await task == Answer(outcome="edited", request=request)


async def test_arguments_edited_and_put_back_are_not_edited(
    ask: AskDesk, card: "Card", request_for: "MakeRequest"
) -> None:
    task = ask(request_for())
    for text in ('{"to":"bob"}', '{"to":"ann"}'):
        await settled()
        card.answer(arguments=text)
    await settled()
    card.answer(decision="approve")
    assert (await task).outcome == "approved"


@pytest.mark.parametrize("text", ["", "{", '{"to": 3}', "[]", "null"])
async def test_arguments_that_do_not_fit_leave_the_call_pending(
    ask: AskDesk, card: "Card", request_for: "MakeRequest", text: str
) -> None:
    task = ask(request_for())
    await settled()
    why = card.answer(arguments=text)
    assert why is not None
    assert why.startswith("These arguments cannot be used")
    await settled()
    assert card.errors == [why]
    assert len(card.asked) == 1
    card.answer(decision="approve")
    assert (await task).outcome == "approved"


async def test_always_allow_approves_and_makes_a_rule(
    ask: AskDesk, card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    task = ask(request_for())
    await settled()
    assert card.answer(scope={"argument": "to", "value": "ann"}) is None
    answer = await task
    (rule,) = approvals.rules
    assert answer.outcome == "approved"
    assert answer.rule == str(rule) == 'r1: allow send when to is "ann"'
    assert approvals.rules.judge(request_for(to="ann", n=5)).policy == "allow"
    assert approvals.rules.judge(request_for(to="bob")).policy == "ask"
    changed = request_for(to="ann", description="Send it elsewhere too.")
    assert approvals.rules.judge(changed).policy == "ask"


@pytest.mark.parametrize(
    "scope", [{"argument": "to", "value": "eve"}, {"argument": "cc", "value": None}]
)
async def test_always_allow_is_about_an_argument_of_this_call(
    ask: AskDesk,
    card: "Card",
    approvals: ApprovalSession,
    request_for: "MakeRequest",
    scope: dict[str, Any],
) -> None:
    task = ask(request_for())
    await settled()
    assert card.answer(scope=scope) == "That is not an argument of this call."
    assert len(approvals.rules) == 0
    assert not task.done()


async def test_several_calls_wait_beside_each_other(
    ask: AskDesk, card: "Card", request_for: "MakeRequest"
) -> None:
    first, second, third = (ask(request_for(to=name)) for name in ("a", "b", "c"))
    await settled()
    assert [question["queue"] for _, question in card.asked] == [0, 1, 2]
    card.answer(1, decision="deny")
    assert (await second).outcome == "denied"
    assert not first.done()
    assert not third.done()
    await settled()
    assert card.queues[-1] == 1
    card.answer(2, decision="approve")
    card.answer(0, decision="approve")
    assert (await first).request.arguments == '{"to":"a"}'
    assert (await third).request.arguments == '{"to":"c"}'


async def test_a_cancelled_call_can_no_longer_be_approved(
    ask: AskDesk, card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    task = ask(request_for())
    await settled()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert approvals.book.pending == []
    assert card.answer(decision="approve") == "This was decided already."


async def test_answers_come_on_any_thread_and_are_shown_on_the_loop_and_in_the_context_of_the_call(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    block: ContextVar[int] = ContextVar("block")
    seen: list[tuple[int, int]] = []
    card.person = lambda _: seen.append((threading.get_ident(), block.get()))
    desk = Desk(card, approvals)

    async def call(index: int) -> Answer:
        block.set(index)
        return await desk.ask(request_for(to=f"user {index}"))

    tasks = [asyncio.create_task(call(index)) for index in range(2)]
    await settled()

    def page() -> None:
        card.answer(0, arguments='{"to":"bob"}')

    thread = threading.Thread(target=page)
    thread.start()
    await asyncio.to_thread(thread.join)
    await settled()
    here = threading.get_ident()
    assert seen == [(here, 0), (here, 1), (here, 0)]

    thread = threading.Thread(
        target=lambda: [card.answer(which, decision="approve") for which in (1, 2)]
    )
    thread.start()
    answers = await asyncio.gather(*tasks)
    thread.join()
    assert [answer.outcome for answer in answers] == ["edited", "approved"]


async def test_a_message_for_another_card_of_the_session_is_refused(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    here, other = Desk(card, approvals), Desk(type(card)(), approvals)
    tasks = [asyncio.create_task(desk.ask(request_for())) for desk in (here, other)]
    await settled()
    mine, theirs = approvals.book.pending
    assert card.answer(approval=theirs.id, decision="approve") == "This was asked on another card."
    assert card.answer(approval=mine.id, decision="approve") is None
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
