import datetime as dt
import decimal
import enum
import json
import math
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from mirascope_nb.llm.tools.arguments import canonical_json, convert_arguments, decode_arguments
from mirascope_nb.llm.tools.parameters import ToolParameterSchema
from mirascope_nb.llm.tools.schema import ToolSchema

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda each: st.lists(each) | st.dictionaries(TEXT, each),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXT, VALUES)


class Colour(enum.Enum):
    RED = "red"


class Book(BaseModel):
    title: str


# decode_arguments


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "{}", " { } "])
def test_blank_arguments_are_none(text: str) -> None:
    assert decode_arguments(text) == {}


@settings(deadline=None, max_examples=40)
@given(OBJECTS)
def test_an_object_is_decoded_as_json_defines_it(value: dict[str, Any]) -> None:
    assert decode_arguments(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "must be a JSON object, not an array"),
        ('"{}"', "must be a JSON object, not a string"),
        ("1", "must be a JSON object, not a number"),
        ("1.5", "must be a JSON object, not a number"),
        ("true", "must be a JSON object, not a boolean"),
        ("null", "must be a JSON object, not null"),
        ('{"a": 1', "are cut off"),
        ('{"a": "x', "are cut off"),
        ('{"a": tr', "are cut off"),
        ('{"a', "are cut off"),
        ('{"a": 1,}', "are not valid JSON: trailing comma"),
        ("{'a': 1}", "are not valid JSON"),
        ('{"a": 1} and so on', "are not valid JSON: trailing characters"),
        ("I will call it now.", "are not valid JSON"),
        ('{"a": 1, "a": 2}', 'name "a" twice in one object'),
        ('{"a": [{"b": 1, "c": 2, "b": 1}]}', 'name "b" twice in one object'),
        ('{"a": NaN}', "are not valid JSON"),
        ('{"a": [Infinity]}', "are not valid JSON"),
        ('{"a": -Infinity}', "are not valid JSON"),
        ('{"a": 1e999}', "hold a number that is too large: 1e999"),
        ('{"a": -1e999}', "hold a number that is too large: -1e999"),
        ('{"a": ' + "1" * 5_000 + "}", "are not valid JSON: number out of range"),
        ("[" * 100_000, "nest too deep"),
        ('{"a":' * 100_000, "nest too deep"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "nest too deep"),
        ('{"a": "\ud800"}', "half of a surrogate pair"),
        (r'{"a": "\ud800"}', "are not valid JSON"),
        ('{"a": "\x00"}', "are not valid JSON: control character"),
        ("\x00", "are not valid JSON"),
    ],
)
def test_what_is_no_object_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^The arguments ") as raised:
        decode_arguments(text)
    assert message in str(raised.value)
    assert len(str(raised.value)) < 200


@settings(deadline=None, max_examples=40)
@given(st.text())
def test_any_text_is_decoded_or_refused(text: str) -> None:
    try:
        value = decode_arguments(text)
    except ValueError:
        return
    assert isinstance(value, dict)


@settings(deadline=None, max_examples=40)
@given(OBJECTS, st.data())
def test_a_part_of_a_text_is_refused(value: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(ValueError, match="cut off"):
        decode_arguments(text[:cut])


# convert_arguments


def plan(  # noqa: PLR0917, one for each kind of type
    day: dt.date,
    span: tuple[int, str],
    colours: set[Colour],
    book: Book | None = None,
    price: decimal.Decimal = decimal.Decimal(1),
    exact: Annotated[dt.date | None, Field(strict=True)] = None,
    anything: Any = None,
) -> None: ...


SCHEMA: ToolSchema[Any] = ToolSchema.from_function(plan)


def test_values_become_what_the_parameters_are_annotated_with() -> None:
    assert convert_arguments(
        SCHEMA,
        {
            "day": "2024-02-29",
            "span": [1, "a"],
            "colours": ["red"],
            "book": {"title": "Dune"},
            "price": 0.1,
            "exact": "2024-02-29",
            "anything": {"a": [None]},
        },
    ) == {
        "day": dt.date(2024, 2, 29),
        "span": (1, "a"),
        "colours": {Colour.RED},
        "book": Book(title="Dune"),
        "price": decimal.Decimal("0.1"),
        "exact": dt.date(2024, 2, 29),
        "anything": {"a": [None]},
    }


def test_omitted_arguments_are_left_to_the_function() -> None:
    assert convert_arguments(SCHEMA, {"span": [1, "a"]}) == {"span": (1, "a")}
    assert convert_arguments(SCHEMA, {}) == {}


def test_unexpected_arguments_pass_through() -> None:
    given_: dict[str, Any] = {"nope": [1, {"a": None}], "day": "2024-02-29"}
    assert convert_arguments(SCHEMA, given_) == {
        "nope": [1, {"a": None}],
        "day": dt.date(2024, 2, 29),
    }


def test_an_error_names_every_parameter_that_does_not_fit() -> None:
    with pytest.raises(ValidationError) as raised:
        convert_arguments(
            SCHEMA, {"day": "someday", "book": {"title": 1}, "colours": ["red"], "price": 1}
        )
    assert raised.value.title == "plan"
    assert [error["loc"] for error in raised.value.errors()] == [("day",), ("book", "title")]


def test_arguments_are_not_changed() -> None:
    given_: dict[str, Any] = {"span": [1, "a"]}
    convert_arguments(SCHEMA, given_)
    assert given_ == {"span": [1, "a"]}


def test_types_are_read_when_first_needed_and_then_kept() -> None:
    schema: ToolSchema[Any] = ToolSchema.from_function(plan)
    assert "argument_adapter" not in vars(schema)
    convert_arguments(schema, {"price": 1})
    adapter = schema.argument_adapter
    convert_arguments(schema, {"price": 2})
    assert schema.argument_adapter is adapter


def free(**arguments: Any) -> None: ...


@pytest.mark.parametrize("fn", [free, dict, print])
def test_a_function_without_annotations_takes_values_as_they_are(fn: Any) -> None:
    schema = ToolSchema(fn, "free", "free", ToolParameterSchema(additionalProperties=True))
    value = {"a": [1, {"b": "2024-01-01"}]}
    assert convert_arguments(schema, value) == value


def test_the_context_is_not_converted() -> None:
    class ContextSchema(ToolSchema[Any]):
        takes_context = True

    def find(ctx: object, ids: set[int]) -> None: ...

    schema = ContextSchema.from_function(find, is_context_tool=True)
    assert convert_arguments(schema, {"ids": [1, "2"]}) == {"ids": {1, 2}}


def test_large_numbers_are_exact() -> None:
    def count(n: int) -> None: ...

    schema = ToolSchema.from_function(count)
    assert convert_arguments(schema, {"n": 10**30}) == {"n": 10**30}


# canonical_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1, 2.5, None, True]}, '{"a":[1,2.5,null,true],"b":1}'),
        ({"ü": "é😀", "a": '"\n'}, r'{"a":"\"\n","ü":"é😀"}'),
        ({}, "{}"),
    ],
)
def test_equal_values_have_one_text(value: Any, text: str) -> None:
    assert canonical_json(value) == text


@settings(deadline=None, max_examples=40)
@given(OBJECTS)
def test_the_text_of_a_value_is_read_back(value: dict[str, Any]) -> None:
    text = canonical_json(value)
    assert decode_arguments(text) == value
    assert canonical_json(decode_arguments(text)) == text
    assert canonical_json(dict(reversed(value.items()))) == text


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_hold_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": number})
