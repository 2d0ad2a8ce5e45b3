from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import pytest

from mirascope_nb import llm
from mirascope_nb.approvals import Answer, ApprovalSession, Record, StdinAsker
from mirascope_nb.kernel import CannotAsk

if TYPE_CHECKING:
    from conftest import Clock, MakeRequest

Ask = Callable[..., Awaitable[tuple[Answer, list[str]]]]


@pytest.fixture
def ask(approvals: ApprovalSession, request_for: "MakeRequest") -> Ask:
    async def run(
        lines: Iterable[str | BaseException], request: llm.ApprovalRequest | None = None
    ) -> tuple[Answer, list[str]]:
        """Enter the lines, and return the answer and the prompts."""
        prompts: list[str] = []
        rest = iter(lines)

        async def read(prompt: str, seconds: float) -> str:
            prompts.append(prompt)
            line = next(rest)
            if isinstance(line, BaseException):
                raise line
            return line

        answer = await StdinAsker(approvals, read=read).ask(request or request_for())
        assert approvals.book.pending == []
        return answer, prompts

    return run


async def test_the_question_shows_every_argument_with_nothing_hidden(
    ask: Ask, request_for: "MakeRequest"
) -> None:
    request = request_for(to="ann\u202e\x1b[31m\n", body="é" + "x" * 5000, n=2)
    _, (prompt,) = await ask(["n"], request)
    assert prompt.splitlines() == [
        "Tool call send(to: str, n: int = 1)",
        '  to = "ann\\u202e\\u001b[31m\\n"',
        '  body = "é' + "x" * 5000 + '"',
        "  n = 2",
        "Run it? [y]es, [N]o (and why), [e]dit, [a]lways: ",
    ]


@pytest.mark.parametrize("line", ["y", "Y", " yes "])
async def test_yes_approves(ask: Ask, line: str) -> None:
    answer, _ = await ask([line])
    assert answer.outcome == "approved"


@pytest.mark.parametrize(
    ("line", "reason"), [("", None), ("n", None), ("No", None), ("no, not him", "not him")]
)
async def test_no_and_an_empty_line_deny(ask: Ask, line: str, reason: str | None) -> None:
    answer, _ = await ask([line])
    assert (answer.outcome, answer.reason) == ("denied", reason)


async def test_anything_else_is_asked_again(ask: Ask) -> None:
    answer, prompts = await ask(["yes please", "yo", "ye s", "sure", "y"])
    assert answer.outcome == "approved"
    assert len(prompts) == 5
    assert all(prompt.startswith("Answer y, n, e or a. Tool call") for prompt in prompts[1:])


async def test_edited_arguments_are_shown_again(ask: Ask, request_for: "MakeRequest") -> None:
    answer, prompts = await ask(["e", '{"to": "bob"}', "y"])
    assert answer == Answer(outcome="edited", request=answer.request)
    assert answer.request.digest == request_for(to="bob").digest
    assert prompts[1] == "New arguments (JSON): "
    assert '  to = "bob"' in prompts[2]


async def test_arguments_that_do_not_fit_are_not_taken(ask: Ask) -> None:
    answer, prompts = await ask(["e", "{", "n"])
    assert answer.outcome == "denied"
    assert prompts[2].startswith("These arguments cannot be used: ")
    assert '  to = "ann"' in prompts[2]


async def test_always_approves_and_makes_a_rule(
    ask: Ask, approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    answer, _ = await ask(["a"])
    assert (answer.outcome, answer.rule) == ("approved", "r1: allow send")
    assert approvals.rules.judge(request_for(to="bob")).policy == "allow"


async def test_an_end_of_file_denies(ask: Ask) -> None:
    answer, _ = await ask([EOFError()])
    assert answer.outcome == "denied"


async def test_a_question_nobody_answers_expires(ask: Ask) -> None:
    answer, _ = await ask(["what?", TimeoutError()])
    assert answer.outcome == "expired"


async def test_an_answer_that_comes_too_late_does_not_count(
    approvals: ApprovalSession, clock: "Clock", request_for: "MakeRequest"
) -> None:
    async def read(prompt: str, seconds: float) -> str:
        assert seconds == 300
        clock.now += 301
        return "a"

    answer = await StdinAsker(approvals, read=read).ask(request_for())
    assert answer.outcome == "expired"
    assert len(approvals.rules) == 0


async def test_always_that_is_used_up_at_the_last_moment_makes_no_rule(
    approvals: ApprovalSession, clock: "Clock", request_for: "MakeRequest"
) -> None:
    async def read(prompt: str, seconds: float) -> str:
        return "a"

    take = approvals.book.take

    def take_late(id: str, digest: str) -> Record:
        clock.now += 301
        return take(id, digest)

    approvals.book.take = take_late
    answer = await StdinAsker(approvals, read=read).ask(request_for())
    assert (answer.outcome, answer.rule, len(approvals.rules)) == ("expired", None, 0)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), CannotAsk("nobody")])
async def test_a_stop_and_having_nobody_to_ask_go_on_up(
    approvals: ApprovalSession, request_for: "MakeRequest", error: BaseException
) -> None:
    async def read(prompt: str, seconds: float) -> str:
        raise error

    with pytest.raises(type(error)):
        await StdinAsker(approvals, read=read).ask(request_for())
    assert approvals.book.pending == []
