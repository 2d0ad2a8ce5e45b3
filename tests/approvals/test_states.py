from typing import Any, get_args

import pytest

from mirascope_nb import llm
from mirascope_nb.approvals import FINAL, State, follows, state_of
from mirascope_nb.widgets.protocol import ToolPhase

STATES: tuple[State, ...] = get_args(State)


def test_the_card_knows_the_same_states() -> None:
    assert set(STATES) == set(get_args(ToolPhase))


def test_nothing_follows_a_final_state_and_something_follows_every_other() -> None:
    for state in STATES:
        followers = [other for other in STATES if follows(state, other)]
        assert (followers == []) == (state in FINAL), state


def test_every_state_can_be_reached() -> None:
    reached: set[State] = {"proposed"}
    for _ in STATES:
        reached |= {new for old in reached for new in STATES if follows(old, new)}
    assert reached == set(STATES)


def test_what_was_not_allowed_does_not_run() -> None:
    before = {state for state in STATES if follows(state, "running")}
    assert before == {"auto_allowed", "approved", "edited"}


@pytest.mark.parametrize(
    ("outcome", "by", "state"),
    [
        ("approved", "person", "approved"),
        ("approved", "rule", "auto_allowed"),
        ("approved", "policy", "auto_allowed"),
        ("edited", "person", "edited"),
        ("denied", "person", "denied"),
        ("denied", "policy", "auto_denied"),
        ("denied", "rule", "auto_denied"),
        ("expired", "timeout", "expired"),
        ("cancelled", "person", "cancelled"),
    ],
)
def test_a_decision_puts_a_call_in_its_state(outcome: Any, by: Any, state: State) -> None:
    decision = llm.ApprovalDecision(outcome=outcome, by=by, digest="d")
    assert state_of(decision) == state
    assert follows("proposed", state) or follows("pending", state)


def test_a_call_that_needs_no_decision_runs() -> None:
    assert state_of(None) == "auto_allowed"
