"""Structured replies: every value is valid, and suits the prompt where it can."""

import datetime as dt
import enum
import json
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, create_model

from mirascope_nb.sandbox.facts import read_facts
from mirascope_nb.sandbox.patterns import matching
from mirascope_nb.sandbox.schema import fill


def filled(schema: dict[str, Any], text: str, **options: Any) -> Any:
    return fill(schema, read_facts(text), answer=lambda: "An answer.", **options)


class Author(BaseModel):
    first_name: str
    last_name: str


class Book(BaseModel):
    """A book with a rating. The title should be in all caps!"""

    title: str
    author: Author
    rating: int = Field(description="For testing purposes, the rating should be 7")


class Genre(enum.Enum):
    FANTASY = "fantasy"
    MYSTERY = "mystery"


class PlainBook(BaseModel):
    title: str
    author: str
    year: int
    genre: Genre
    pages: int | None = None
    summary: str = ""


class Shelf(BaseModel):
    books: list[PlainBook]


class Person(BaseModel):
    name: str
    age: int
    city: str
    email: str | None
    job: str | None


class Node(BaseModel):
    name: str
    children: list["Node"]
    parent: "Node | None" = None


class Review(BaseModel):
    sentiment: Literal["positive", "negative", "neutral"]
    score: float = Field(ge=0, le=1)
    keywords: list[str] = Field(min_length=1, max_length=5)


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Home(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


def test_book_is_the_one_that_is_asked_for() -> None:
    value = filled(Book.model_json_schema(), "Recommend the most popular book by Patrick Rothfuss")
    assert Book.model_validate(value) == Book(
        title="THE NAME OF THE WIND",
        author=Author(first_name="Patrick", last_name="Rothfuss"),
        rating=7,
    )


def test_book_of_a_genre_has_its_own_data() -> None:
    value = PlainBook.model_validate(
        filled(PlainBook.model_json_schema(), "Recommend a mystery book.")
    )
    assert (value.title, value.author, value.year) == (
        "Murder on the Orient Express",
        "Agatha Christie",
        1934,
    )
    assert value.genre is Genre.MYSTERY


def test_list_of_objects_has_as_many_as_are_asked_for_and_all_differ() -> None:
    value = Shelf.model_validate(filled(Shelf.model_json_schema(), "Recommend 3 fantasy books"))
    assert [book.title for book in value.books] == [
        "The Name of the Wind",
        "A Wizard of Earthsea",
        "The Hobbit",
    ]


def test_person_is_read_off_the_text() -> None:
    text = "Extract: John Smith, 34, lives in Paris, john@example.com, works as a carpenter."
    assert filled(Person.model_json_schema(), text) == {
        "name": "John Smith",
        "age": 34,
        "city": "Paris",
        "email": "john@example.com",
        "job": "carpenter",
    }


def test_what_the_text_does_not_say_is_null_where_it_may_be() -> None:
    value = Person.model_validate(filled(Person.model_json_schema(), "Ada is 36 years old."))
    assert (value.name, value.age, value.email, value.job) == ("Ada", 36, None, None)


def test_several_people_are_several_objects() -> None:
    schema = TypeAdapter(list[Person]).json_schema()
    text = "Ada is 36 years old and lives in London. Bob is 41 years old and lives in Rome."
    people = TypeAdapter(list[Person]).validate_python(filled(schema, text))
    assert [(one.name, one.age, one.city) for one in people] == [
        ("Ada", 36, "London"),
        ("Bob", 41, "Rome"),
    ]


def test_review_is_judged() -> None:
    text = "Review: The battery is terrible and it broke after a week."
    value = Review.model_validate(filled(Review.model_json_schema(), text))
    assert value.sentiment == "negative"
    assert "battery" in value.keywords


def test_sum_is_worked_out() -> None:
    schema = {"type": "object", "properties": {"output": {"type": "integer"}}}
    answer = {"type": "object", "properties": {"answer": {"type": "integer"}}}
    assert filled(answer | {"required": ["answer"]}, "What is 4200 + 42?") == {"answer": 4242}
    assert isinstance(filled(schema | {"required": ["output"]}, "x")["output"], int)


def test_text_field_that_asks_for_an_answer_gets_the_reply() -> None:
    schema = {"type": "object", "properties": {"output": {"type": "string"}}}
    assert filled(schema, "What is the capital of France?") == {"output": "An answer."}


def test_list_is_the_one_that_is_asked_for() -> None:
    schema = {
        "type": "object",
        "properties": {"output": {"type": "array", "items": {"type": "string"}}},
    }
    assert filled(schema, "List 3 fruits") == {"output": ["apple", "banana", "cherry"]}


def test_known_values_are_not_questioned() -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "integer"}}}
    assert filled(schema, "What is 2 + 3?", known={"answer": 13}) == {"answer": 13}


