import datetime as dt
import json
import time
from enum import Enum
from typing import Annotated, Any, Literal, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from mirascope_nb.llm.formatting import Format, Partial, format
from mirascope_nb.llm.formatting.parse import parse_text
from mirascope_nb.llm.formatting.partial_json import MISSING, PartialJSON
from mirascope_nb.llm.formatting.partial_reader import PartialReader, parse_partial

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


class Genre(Enum):
    FANTASY = "fantasy"
    SCIENCE = "science"


class Author(BaseModel):
    name: str = Field(min_length=2)
    born: dt.date | None = None


class Book(BaseModel):
    title: str
    author: Author
    rating: int = Field(ge=1, le=10)
    genre: Genre
    binding: Literal["paper", "cloth"] = "paper"
    size: tuple[float, float] | None = None
    tags: list[str] = []
    scores: dict[str, int] = {}
    notes: Any = None
    owner: Author | str = ""


class Library(BaseModel):
    name: str
    books: list[Book] = Field(alias="allBooks")


AUTHORS = st.builds(Author, name=st.text("ab", min_size=2), born=st.none() | st.dates())
BOOKS = st.builds(
    Book,
    title=TEXT,
    author=AUTHORS,
    rating=st.integers(1, 10),
    genre=st.sampled_from(Genre),
    binding=st.sampled_from(["paper", "cloth"]),
    size=st.none() | st.tuples(st.floats(0, 9), st.floats(0, 9)),
    tags=st.lists(TEXT, max_size=3),
    scores=st.dictionaries(TEXT, st.integers(), max_size=2),
    notes=st.none() | st.integers() | st.dictionaries(TEXT, st.lists(st.integers()), max_size=2),
    owner=AUTHORS | TEXT,
)
LIBRARIES = st.builds(Library, name=TEXT, allBooks=st.lists(BOOKS, max_size=2))

LIBRARY: Format[Library] = format(Library, mode="json")
BOOK: Format[Book] = format(Book, mode="json")


def value_of(form: Format[Any], text: str) -> Any:
    reader = PartialReader(form)
    reader.feed(text)
    return reader.value


def assert_reader_keeps_up(form: Format[Any], text: str) -> None:
    """That a reader says at every prefix what a fresh reading of it says."""
    reader = PartialReader(form)
    for end, character in enumerate(text, start=1):
        reader.feed(character)
        fresh = PartialJSON()
        fresh.feed(text[:end])
        expected = parse_partial(form, fresh.value, is_complete=fresh.is_complete)
        assert repr(reader.value) == repr(expected), text[:end]


def growth(form: Format[Any], text: str) -> list[Any]:
    """The different values that a text has on its way."""
    reader = PartialReader(form)
    values: list[Any] = []
    for character in text:
        reader.feed(character)
        if not values or repr(reader.value) != repr(values[-1]):
            values.append(reader.value)
    return values


@settings(deadline=None, max_examples=25)
@given(LIBRARIES)
def test_a_reader_agrees_with_a_fresh_reading_at_every_prefix(library: Library) -> None:
    text = library.model_dump_json(by_alias=True)
    assert_reader_keeps_up(LIBRARY, text)
    assert value_of(LIBRARY, text) == Partial[Library].model_validate_json(text)
    assert value_of(LIBRARY, text).model_dump() == parse_text(LIBRARY, text).model_dump()


