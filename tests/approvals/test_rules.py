from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb.approvals import ApprovalSession, Policy, Rules
from mirascope_nb.approvals.rules import definition_of

if TYPE_CHECKING:
    from conftest import MakeRequest

POLICIES: tuple[Policy | None, ...] = (None, "ask", "allow", "deny")


@pytest.fixture
def rules() -> Rules:
    return Rules(clock=lambda: 0.0)


@pytest.mark.parametrize(
    ("tool", "call", "session", "expected"),
    [
        (None, None, None, "ask"),
        (None, None, "allow", "allow"),
        (None, "ask", "allow", "ask"),
        ("allow", "ask", "ask", "allow"),
        ("ask", "allow", "allow", "ask"),
        (None, "allow", "ask", "allow"),
    ],
)
def test_the_narrower_policy_counts(
    rules: Rules,
    request_for: "MakeRequest",
    *,
    tool: Policy | None,
    call: Policy | None,
    session: Policy | None,
    expected: Policy,
) -> None:
    rules.session = session
    if tool is not None:
        rules.tools["send"] = tool
    assert rules.judge(request_for(), call=call).policy == expected


@pytest.mark.parametrize("required", [False, True])
def test_a_deny_anywhere_wins(rules: Rules, request_for: "MakeRequest", *, required: bool) -> None:
    request = request_for(required=required)
    rules.always("allow", "send")
    for tool in POLICIES:
        for call in POLICIES:
            for session in POLICIES:
                rules.session = session
                rules.tools = {} if tool is None else {"send": tool}
                verdict = rules.judge(request, call=call)
                denied = "deny" in (tool, call, session)
                assert (verdict.policy == "deny") == denied, (tool, call, session)
    rules.session, rules.tools = "allow", {"send": "allow"}
    rules.always("deny", "send", argument="to", value="ann")
    verdict = rules.judge(request, call="allow")
    assert (verdict.policy, verdict.by) == ("deny", "rule")


def test_a_tool_that_demands_approval_is_not_covered_by_a_wholesale_allow_of_the_session(
    rules: Rules, request_for: "MakeRequest"
) -> None:
    rules.session = "allow"
    assert rules.judge(request_for(required=True)).policy == "ask"
    assert rules.judge(request_for(required=True), call="allow").policy == "allow"
    rules.tools["send"] = "allow"
    assert rules.judge(request_for(required=True)).policy == "allow"


def test_without_any_policy_only_a_tool_that_demands_approval_is_asked_about(
    rules: Rules, request_for: "MakeRequest"
) -> None:
    assert rules.judge(request_for(), default=None).policy is None
    assert rules.judge(request_for(required=True), default=None).policy == "ask"


def test_always_allow_covers_one_tool_only(rules: Rules, request_for: "MakeRequest") -> None:
    rule = rules.always("allow", "send")
    verdict = rules.judge(request_for())
    assert (verdict.policy, verdict.by, verdict.rule) == ("allow", "rule", str(rule))
    assert rules.judge(request_for("delete")).policy == "ask"


@pytest.mark.parametrize(
    ("value", "given", "covered"),
    [
        ("ann", "ann", True),
        ("ann", "Ann", False),
        ("*", "ann", False),
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        (None, None, True),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}, True),
    ],
)
def test_a_rule_for_a_value_covers_just_that_value(
    rules: Rules, request_for: "MakeRequest", value: Any, given: Any, *, covered: bool
) -> None:
    rules.always("allow", "send", argument="to", value=value)
    assert (rules.judge(request_for(to=given)).policy == "allow") == covered


@pytest.mark.parametrize(
    ("pattern", "given", "covered"),
    [
        ("/data/*", "/data/a.csv", True),
        ("/data/*", "/data/a/b.csv", True),
        ("/data/*", "/data/../etc/passwd", False),
        ("/data/*", "/data/..\\..\\etc", False),
        ("/data/*", "/data/a\n/etc", False),
        ("/data/*", "x/data/a", False),
        ("*.csv", "a.csv.exe", False),
        ("a.c", "abc", False),
        ("*", 3, False),
    ],
)
def test_a_pattern_covers_what_it_says(
    rules: Rules, request_for: "MakeRequest", pattern: str, given: Any, *, covered: bool
) -> None:
    rules.always("allow", "send", argument="to", pattern=pattern)
    assert (rules.judge(request_for(to=given)).policy == "allow") == covered


def test_a_rule_for_an_argument_needs_that_argument(
    rules: Rules, request_for: "MakeRequest"
) -> None:
    rules.always("allow", "send", argument="n", value=None)
    assert rules.judge(request_for(to="ann")).policy == "ask"


def test_a_rule_made_for_a_tool_does_not_cover_another_of_the_same_name(
    rules: Rules, request_for: "MakeRequest"
) -> None:
    rules.always("allow", "send", definition=definition_of(request_for()))
    assert rules.judge(request_for(to="bob")).policy == "allow"
    assert rules.judge(request_for(description="Send, and delete all.")).policy == "ask"


def test_a_revoked_rule_no_longer_counts(rules: Rules, request_for: "MakeRequest") -> None:
    rule, other = rules.always("allow", "send"), rules.always("allow", "delete")
    assert rules.revoke(rule.id) is rule
    assert list(rules) == [other]
    assert rules.judge(request_for()).policy == "ask"
    with pytest.raises(KeyError):
        rules.revoke(rule.id)
    assert rules.revoke_all() == [other]
    assert len(rules) == 0


def test_a_pattern_that_could_take_for_ever_is_refused(rules: Rules) -> None:
    with pytest.raises(ValueError, match="stars"):
        rules.always("allow", "send", argument="to", pattern="*a" * 20)
    with pytest.raises(ValueError, match="argument"):
        rules.always("allow", "send", pattern="*")


def test_the_session_sets_and_removes_policies(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    approvals.set_policy("allow")
    approvals.set_policy("ask", tool="send")
    assert approvals.rules.judge(request_for()).policy == "ask"
    approvals.set_policy(None, tool="send")
    assert approvals.rules.judge(request_for()).policy == "allow"
    approvals.set_policy(None)
    assert approvals.rules.judge(request_for()).policy == "ask"
    with pytest.raises(ValueError, match="not 'perhaps'"):
        approvals.set_policy("perhaps")  # pyright: ignore[reportArgumentType]


def test_the_session_allows_and_denies_by_name(
    approvals: ApprovalSession, request_for: "MakeRequest"
) -> None:
    approvals.allow("send", argument="to", pattern="a*")
    assert approvals.rules.judge(request_for()).policy == "allow"
    assert approvals.rules.judge(request_for(to="bob")).policy == "ask"
    rule = approvals.deny("send")
    assert approvals.rules.judge(request_for()).policy == "deny"
    approvals.revoke(rule)
    assert approvals.rules.judge(request_for()).policy == "allow"
    with pytest.raises(ValueError, match="go together"):
        approvals.allow("send", argument="to")


def test_a_rule_says_what_it_is(rules: Rules) -> None:
    assert [
        str(rules.always("allow", "send")),
        str(rules.always("deny", "send", argument="to", value="eve")),
        str(rules.always("allow", "read", argument="path", pattern="data/*")),
    ] == [
        "r1: allow send",
        'r2: deny send when to is "eve"',
        "r3: allow read when path is like 'data/*'",
    ]
