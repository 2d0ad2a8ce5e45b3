import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from IPython.core.error import UsageError
from pydantic import BaseModel

from mirascope_nb.magics.schema_short import schema_from_line


class Book(BaseModel):
    title: str


NAMES: dict[str, Any] = {
    "Book": Book,
    "books": SimpleNamespace(Book=Book),
    "name": "a variable that is no type",
    "Shelf": list[Book],
    "Mood": Literal["a", "b"],
}


def fields(line: str) -> dict[str, Any]:
    model = schema_from_line(line, NAMES)
    return {name: field.annotation for name, field in model.model_fields.items()}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("name, age int, tags list[str]", {"name": str, "age": int, "tags": list[str]}),
        ("name", {"name": str}),
        ("name str, ok bool, x float", {"name": str, "ok": bool, "x": float}),
        ("name: str, age: int", {"name": str, "age": int}),
        ("when date, at datetime, t time", {"when": dt.date, "at": dt.datetime, "t": dt.time}),
        ("price decimal", {"price": Decimal}),
        ("m dict[str, int], n int", {"m": dict[str, int], "n": int}),
        ("pair tuple[int, str]", {"pair": tuple[int, str]}),
        ("many tuple[int, ...]", {"many": tuple[int, ...]}),
        ("age int | None", {"age": int | None}),
        ("age int?", {"age": int | None}),
        ("mood 'good' | 'bad'", {"mood": Literal["good", "bad"]}),
        ('mood "a, b" | "c"', {"mood": Literal["a, b", "c"]}),
        ("book Book, more list[Book]", {"book": Book, "more": list[Book]}),
        ("book books.Book", {"book": Book}),
        ("name\nage int\n", {"name": str, "age": int}),
        ("items list", {"items": list}),
        ("mood Literal['good', 'bad']", {"mood": Literal["good", "bad"]}),
        ("age Optional[int], x Union[int, str]", {"age": int | None, "x": int | str}),
        ("xs List[str], m Dict[str, int]", {"xs": list[str], "m": dict[str, int]}),
        ("deep list[dict[str, list[int]]]", {"deep": list[dict[str, list[int]]]}),
        ("shelf Shelf, many list[Mood]", {"shelf": list[Book], "many": list[Literal["a", "b"]]}),
        ("tags [str]", {"tags": list[str]}),
        (
            "schema, copy, json, model_name",
            dict.fromkeys(("schema", "copy", "json", "model_name"), str),
        ),
    ],
)
def test_fields(line: str, expected: dict[str, Any]) -> None:
    assert fields(line) == expected


def test_descriptions() -> None:
    model = schema_from_line("name: as on the cover, age int: in years", NAMES)
    assert model.model_fields["name"].description == "as on the cover"
    assert model.model_fields["age"].description == "in years"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Book", Book),
        ("books.Book", Book),
        ("Shelf", list[Book]),
        ("list[Book]", list[Book]),
        ("int", int),
        ("list[str]", list[str]),
        ("int | str", int | str),
    ],
)
def test_a_type_is_taken_as_it_is(line: str, expected: Any) -> None:
    assert schema_from_line(line, NAMES) == expected


def test_format_and_parser_are_taken_as_they_are() -> None:
    from mirascope_nb import llm

    @llm.output_parser(formatting_instructions="Say yes or no.")
    def parse(response: Any) -> bool:
        return "yes" in response.text()

    wanted = llm.format(Book, mode="json")
    assert schema_from_line("parse", {"parse": parse}) is parse
    assert schema_from_line("wanted", {"wanted": wanted}) is wanted


def test_square_brackets_ask_for_many() -> None:
    kind = schema_from_line("[name, age int]", NAMES)
    (model,) = kind.__args__
    assert kind.__origin__ is list
    assert set(model.model_fields) == {"name", "age"}


def test_braces_make_a_type_of_its_own() -> None:
    model = schema_from_line(
        "title, main_author {name: in full, born int?}, seen [place {city, in_year int}]", NAMES
    )
    author, seen = (model.model_fields[name].annotation for name in ("main_author", "seen"))
    assert author.__name__ == "MainAuthor"
    assert author.model_fields["name"].description == "in full"
    assert author.model_fields["born"].annotation == int | None
    (row,) = seen.__args__
    assert set(row.model_fields) == {"place"}
    value = {"title": "T", "main_author": {"name": "A", "born": None},
             "seen": [{"place": {"city": "Lima", "in_year": 1}}]}  # fmt: skip
    assert model.model_validate(value).seen[0].place.city == "Lima"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",", ["--schema needs a type or fields"]),
        ("a {}", ["--schema needs a type or fields"]),
        ("a {b itn}", ["'itn' is not a type"]),
        ("a list[int, str]", ["'list[int, str]' is not a type"]),
        ("a Literal[b, c]", ["is not a type"]),
        ("a list[", ["'list[' is not a type"]),
        ("name str age int", ["'str age int' is not a type"]),
        ("", ["--schema needs a type or fields"]),
        ("Bok", ["there is no Bok", "Did you mean Book?"]),
        ("age itn", ["'itn' is not a type", "Did you mean int?"]),
        ("age list[itn]", ["'list[itn]' is not a type", "Did you mean int?"]),
        ("a int, a str", ["the field a twice"]),
        ("1a int", ["'1a' is not a name for a field"]),
        ("class str", ["'class' is not a name"]),
        ("_a str", ["'_a' is not a name"]),
        ("a __import__('os').system('x')", ["is not a type"]),
        ("a books.__class__", ["is not a type"]),
        ("a f()", ["is not a type"]),
    ],
)
def test_wrong_schema_says_what_is_wrong(line: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        schema_from_line(line, NAMES)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)