def test_discriminated_union_is_decided_by_the_prompt() -> None:
    schema = Home.model_json_schema()
    assert Home.model_validate(filled(schema, "I have a dog")).pet.kind == "dog"
    assert Home.model_validate(filled(schema, "I have a cat")).pet.kind == "cat"


def test_recursive_model_ends() -> None:
    assert Node.model_validate(filled(Node.model_json_schema(), "a family tree"))


def test_googles_spelling_of_types_is_understood() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {
            "title": {"type": "STRING"},
            "rating": {"type": "INTEGER", "nullable": True},
            "tags": {"type": "ARRAY", "items": {"type": "STRING"}},
        },
        "required": ["title", "rating", "tags"],
    }
    value = filled(schema, "Recommend a fantasy book.")
    assert value["title"] == "The Name of the Wind"
    assert value["rating"] is None or isinstance(value["rating"], int)
    assert all(isinstance(tag, str) for tag in value["tags"])


@pytest.mark.parametrize(
    "pattern",
    [r"^[A-Z]{3}-\d{4}$", r"^\+?\d{7,}$", r"^(red|green)$", r"^[^a]b\w\S.?$", r"^\d{3}(-\d{2})?$",
     r"^#[0-9a-fA-F]{6}$", r"^(?P<year>\d{4})/(0[1-9]|1[0-2])$", r"^\S+@\S+$", r"[aeiou]{2,}"],
)  # fmt: skip
def test_text_is_made_for_a_pattern(pattern: str) -> None:
    made = matching(pattern)
    assert made is not None
    assert re.search(pattern, made)


def test_pattern_that_cannot_be_met_is_given_up() -> None:
    assert matching(r"(?!a)a") is None
    assert matching(r"(") is None


BASES: list[Any] = [
    str,
    int,
    float,
    bool,
    Decimal,
    bytes,
    dt.date,
    dt.datetime,
    dt.time,
    dt.timedelta,
    uuid.UUID,
    Genre,
    Literal["red", "green", 3],
    Any,
    None,
    Author,
    Book,
    Node,
    Home,
    Review,
    list[Author],
    dict[str, int],
    dict[Literal["a", "b"], str],
    set[int],
    frozenset[str],
    tuple[int, str],
    tuple[Genre, ...],
    set[Genre],
    Annotated[int, Field(ge=10, lt=20)],
    Annotated[int, Field(gt=5, multiple_of=7)],
    Annotated[float, Field(gt=0.25, lt=0.5)],
    Annotated[float, Field(le=-3)],
    Annotated[float, Field(multiple_of=0.5, ge=1.2)],
    Annotated[str, Field(min_length=50)],
    Annotated[str, Field(max_length=3)],
    Annotated[str, Field(min_length=4, max_length=4)],
    Annotated[str, Field(pattern=r"^[A-Z]{2}\d{3}$")],
    Annotated[list[str], Field(min_length=4)],
    Annotated[list[int], Field(max_length=1)],
    Annotated[set[int], Field(min_length=3)],
    Annotated[set[str], Field(min_length=3)],
    Annotated[dict[str, float], Field(min_length=3)],
    Annotated[dict[str, Author], Field(max_length=1)],
]
NAMES = st.sampled_from(
    re.findall(
        r"\w+",
        "title author name first_name age rating score email date url count items tags city where"
        " price answer summary is_available language genre year a b output sentiment keywords to"
        " ingredients steps description path country people limit",
    )
)
PROMPTS = st.sampled_from(
    [
        "Recommend a fantasy book.",
        "Extract: John Smith, 34, lives in Paris, john@example.com since 2024-03-09 10:30.",
        "What is 12 + 30?",
        "List 3 fruits",
        "Review: I love it, it costs $20 and works!",
        "Weather in Tokyo and Paris tomorrow at 9:15?",
        "Give me a recipe for pancakes",
        "-1 0 99999 3.75 'x' \"y\"",
        "",
    ]
)
BASE: st.SearchStrategy[Any] = st.sampled_from(BASES)


