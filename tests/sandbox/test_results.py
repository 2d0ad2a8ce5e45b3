"""What is said of calls that were kept from running, that failed, or took too long."""

import pytest

from mirascope_nb.sandbox.prompt import Prompt, ToolResult, ToolUse, Turn
from mirascope_nb.sandbox.results import prose_of_results


def said(result: str) -> str:
    turns = (
        Turn(role="user", text="Mail it."),
        Turn(role="assistant", uses=(ToolUse(id="1", name="send_mail", arguments="{}"),)),
        Turn(role="user", results=(ToolResult(id="1", text=result),)),
    )
    return prose_of_results(Prompt(model="assistant", turns=turns))


@pytest.mark.parametrize(
    ("result", "reply"),
    [
        (
            "The call of 'send_mail' was denied: not before Monday",
            "I have not run `send_mail`, because it was not allowed: not before Monday.",
        ),
        (
            "The call of 'send_mail' was denied.",
            "I have not run `send_mail`, because it was not allowed.",
        ),
        (
            "The call of 'send_mail' was not run: nobody decided on it in time: nobody answered",
            "I have not run `send_mail`, because nobody decided on it in time.",
        ),
        (
            "The call of 'send_mail' was cancelled: stopped",
            "I have not run `send_mail`, because it was cancelled: stopped.",
        ),
        (
            "The call of 'send_mail' was not run: its arguments are not those decided on.",
            "I have not run `send_mail`: its arguments are not those decided on.",
        ),
    ],
)
def test_a_call_that_was_not_run_is_no_result(result: str, reply: str) -> None:
    assert said(result) == reply


@pytest.mark.parametrize(
    "result",
    [
        "Tool 'send_mail' did not finish within 60 s",
        "timed out",
        "Tool 'send_mail' not found in registered tools",
        "1 validation error for send_mail",
        "division by zero",
        "[Errno 13] Permission denied: '/etc/mail'",
        "Connection refused",
    ],
)
def test_a_call_that_failed_is_no_result(result: str) -> None:
    assert said(result) == f"`send_mail` did not work: {result}."


@pytest.mark.parametrize(
    "result", ["They denied that it will rain today.", "The order has expired items in it."]
)
def test_words_of_refusal_in_a_long_result_are_its_own(result: str) -> None:
    assert "not allowed" not in said(result * 9)
