"""Messages: the browser's are read strictly, and both languages declare the same ones."""

import dataclasses
import logging
import re
import types
import typing
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope_nb.widgets import protocol
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
    decode_card_request,
    decode_progress_request,
    refused,
)

TYPESCRIPT = Path(__file__).parents[2] / "labextension" / "src" / "protocol.ts"

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
        assert decode_card_request(content, card_id="card") is None
    assert len(caplog.records) == 1
    assert "explode" not in caplog.text


def test_a_progress_bar_has_requests_of_its_own() -> None:
    def read(**fields: Any) -> Any:
        return decode_progress_request({**BASE, **fields}, card_id="card")

    assert read(kind="resync") == ProgressResyncMessage(**BASE)
    assert read(kind="pause") == PauseMessage(**BASE)
    assert read(kind="limit", value=4) == LimitMessage(**BASE, value=4)
    assert read(kind="limit", value="4") is None
    assert read(kind="stop") is None
    assert read(kind="resync", have=None) is None


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


def test_a_refusal_names_the_request() -> None:
    assert refused(StopMessage(id="card", request="r1"), "too late") == {
        "kind": "refused",
        "id": "card",
        "request": "r1",
        "reason": "too late",
    }


# -- the two declarations ------------------------------------------------------------------------


def typescript_interfaces(source: str) -> dict[str, dict[str, str]]:
    """Every interface of the file: its fields and their types, in one spelling."""
    found: dict[str, dict[str, str]] = {}
    for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", source, re.DOTALL):
        fields = re.findall(r"^  (\w+): (.+);$", body, re.MULTILINE)
        assert len(fields) == len(body.split("\n")), f"{name} is not in the regular form"
        found[name] = {field: spelled(kind) for field, kind in fields}
    return found


def typescript_unions(source: str) -> dict[str, set[str]]:
    """Every union of literal strings."""
    return {
        name: set(re.findall(r'"(\w+)"', body))
        for name, body in re.findall(r"export type (\w+) =([^;]*);", source)
        if re.fullmatch(r'[\s|"\w]*', body) and '"' in body
    }


def spelled(kind: str) -> str:
    kind = re.sub(r"\{ \[\w+: string\]: unknown \}", "object", kind)
    return " | ".join(sorted(part.strip() for part in kind.split("|")))


NAMES = {str: "string", int: "number", float: "number", bool: "boolean", Any: "unknown"}


def python_type(kind: Any) -> str:
    """A type of the protocol as TypeScript spells it."""
    for union in ("CardPhase", "CardFormat", "ToolPhase", "ProgressPhase", "Block", "Op"):
        if kind == getattr(protocol, union):
            return union
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(sorted({python_type(argument) for argument in arguments}))
    if origin is Literal:
        return " | ".join(sorted(f'"{argument}"' for argument in arguments))
    if kind is type(None):
        return "null"
    if kind in NAMES:
        return NAMES[kind]
    if origin is dict:
        return "object"
    if origin is list:
        return f"{python_type(arguments[0])}[]"
    if origin is tuple:
        return f"[{', '.join(python_type(argument) for argument in arguments)}]"
    return str(kind.__name__)


def python_interfaces() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    kinds: dict[Any, str] = {
        made: kind
        for table in (protocol.CARD_REQUESTS, protocol.PROGRESS_REQUESTS)
        for kind, made in table.items()
    }
    for name, made in cast("dict[str, Any]", vars(protocol)).items():
        if getattr(made, "__module__", None) != protocol.__name__:
            continue
        if not (dataclasses.is_dataclass(made) or typing.is_typeddict(made)):
            continue
        fields = {field: python_type(kind) for field, kind in get_type_hints(made).items()}
        if made in kinds:
            fields["kind"] = f'"{kinds[made]}"'
        found[name] = fields
    del found["BrowserMessage"]
    return found


def test_typescript_declares_the_same_messages() -> None:
    source = TYPESCRIPT.read_text(encoding="utf-8")
    assert typescript_interfaces(source) == python_interfaces()


def test_typescript_declares_the_same_states() -> None:
    unions = typescript_unions(TYPESCRIPT.read_text(encoding="utf-8"))
    for name in ("CardPhase", "CardFormat", "ToolPhase", "ProgressPhase"):
        assert unions[name] == set(get_args(getattr(protocol, name)))


def test_typescript_declares_the_same_operations() -> None:
    source = TYPESCRIPT.read_text(encoding="utf-8")
    for name in ("BlockOp", "AppendOp", "SetOp", "CardOp"):
        declared = re.search(rf"export type {name} = \[(.*)\];", source)
        assert declared is not None
        written = [spelled(part) for part in re.split(r", (?![^{]*\})", declared[1])]
        written = [re.sub(r"\{ .* \}", "object", part) for part in written]
        assert written == [python_type(part) for part in get_args(getattr(protocol, name))]