@settings(deadline=None, max_examples=25)
@given(LIBRARIES, st.data())
def test_a_reader_agrees_on_spoilt_texts_too(library: Library, data: st.DataObject) -> None:
    text = library.model_dump_json(by_alias=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        new = data.draw(st.sampled_from(["", *'{}[]",:1.-tx ', '"title":1,', '"tags":[],']))
        text = text[:at] + new + text[at + data.draw(st.integers(0, 2)) :]
    assert_reader_keeps_up(LIBRARY, text)


@given(
    st.recursive(TEXT | st.integers(), lambda each: st.lists(each) | st.dictionaries(TEXT, each))
)
def test_any_value_is_read_without_raising(value: Any) -> None:
    forms: list[Format[Any]] = [LIBRARY, BOOK, format(list[Book], mode="json")]
    for form in forms:
        for shape in (value, {"output": value}, {"name": value, "allBooks": value}):
            parse_partial(form, shape)
            parse_partial(form, shape, is_complete=True)


def test_fields_come_one_by_one() -> None:
    form = format(Author, mode="json")
    partial = Partial[Author]
    assert growth(form, 'So: {"name": "Le", "born": "1929-10-21"}') == [
        None,
        partial.model_validate({}),
        partial.model_validate({"name": ""}),
        partial.model_validate({"name": "L"}),
        partial.model_validate({"name": "Le"}),
        partial.model_validate({"name": "Le", "born": "1929-10-21"}),
    ]


KNOWN: list[tuple[str, dict[str, Any]]] = [
    ('{"genre": "fant', {}),
    ('{"genre": "fantasy"', {"genre": Genre.FANTASY}),
    ('{"binding": "cl', {}),
    ('{"rating": 1', {"rating": 1}),
    ('{"rating": 12', {"rating": 12}),
    ('{"rating": "1', {"rating": 1}),
    ('{"rating": -', {}),
    ('{"size": [1.5', {}),
    ('{"size": [1.5, 2', {"size": (1.5, 2.0)}),
    ('{"tags": ["a", "b', {"tags": ["a", "b"]}),
    ('{"scores": {"a": 1, "b": "x', {"scores": {"a": 1}}),
    ('{"author": {"name": "x", "born": "19', {"author": {"name": "x"}}),
    ('{"notes": {"a": [1, {"b', {"notes": {"a": [1, {}]}}),
    ('{"owner": "so', {"owner": "so"}),
    ('{"unknown": {"a": 1', {}),
    ('{"title": nul', {}),
    ('{"title": null', {"title": None}),
]


@pytest.mark.parametrize(("text", "known"), KNOWN)
def test_what_is_open_is_there_as_soon_as_it_makes_sense(text: str, known: Any) -> None:
    value = value_of(BOOK, text)
    assert value.model_dump(exclude_unset=True) == known


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No.",
        "[1]",
        "{x",
        '{"rating": "high", ',
        '{"rating": "high"}',
        '{"rating": "high", "title": "a',
        '{"author": {"name": 1}, "title": "a',
        '{"author": {"born": "soon", "name": "a',
        '{"tags": ["a", 1, "',
        '{"genre": "poetry", "title": "a"}',
    ],
)
def test_nothing_is_shown_where_nothing_can_be_said(text: str) -> None:
    if text.endswith(", "):  # the last value is open until something follows it
        assert value_of(BOOK, text) is not None
        text += '"'
        text += 'title": "'
    assert value_of(BOOK, text) is None


def test_a_member_after_which_a_number_is_withdrawn_is_open_again() -> None:
    # `1` is a number and closes what is before it; `1.` is none yet.
    assert_reader_keeps_up(BOOK, '{"title": "a", "rating": 1.5, "tags": []}')
    assert_reader_keeps_up(BOOK, '{"title": 1, "rating": 1.5, "tags": []}')
    assert_reader_keeps_up(format(list[int], mode="json"), '{"output": [1, 2, 3.0, 4]}')


def test_a_member_may_be_named_twice() -> None:
    assert_reader_keeps_up(BOOK, '{"title": "a", "rating": 1, "title": "b", "tags": ["c"]}')
    assert_reader_keeps_up(BOOK, '{"notes": [1], "rating": 1, "notes": [[2], [3, "b"]]}')


def test_a_type_is_unwrapped() -> None:
    form = format(list[Author], mode="json")
    assert value_of(form, '{"out') is None
    assert value_of(form, '{"output": [') == []
    assert value_of(form, '{"output": [{"name": "a"}, {') == [
        Partial[Author].model_validate({"name": "a"}),
        Partial[Author].model_validate({}),
    ]
    assert value_of(format(str, mode="json"), '{"output": "ab') == "ab"
    assert value_of(format(int, mode="json"), '{"output": 4') == 4


