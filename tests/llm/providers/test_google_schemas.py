"""Schemas in the form that Gemini takes: a part of OpenAPI's."""

from enum import Enum, IntEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from mirascope_nb.llm.providers.google.schemas import format_schema, tool_schema


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Everything(BaseModel):
    """All kinds of members."""

    colour: Colour
    size: Annotated[Size, Field(description="How large.")]
    kind: Literal["only"]
    pair: tuple[int, int]
    mixed: tuple[int, str]
    maybe: Annotated[int | None, Field(ge=1)] = None
    either: int | str = 3
    words: Annotated[list[str], Field(min_length=1, max_length=4)]


def test_a_schema_is_written_in_the_services_own_form() -> None:
    schema = Everything.model_json_schema()
    before = str(schema)
    made = format_schema(schema)
    assert str(schema) == before
    assert "$" not in str(made)
    assert "additionalProperties" not in str(made)
    assert made["property_ordering"] == list(Everything.model_fields)
    members = made["properties"]
    assert members["colour"] == {"enum": ["red", "blue"], "title": "Colour", "type": "STRING"}
    assert members["size"] == {
        "title": "Size",
        "type": "INTEGER",
        "description": "How large.\nOne of: 1, 2",
    }
    assert members["kind"] == {"enum": ["only"], "title": "Kind", "type": "STRING"}
    assert members["pair"]["items"] == {"type": "INTEGER"}
    assert members["mixed"]["items"] == {"any_of": [{"type": "INTEGER"}, {"type": "STRING"}]}
    assert members["maybe"] == {
        "type": "INTEGER",
        "minimum": 1,
        "nullable": True,
        "title": "Maybe",
    }
    assert members["either"] == {
        "any_of": [{"type": "INTEGER"}, {"type": "STRING"}],
        "default": 3,
        "title": "Either",
    }
    assert members["words"]["min_items"] == 1
    assert members["words"]["max_items"] == 4


def test_formats_that_the_service_refuses_are_described() -> None:
    day = {"type": "string", "format": "date", "description": "When."}
    schema = {"type": "object", "properties": {"day": day, "at": day | {"format": "date-time"}}}
    for made in (format_schema(schema), tool_schema(schema) or {}):
        assert made["properties"] == {
            "day": {"type": "STRING", "description": "When.\nFormat: date"},
            "at": {"type": "STRING", "description": "When.", "format": "date-time"},
        }


def test_what_the_service_has_no_keyword_for_is_described() -> None:
    point = {"type": "object", "properties": {"x": {"type": "number"}}}
    properties = {
        "more": {
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "additionalProperties": {"$ref": "#/$defs/Point"},
        },
        "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
        "closed": {"type": "object", "additionalProperties": False},
    }
    schema = {"type": "object", "properties": properties, "$defs": {"Point": point}}
    made = format_schema(schema)["properties"]
    described = {name: each.get("description") for name, each in made.items()}
    assert described == {
        "more": (
            "{additionalProperties: {'type': 'OBJECT', 'properties': {'x': {'type': 'NUMBER'}}}}"
        ),
        "share": "{exclusiveMaximum: 1, exclusiveMinimum: 0}",
        "pair": "{prefixItems: [{'type': 'INTEGER'}, {'type': 'STRING'}]}",
        "closed": None,
    }


def test_a_tools_schema_keeps_null_as_a_type() -> None:
    made = tool_schema(
        {
            "type": "object",
            "properties": {"x": {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "y": True},
            "additionalProperties": False,
        }
    )
    assert made == {
        "type": "OBJECT",
        "properties": {"x": {"any_of": [{"type": "INTEGER"}, {"type": "NULL"}]}, "y": {}},
    }


def test_a_list_of_types_is_a_union() -> None:
    schema = {"type": "object", "properties": {"x": {"type": ["string", "null"]}}}
    assert format_schema(schema)["properties"]["x"] == {"type": "STRING", "nullable": True}
    schema = {"type": "object", "properties": {"x": {"type": ["string"]}}}
    assert format_schema(schema)["properties"]["x"] == {"type": "STRING"}
