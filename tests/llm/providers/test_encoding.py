"""What every protocol encodes alike."""

from typing import Any

import pytest
from pydantic import BaseModel

from mirascope_nb import llm
from mirascope_nb.llm.providers.encoding import (
    closed_schema,
    has_free_members,
    is_recursive,
    load,
    tool_result_text,
)


class Book(BaseModel):
    title: str


class Odd:
    def __str__(self) -> str:
        return "odd"


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("as it is", "as it is"),
        ("", ""),
        (Book(title="A"), '{"title":"A"}'),
        ({"a": [1, None, True]}, '{"a": [1, null, true]}'),
        (7, "7"),
        (None, "null"),
        (Odd(), "odd"),
        ({"odd": Odd()}, "odd"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_tools_result_as_text(result: Any, text: str) -> None:
    output: Any = llm.ToolOutput(id="call_0", name="f", result=result)
    assert text in tool_result_text(output)


def test_a_result_that_contains_itself_is_a_text_too() -> None:
    loop: list[Any] = []
    loop.append(loop)
    output: Any = llm.ToolOutput(id="call_0", name="f", result=loop)
    assert tool_result_text(output) == "[[...]]"


def test_closing_a_schema_leaves_the_schema_alone() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "a": {"anyOf": [{"type": "object", "properties": {"b": {}}}, {"type": "null"}]},
            "c": {"type": "string", "default": {"type": "object"}},
        },
        "required": ["a"],
        "$defs": {"D": {"type": "object", "properties": {"e": {"type": "integer"}}}},
    }
    closed = closed_schema(schema, all_required=True)
    assert closed["additionalProperties"] is False
    assert closed["required"] == ["a", "c"]
    inner = closed["properties"]["a"]["anyOf"][0]
    assert (inner["additionalProperties"], inner["required"]) == (False, ["b"])
    assert closed["$defs"]["D"]["additionalProperties"] is False
    assert closed["properties"]["c"] == schema["properties"]["c"]
    assert "additionalProperties" not in schema
    assert closed_schema(schema, all_required=False)["required"] == ["a"]


def test_a_property_may_be_called_as_a_keyword() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"default": {"type": "object", "properties": {"a": {}}}, "properties": {}},
    }
    closed = closed_schema(schema, all_required=True)
    assert closed["properties"]["default"]["additionalProperties"] is False
    assert closed["properties"]["properties"] == {}


@pytest.mark.parametrize("data", [b"{", b"", b"\xff", b"[]", b"7", b'"text"', b"null"])
def test_what_is_no_object_is_shown_escaped(data: bytes) -> None:
    with pytest.raises(llm.ResponseValidationError) as caught:
        load(data, "openai")
    assert str(caught.value).isascii()


def test_what_nests_too_deep_is_an_error_and_no_crash() -> None:
    with pytest.raises(llm.ResponseValidationError):
        load(b'{"a":' * 100_000, "openai")


@pytest.mark.parametrize(
    ("node", "free"),
    [
        ({"type": "object", "additionalProperties": {"type": "integer"}}, True),
        ({"type": "object", "additionalProperties": True}, True),
        ({"type": "object"}, True),
        ({"type": "object", "additionalProperties": False}, False),
        ({"type": "object", "properties": {}}, False),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": True}, False),
        ({"type": "string"}, False),
        ({"default": {"type": "object"}}, False),
    ],
    ids=str,
)
def test_members_of_any_name_are_found(node: dict[str, Any], *, free: bool) -> None:
    assert has_free_members(node) is free
    whole = {"type": "object", "properties": {"a": {"items": {"$ref": "#/$defs/A"}}}}
    assert has_free_members(whole | {"$defs": {"A": node}}) is free


def test_a_definition_that_needs_itself_is_recursive() -> None:
    def schema(**needs: str) -> dict[str, Any]:
        return {"$defs": {name: {"items": {"$ref": f"#/$defs/{to}"}} for name, to in needs.items()}}

    assert is_recursive(schema(A="A"))
    assert is_recursive(schema(A="B", B="C", C="A"))
    assert is_recursive(schema(A="B", B="C", C="B"))
    assert not is_recursive(schema(A="B", B="C", C="D"))