@st.composite
def kinds(draw: st.DrawFn) -> Any:
    """A type to annotate a field with."""
    base, other = draw(BASE), draw(BASE)
    simple = draw(st.sampled_from([str, int, Author]))
    shapes: list[Any] = [
        base,
        Optional[base],  # noqa: UP045 - the base may be no class
        list[base],
        list[simple | None],
        dict[str, base],
        tuple[base, other],
    ]
    return draw(st.sampled_from(shapes))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, kinds(), min_size=1, max_size=5), PROMPTS, st.booleans())
def test_every_filled_value_is_valid(fields: dict[str, Any], prompt: str, eager: bool) -> None:  # noqa: FBT001
    definitions: Any = {name: (kind, ...) for name, kind in fields.items()}
    model: type[BaseModel] = create_model("Made", **definitions)
    value = filled(model.model_json_schema(), prompt, eager=eager)
    model.model_validate_json(json.dumps(value))


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(
                st.sampled_from(["type", "properties", "items", "enum", "anyOf", "$ref", "required",
                                 "minItems", "pattern", "format", "allOf", "const", "x"]),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=12,
    )
)  # fmt: skip
def test_nonsense_for_a_schema_does_no_harm(schema: Any) -> None:
    if isinstance(schema, dict):
        json.dumps(filled(cast("dict[str, Any]", schema), "Recommend a fantasy book."))


DESCRIBED: list[tuple[dict[str, Any], Callable[[Any], object]]] = [
    (
        {"type": "integer", "description": "{maximum: 5, minimum: 3}"},
        lambda made: 3 <= made <= 5,
    ),
    ({"type": "string", "description": "When.\nFormat: date"}, dt.date.fromisoformat),
    ({"type": "integer", "description": "How.\nOne of: 7, 8"}, lambda made: made in (7, 8)),
    (
        {"type": "string", "description": "A code.\n\n{pattern: ^[A-Z]{3}-\\d{4}$}"},
        lambda made: re.fullmatch(r"[A-Z]{3}-\d{4}", made),
    ),
    (
        {"type": "array", "description": "{prefixItems: [{'type': 'boolean'}, {'type': 'null'}]}"},
        lambda made: isinstance(made[0], bool) and made[1] is None,
    ),
    (
        {"type": "object", "description": "{additionalProperties: {'type': 'integer'}}"},
        lambda made: all(isinstance(value, int) for value in made.values()),
    ),
    ({"type": "integer", "minimum": 9, "description": "{minimum: 1}"}, lambda made: made >= 9),
    ({"type": "string", "description": "{maxLength: }"}, lambda made: isinstance(made, str)),
    ({"type": "integer", "description": "{minimum: [}"}, lambda made: isinstance(made, int)),
]


@pytest.mark.parametrize(("schema", "fits"), DESCRIBED)
def test_what_a_description_asks_for_is_heeded(
    schema: dict[str, Any], fits: Callable[[Any], object]
) -> None:
    assert fits(filled(schema, "Make something up."))
