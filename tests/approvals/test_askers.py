"""Who is asked: a card that a page shows, a console beside it, a card for a question alone."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from mirascope_nb import llm
from mirascope_nb._loop import run_now
from mirascope_nb.approvals import (
    Answer,
    ApprovalSession,
    CardAsker,
    PopUpAsker,
    default_approver,
)
from mirascope_nb.approvals.askers import is_blocking
from mirascope_nb.kernel import CannotAsk

if TYPE_CHECKING:
    from conftest import Card, MakeRequest


class Nobody:
    """A way to ask that leads nowhere."""

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        raise CannotAsk


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_card_is_not_asked_in_a_call_that_blocks(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    with pytest.raises(CannotAsk, match="blocks the kernel"):
        run_now(CardAsker(card, approvals).ask(request_for()))
    assert card.asked == []


async def test_a_card_that_nobody_sees_is_not_asked(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    card.can_ask = False
    with pytest.raises(CannotAsk):
        await CardAsker(card, approvals).ask(request_for())


async def test_a_card_of_its_own_is_shared_by_the_calls_that_wait_and_then_closed(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    made: list[Card] = []

    def make_card() -> "Card":
        made.append(card if not made else type(card)())
        return made[-1]

    asker = PopUpAsker(make_card, approvals)
    tasks = [asyncio.create_task(asker.ask(request_for(to=name))) for name in "abc"]
    await asyncio.sleep(0)
    assert [question["queue"] for _, question in card.asked] == [0, 1, 2]
    card.answer(0, decision="approve")
    card.answer(1, decision="deny")
    await asyncio.gather(*tasks[:2])
    assert card.said == ["approved", "denied"]
    tasks[2].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[2]
    assert card.said == ["approved", "denied", "closed: CancelledError"]

    later = asyncio.create_task(asker.ask(request_for()))
    await asyncio.sleep(0)
    assert len(made) == 2
    made[1].answer(decision="approve")
    await later
    assert made[1].said == ["approved", "closed: None"]


async def test_by_default_only_what_demands_approval_is_asked_about(card: "Card") -> None:
    ran: list[str] = []

    @llm.tool
    async def free() -> None:
        """Run."""
        ran.append("free")

    @llm.tool(requires_approval=True)
    async def bound() -> None:
        """Run."""
        ran.append("bound")

    card.person = lambda card: card.answer(decision="deny")
    with llm.use_approver(default_approver(lambda: card)):
        for tool in (free, bound):
            await tool.execute(llm.ToolCall(id="1", name=tool.name, args=""))
    assert ran == ["free"]
    assert card.said == ["denied", "closed: None"]


async def test_tools_that_run_by_themselves_share_one_card(
    card: "Card", request_for: "MakeRequest"
) -> None:
    made: list[Card] = []

    def make_card() -> "Card":
        made.append(type(card)())
        return made[-1]

    # An approver each, as the core makes one for every call.
    calls = [
        asyncio.ensure_future(default_approver(make_card).decide(request_for(required=True)))
        for _ in range(2)
    ]
    await turns()
    (shared,) = made
    assert len(shared.asked) == 2
    for which in range(2):
        shared.answer(which, decision="deny")
    await asyncio.gather(*calls)
    assert shared.said[-1] == "closed: None"


class ByText:
    """Somebody at a console, who answers when told to."""

    def __init__(self) -> None:
        self.asked: list[llm.ApprovalRequest] = []
        self.answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.withdrawn = False

    async def ask(self, request: llm.ApprovalRequest, /) -> Answer:
        self.asked.append(request)
        try:
            return await self.answered
        except asyncio.CancelledError:
            self.withdrawn = True
            raise


def unseen(card: "Card") -> "Card":
    card.seen.clear()
    return card


async def test_a_card_that_a_page_shows_is_the_only_one_asked(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    text = ByText()
    asker = CardAsker(card, approvals, otherwise=text, patience=0.01)
    asking = asyncio.create_task(asker.ask(request_for()))
    await asyncio.sleep(0.05)
    assert card.answer(decision="approve") is None
    assert (await asking).outcome == "approved"
    assert text.asked == []


async def test_a_card_that_no_page_shows_is_asked_about_by_text_as_well(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    text = ByText()
    request = request_for()
    asker = CardAsker(unseen(card), approvals, otherwise=text, patience=0)
    asking = asyncio.create_task(asker.ask(request))
    await turns(8)
    assert text.asked == [request]
    text.answered.set_result(Answer(outcome="approved", request=request))
    assert (await asking).outcome == "approved"
    assert card.answer(decision="deny") == "This was decided already."
    assert approvals.book.pending == []


async def test_a_page_that_comes_while_the_text_asks_may_answer(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    text = ByText()
    asker = CardAsker(unseen(card), approvals, otherwise=text, patience=0)
    asking = asyncio.create_task(asker.ask(request_for()))
    await turns(8)
    assert len(text.asked) == 1
    card.seen.set()
    assert card.answer(decision="deny", reason="No.") is None
    answer = await asking
    assert (answer.outcome, answer.reason) == ("denied", "No.")
    assert text.withdrawn


async def test_where_two_answers_come_at_once_the_refusal_counts(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    text = ByText()
    request = request_for()
    asker = CardAsker(unseen(card), approvals, otherwise=text, patience=0)
    asking = asyncio.create_task(asker.ask(request))
    await turns(8)
    card.answer(decision="deny")
    text.answered.set_result(Answer(outcome="approved", request=request))
    assert (await asking).outcome == "denied"


async def test_a_card_that_nobody_can_be_asked_about_otherwise_waits_for_its_page(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    asker = CardAsker(unseen(card), approvals, otherwise=Nobody(), patience=0)
    asking = asyncio.create_task(asker.ask(request_for()))
    await turns(8)
    assert not asking.done()
    card.answer(decision="approve")
    assert (await asking).outcome == "approved"


async def test_a_card_that_expires_while_the_text_is_being_edited_does_not_end_the_question(
    card: "Card", request_for: "MakeRequest"
) -> None:
    text = ByText()
    request = request_for()
    asker = CardAsker(unseen(card), ApprovalSession(lifetime=0.05), otherwise=text, patience=0)
    asking = asyncio.create_task(asker.ask(request))
    await asyncio.sleep(0.2)
    assert not asking.done()
    text.answered.set_result(Answer(outcome="edited", request=request))
    assert (await asking).outcome == "edited"


async def test_a_stop_withdraws_both_questions(
    card: "Card", approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    text = ByText()
    asker = CardAsker(unseen(card), approvals, otherwise=text, patience=0)
    asking = asyncio.create_task(asker.ask(request_for()))
    await turns(8)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert text.withdrawn
    assert approvals.book.pending == []


async def test_a_blocking_call_is_told_from_an_awaited_one() -> None:
    async def look() -> bool:
        return is_blocking()

    assert not await look()
    assert run_now(look())
