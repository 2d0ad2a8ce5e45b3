import datetime as dt
import json
import re
from typing import Annotated, Any, Literal, NewType, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from mirascope_nb.llm.formatting import FromCallArgs, format
from mirascope_nb.llm.formatting.extract import extract_json
from mirascope_nb.llm.formatting.parse import parse_text


class Book(BaseModel):
    title: str
    day: dt.date


BOOK = Book(title="a", day=dt.date(2024, 1, 1))

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
OBJECTS = st.recursive(
    st.dictionaries(TEXT, TEXT | st.integers() | st.none()),
    lambda each: st.dictionaries(TEXT, each | st.lists(each)),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('Here you are: {"a": {"b": {}}} and {"c": 1}', '{"a": {"b": {}}}'),
        (r'{"a": "}\"}{\\"}}', r'{"a": "}\"}{\\"}'),
        ('Not {this}.\n```json\n{"a": 1}\n```', '{"a": 1}'),
        ('```\n{"a": 1}\n```\n```json\n{"b": 2}\n```\n```json\n{"c": 3}\n```', '{"b": 2}'),
        ('[{"a": 1}]', '{"a": 1}'),
        ('{"a": "```json\\n{}```"}', '{"a": "```json\\n{}```"}'),
        ('Set {a or "b.\n```json\n{"a": "c"}\n```', '{"a": "c"}'),
        ('{"a": 1, ```json\n{"b": 2}\n```}', '{"b": 2}'),
    ],
)
def test_the_object_in_a_text(text: str, found: str) -> None:
    assert extract_json(text) == found


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", "{"),
        ("No.", "{"),
        ('{"a": 1}\n```json\nNo.', "{"),
        ("{", "}"),
        ('{"a": {"b": 1}', "}"),
        ('{"a": "}', "}"),
        ('{"a": "\\', "}"),
        ('{"a": "}\\"', "}"),
    ],
)
def test_a_brace_that_is_missing_is_named(text: str, missing: str) -> None:
    with pytest.raises(json.JSONDecodeError, match=re.escape(f"missing '{missing}'")):
        extract_json(text)


@settings(deadline=None)
@given(OBJECTS, TEXT.filter(lambda text: "{" not in text), TEXT)
def test_an_object_is_found_in_any_surroundings(
    value: dict[str, Any], before: str, after: str
) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert extract_json(f"{before}\n```json\n{text}{after}") == text
    assert extract_json(f"{before.replace('`', '')}\n{text}{after.replace('`', '')}") == text


@pytest.mark.parametrize("piece", ['"', '\\"', "{", '{"', "\\", '{"a":"\\"'])
def test_hostile_texts_take_linear_time(piece: str) -> None:
    # Half a second for what would take minutes if any of it were looked at twice.
    with pytest.raises(json.JSONDecodeError):
        extract_json("{" + piece * 300_000)


def test_a_model_is_read_as_json() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)
        day: dt.date
        size: tuple[int, int]

    value = parse_text(format(Strict, mode="json"), 'So: {"day": "2024-01-01", "size": [1, 2]}.')
    assert value == Strict(day=dt.date(2024, 1, 1), size=(1, 2))


@pytest.mark.parametrize(
    ("type_", "json_text", "value"),
    [
        (list[Book], '[{"title": "a", "day": "2024-01-01"}]', [BOOK]),
        (Literal["a", "b"], '"b"', "b"),
        (int, "3", 3),
        (dict[str, set[int]], '{"a": [1, 1]}', {"a": {1}}),
        (int | None, "null", None),
        (Annotated[int, Field(gt=1)], "2", 2),
    ],
)
def test_a_type_is_unwrapped(type_: type[Any], json_text: str, value: Any) -> None:
    assert parse_text(format(type_, mode="json"), f'{{"output": {json_text}}}') == value


def test_what_does_not_fit_raises_pydantic_s_error() -> None:
    with pytest.raises(ValidationError, match="title"):
        parse_text(format(Book, mode="json"), '{"day": "2024-01-01"}')
    with pytest.raises(json.JSONDecodeError):
        parse_text(format(Book, mode="json"), "I cannot.")


def test_a_parser_reads_no_text() -> None:
    from mirascope_nb.llm.formatting import output_parser

    @output_parser(formatting_instructions="")
    def parse(response: object) -> int:
        return 1

    with pytest.raises(TypeError, match="output parser"):
        parse_text(format(parse, mode="parser"), "{}")


class Source(BaseModel):
    url: Annotated[str, FromCallArgs()]
    headline: str


class Summary(BaseModel):
    text: Annotated[str, FromCallArgs()]
    words: Annotated[int, FromCallArgs(), Field(alias="wordCount")]
    headline: str
    day: dt.date
    first: Source | None = None
    more: list[Source] = []
    named: dict[str, Source] = {}


def test_marked_fields_are_filled_from_the_call() -> None:
    reply = {
        "headline": "h",
        "day": "2024-01-01",
        "text": "what the model made up",
        "first": {"headline": "1"},
        "more": [{"headline": "2"}],
        "named": {"n": {"headline": "3"}},
    }
    call_args = {"text": "t", "words": 3, "url": "u", "unrelated": object()}
    summary = parse_text(format(Summary, mode="json"), json.dumps(reply), call_args)
    assert summary.model_dump() == {
        "text": "t",
        "words": 3,
        "headline": "h",
        "day": dt.date(2024, 1, 1),
        "first": {"url": "u", "headline": "1"},
        "more": [{"url": "u", "headline": "2"}],
        "named": {"n": {"url": "u", "headline": "3"}},
    }


def test_a_marked_field_of_a_wrapped_type_is_filled() -> None:
    made = format(list[Source], mode="json")
    text = '{"output": [{"headline": "h"}]}'
    assert parse_text(made, text, {"url": "u"}) == [Source(url="u", headline="h")]


def test_an_argument_that_is_missing_is_a_missing_field() -> None:
    with pytest.raises(ValidationError) as raised:
        parse_text(format(Source, mode="json"), '{"headline": "h"}')
    assert [(error["type"], error["loc"]) for error in raised.value.errors()] == [
        ("missing", ("url",))
    ]


class Shelf(RootModel[list[Book]]):
    """Books in a row."""


def test_a_model_of_a_bare_value_is_asked_for_in_an_object() -> None:
    # An array, or a union, can be the whole answer of no provider that enforces a schema.
    form = format(Shelf, mode="strict")
    assert (form.name, form.description) == ("Shelf", "Books in a row.")
    assert form.schema["type"] == "object"
    assert list(form.schema["properties"]) == ["output"]
    text = '{"output": [{"title": "a", "day": "2024-01-01"}]}'
    assert parse_text(form, text) == Shelf([BOOK])


def test_a_new_type_is_parsed_as_what_it_is_made_of() -> None:
    Year = NewType("Year", int)
    form = format(cast("type[int]", Year), mode="json")
    assert form.name == "Year"
    assert parse_text(form, '{"output": 1984}') == 1984