def test_a_complete_value_has_to_be_valid_to_its_end() -> None:
    value = {"title": "a", "rating": "high"}
    assert parse_partial(BOOK, value) == Partial[Book].model_validate({"title": "a"})
    assert parse_partial(BOOK, value, is_complete=True) is None
    assert parse_partial(BOOK, MISSING) is None


def test_values_given_before_stay_as_they_were() -> None:
    text = json.dumps(
        {"output": [{"a": [1, {"b": ["x", "y"]}]}, {"c": {"d": [True]}}, "e", [[2], [3]]]}
    ).replace('"d"', '"d": [[]], "e": 1, "d"')
    types: list[Any] = [list[Any], Any, list[dict[str, Any] | str | list[Any]]]
    for type_ in types:
        form: Format[Any] = format(cast("type[Any]", type_), mode="json")
        reader = PartialReader(form)
        values: list[tuple[Any, str]] = []
        for character in text:
            reader.feed(character)
            values.append((reader.value, repr(reader.value)))
        assert [repr(value) for value, _ in values] == [shown for _, shown in values]


def test_extra_members_are_refused_or_kept_as_the_model_says() -> None:
    class Forbidding(BaseModel):
        model_config = ConfigDict(extra="forbid")
        x: int = 0
        y: Any = None

    class Keeping(BaseModel):
        model_config = ConfigDict(extra="allow")
        x: int = 0

    assert value_of(format(Forbidding, mode="json"), '{"y": {"z": 1}, "x": 1').x == 1
    assert value_of(format(Forbidding, mode="json"), '{"z": 1, "x": 1') is None
    assert value_of(format(Forbidding, mode="json"), '{"x": 1, "z": 1') is None
    kept = value_of(format(Keeping, mode="json"), '{"z": [1, {"a": 2')
    assert kept.model_extra == {"z": [1, {"a": 2}]}
    for model in (Forbidding, Keeping):
        assert_reader_keeps_up(format(model, mode="json"), '{"x": 1, "z": [1, {"a": 2}]}')


def test_names_that_cross_are_read_whole() -> None:
    class Crossed(BaseModel):
        a: int = Field(alias="b")
        b: int = Field(alias="a")

    value = value_of(format(Crossed, mode="json"), '{"a": 1, "b": 2')
    assert (value.a, value.b) == (2, 1)
    assert_reader_keeps_up(format(Crossed, mode="json"), '{"a": 1, "b": 2}')


def test_a_model_of_a_bare_value_is_read_whole() -> None:
    class Names(RootModel[dict[str, list[str]]]):
        pass

    value = value_of(format(Names, mode="json"), '{"output": {"a": ["b"')
    assert value == Names({"a": ["b"]})


def test_a_validator_that_breaks_is_no_error() -> None:
    def break_(value: object) -> object:
        raise ZeroDivisionError(value)

    class Broken(BaseModel):
        x: Annotated[int, BeforeValidator(break_)]
        y: int = 0

    form = format(Broken, mode="json")
    assert value_of(form, '{"x": 1') == Partial[Broken].model_validate({})
    assert value_of(form, '{"x": 1, "y": 2') is None
    assert value_of(form, '{"x": 1}') is None


def seconds(form: Format[Any], deltas: list[str]) -> float:
    times: list[float] = []
    for _ in range(3):
        reader = PartialReader(form)
        start = time.process_time()
        for delta in deltas:
            reader.feed(delta)
            _ = reader.value
        times.append(time.process_time() - start)
    return min(times)


def test_a_stream_takes_time_in_proportion_to_its_length() -> None:
    class Row(BaseModel):
        title: str
        pages: int
        tags: list[str]

    class Table(BaseModel):
        rows: list[Row]

    form = format(Table, mode="json")
    rows = [{"title": f"Number {n}", "pages": n, "tags": ["a"]} for n in range(4_000)]
    text = json.dumps({"rows": rows})
    deltas = [text[start : start + 4] for start in range(0, len(text), 4)]
    short, long = (seconds(form, deltas[:count]) for count in (2_000, 8_000))
    # Four times as much. Reading everything anew each time takes sixteen times as long.
    assert long < 8 * short
