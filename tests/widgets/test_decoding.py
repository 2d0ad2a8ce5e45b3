"""What the browser says is read strictly: nothing that is not a message becomes one."""

import logging
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope_nb.widgets import protocol
from mirascope_nb.widgets.decoding import decode_card_request, decode_progress_request
from mirascope_nb.widgets.protocol import (
    AlwaysMessage,
    DecideMessage,
    EditMessage,
    LimitMessage,
    PauseMessage,
    ProgressResyncMessage,
    ResyncMessage,
    Scope,
    StopMessage,
)

BASE = {"id": "card", "request": "r1"}
DECIDE = {**BASE, "kind": "decide", "approval": "a", "digest": "d", "decision": "approve"}

GOOD: list[tuple[dict[str, Any], Any]] = [
    ({**BASE, "kind": "resync", "have": None}, ResyncMessage(id="card", request="r1", have=None)),
    ({**BASE, "kind": "resync", "have": 3.0}, ResyncMessage(id="card", request="r1", have=3)),
    ({**BASE, "kind": "stop"}, StopMessage(id="card", request="r1")),
    (
        {**DECIDE, "reason": "why"},
        DecideMessage(
            id="card", request="r1", approval="a", digest="d", decision="approve", reason="why"
        ),
    ),
    (
        {**BASE, "kind": "edit", "approval": "a", "digest": "d", "arguments": "{}"},
        EditMessage(id="card", request="r1", approval="a", digest="d", arguments="{}"),
    ),
    (
        {
            **BASE,
            "kind": "always",
            "approval": "a",
            "digest": "d",
            "scope": {"argument": "x", "value": [1]},
        },
        AlwaysMessage(
            id="card", request="r1", approval="a", digest="d", scope=Scope(argument="x", value=[1])
        ),
    ),
]

BAD: list[Any] = [
    None,
    "stop",
    [],
    {},
    {**BASE},
    {**BASE, "kind": "explode"},
    {**BASE, "kind": ["stop"]},
    {"kind": "stop", "id": "card"},
    {**BASE, "kind": "stop", "extra": 1},
    {**BASE, "kind": "stop", "id": "another"},
    {**BASE, "kind": "stop", "id": 7},
    {**BASE, "kind": "stop", "request": ""},
    {**BASE, "kind": "stop", "request": "x" * 1000},
    {**BASE, "kind": "resync"},
    {**BASE, "kind": "resync", "have": "3"},
    {**BASE, "kind": "resync", "have": True},
    {**BASE, "kind": "resync", "have": 1.5},
    {**DECIDE},
    {**DECIDE, "reason": 1},
    {**DECIDE, "reason": "x" * 100_000},
    {**DECIDE, "reason": None, "decision": "maybe"},
    {**DECIDE, "reason": None, "decision": ["approve"]},
    {**DECIDE, "reason": None, "digest": None},
    {**BASE, "kind": "edit", "approval": "a", "digest": "d", "arguments": {}},
    {**BASE, "kind": "edit", "approval": "a", "digest": "d", "arguments": "x" * 2_000_000},
    {**BASE, "kind": "always", "approval": "a", "digest": "d", "scope": None},
    {**BASE, "kind": "always", "approval": "a", "digest": "d", "scope": {"argument": "x"}},
    {
        **BASE,
        "kind": "always",
        "approval": "a",
        "digest": "d",
        "scope": {"argument": 1, "value": 1},
    },
    {**BASE, "kind": "cancel"},
]


@pytest.mark.parametrize(("content", "message"), GOOD, ids=lambda value: str(value)[:40])
def test_a_request_of_a_card_is_read(content: dict[str, Any], message: Any) -> None:
    assert decode_card_request(content, card_id="card") == message


@pytest.mark.parametrize("content", BAD, ids=lambda value: str(value)[:60])
def test_anything_else_is_refused_and_logged_and_raises_nothing(
    content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = decode_card_request(content, card_id="card")
    # A refusal that names the request, where it has said whose it is; and nothing else of it.
    assert found is None or found == {
        "kind": "refused",
        "id": "card",
        "request": "r1",
        "reason": "The kernel does not understand this message.",
    }
    addressed = isinstance(content, dict) and {**BASE}.items() <= cast("Any", content).items()
    assert (found is not None) == addressed
    assert len(caplog.records) == 1
    assert "explode" not in caplog.text


def test_a_progress_bar_has_requests_of_its_own() -> None:
    def read(**fields: Any) -> Any:
        return decode_progress_request({**BASE, **fields}, card_id="card")

    assert read(kind="resync") == ProgressResyncMessage(**BASE)
    assert read(kind="pause") == PauseMessage(**BASE)
    assert read(kind="limit", value=4) == LimitMessage(**BASE, value=4)
    assert read(kind="limit", value="4")["kind"] == "refused"
    assert read(kind="stop")["kind"] == "refused"
    assert read(kind="resync", have=None)["kind"] == "refused"


FIELDS = [
    *("id", "request", "have", "approval", "digest"),
    *("decision", "reason", "arguments", "scope", "value"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {"kind": st.sampled_from([*protocol.CARD_REQUESTS, *protocol.PROGRESS_REQUESTS])},
        optional={name: JSON | st.sampled_from(["card", "approve", "deny"]) for name in FIELDS},
    )
)
def test_no_message_of_a_browser_raises(content: dict[str, Any]) -> None:
    decode_card_request(content, card_id="card")
    decode_progress_request(content, card_id="card")
