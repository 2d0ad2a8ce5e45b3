import sys
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from mirascope_nb.approvals import ApprovalSession, AuditLog

if TYPE_CHECKING:
    from conftest import Clock, MakeRequest


def decision(**more: Any) -> llm.ApprovalDecision:
    given: dict[str, Any] = {"outcome": "approved", "by": "person", "digest": "d", "seconds": 1.25}
    return llm.ApprovalDecision(**{**given, **more})


@pytest.fixture
def audit(approvals: ApprovalSession) -> AuditLog:
    return approvals.audit


def test_a_decision_is_noted_with_who_which_rule_and_how_long(
    audit: AuditLog, clock: "Clock", request_for: "MakeRequest"
) -> None:
    made = decision(outcome="denied", by="rule", rule="r1: deny send", reason="no")
    assert audit.add(request_for(), made) is made
    (entry,) = audit
    assert (entry.at, entry.tool, entry.arguments) == (clock.now, "send", '{"to":"ann"}')
    assert (entry.outcome, entry.by, entry.rule) == ("denied", "rule", "r1: deny send")
    assert (entry.seconds, entry.reason, entry.call_id) == (1.25, "no", "call_1")


def test_it_is_a_sequence(audit: AuditLog, request_for: "MakeRequest") -> None:
    for name in "abc":
        audit.add(request_for(to=name), decision())
    assert len(audit) == 3
    assert audit[-1].arguments == '{"to":"c"}'
    assert [entry.arguments for entry in audit[:2]] == ['{"to":"a"}', '{"to":"b"}']
    audit.clear()
    assert not audit


def test_rows_are_plain(audit: AuditLog, clock: "Clock", request_for: "MakeRequest") -> None:
    audit.add(request_for(), decision())
    (row,) = audit.to_dicts()
    assert row["at"] == datetime.fromtimestamp(clock.now).astimezone()
    assert row["outcome"] == "approved"


def test_a_frame_is_made_where_there_is_pandas(
    audit: AuditLog, request_for: "MakeRequest", monkeypatch: pytest.MonkeyPatch
) -> None:
    audit.add(request_for(), decision())
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert audit.to_frame() == audit.to_dicts()

    class Pandas(ModuleType):
        @staticmethod
        def DataFrame(rows: Any, columns: Any) -> tuple[Any, Any]:  # noqa: N802 - its name
            return rows, columns

    monkeypatch.setitem(sys.modules, "pandas", Pandas("pandas"))
    rows, columns = audit.to_frame()
    assert rows == audit.to_dicts()
    assert columns == list(rows[0])


def test_it_is_shown_as_a_table(audit: AuditLog, request_for: "MakeRequest") -> None:
    assert repr(audit) == "No tool call has been decided on in this session."
    audit.add(request_for(), decision())
    head, row = repr(audit).splitlines()
    assert head.split() == [
        "when",
        "tool",
        "arguments",
        "outcome",
        "by",
        "rule",
        "seconds",
        "reason",
    ]
    assert row.split()[1:] == ["send", '{"to":"ann"}', "approved", "person", "1.2"]


def test_nothing_a_model_wrote_is_markup_or_hidden(
    audit: AuditLog, request_for: "MakeRequest"
) -> None:
    audit.add(request_for(to="<script>\u202e\x1b[31m"), decision(reason="<b>\u200b"))
    html = audit._repr_html_()  # pyright: ignore[reportPrivateUsage] - IPython's name for it
    assert "<script>" not in html
    assert "<b>" not in html
    for text in (html, repr(audit)):
        assert "\u202e" not in text
        assert "\u200b" not in text
        assert "\x1b" not in text


def test_a_long_log_shows_its_end(audit: AuditLog, request_for: "MakeRequest") -> None:
    for n in range(120):
        audit.add(request_for(to=f"user {n}"), decision())
    text = repr(audit)
    assert "user 119" in text
    assert "user 69" not in text
    assert "70 earlier" in text
    assert audit._repr_html_().count("<tr>") == 51  # pyright: ignore[reportPrivateUsage]
