from __future__ import annotations

import datetime as dt
import gc
import weakref
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from annotated_types import Len
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    field_validator,
    model_validator,
)

from mirascope_nb.llm.formatting import FromCallArgs, Partial
from mirascope_nb.llm.formatting.partial import partial_model

T = TypeVar("T")


class Author(BaseModel):
    """Who wrote it."""

    name: str
    born: dt.date


class Book(BaseModel):
    """A book."""

    title: str = Field(min_length=3, description="In capitals.")
    author: Author
    others: list[Author]
    editor: Author | None = None
    by_role: dict[str, list[Author]] = {}
    pair: tuple[Author, int] = Field(default=(Author(name="x", born=dt.date.min), 1))
    rating: int = Field(default=7, ge=1)


class Node(BaseModel):
    value: int
    children: list[Node] = []
    leaf: Leaf | None = None


class Leaf(BaseModel):
    parent: Node | None
    colour: str


class Box(BaseModel, Generic[T]):
    content: T


class Names(RootModel[list[str]]):
    pass


def types_of(model: type[BaseModel]) -> dict[str, Any]:
    return {name: field.annotation for name, field in partial_model(model).model_fields.items()}


def test_every_field_is_none_until_it_comes() -> None:
    book = Partial[Book]()  # pyright: ignore[reportCallIssue]
    assert book.model_dump() == dict.fromkeys(Book.model_fields)
    assert book.model_fields_set == set()


def test_models_inside_are_partial_too() -> None:
    author = Partial[Author]
    optional = types_of(Book)
    assert optional["author"] == author | None
    assert optional["others"] == list[author] | None
    assert optional["editor"] == author | None
    assert optional["by_role"] == dict[str, list[author]] | None
    assert optional["pair"] == tuple[author, int] | None
    book = Partial[Book].model_validate(
        {"author": {}, "others": [{"name": "a"}, {}], "by_role": {"x": [{}]}}
    )
    assert [type(other) for other in book.others] == [author, author]
    assert [other.name for other in book.others] == ["a", None]


def test_a_partial_model_is_called_after_its_model() -> None:
    partial = Partial[Book]
    assert (partial.__name__, partial.__module__) == ("PartialBook", __name__)
    assert partial.__doc__ == "A book."
    assert partial.model_fields["title"].description == "In capitals."
    assert not issubclass(partial, Book)


def test_the_same_model_has_the_same_partial_model() -> None:
    assert Partial[Book] is Partial[Book]
    assert types_of(Book)["author"] == Partial[Author] | None


@pytest.mark.parametrize("other", [int, list[Book], Book | None, None, "Book", T])
def test_what_is_no_model_is_returned_unchanged(other: Any) -> None:
    assert Partial[other] is other


def test_partial_is_only_for_subscribing() -> None:
    with pytest.raises(TypeError, match="not to be instantiated"):
        Partial()  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match="not to be subclassed"):
        type("Mine", (Partial,), {})  # pyright: ignore[reportArgumentType]


def test_what_is_asked_of_whole_values_is_not_checked() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True, str_min_length=5)

        code: str = Field(pattern="^[0-9]+$")
        day: dt.date
        scores: list[Annotated[int, Field(gt=10)]] = Field(min_length=2)
        sizes: Annotated[list[int], Len(3)]

        @field_validator("code")
        @classmethod
        def refuse(cls, value: str) -> str:
            raise ValueError(value)

        @model_validator(mode="after")
        def refuse_all(self) -> Strict:
            raise ValueError

    assert Partial[Strict].model_validate(
        {"code": "x", "day": "2024-01-01", "scores": [1], "sizes": [1]}
    ).model_dump() == {"code": "x", "day": dt.date(2024, 1, 1), "scores": [1], "sizes": [1]}


def test_types_are_checked() -> None:
    with pytest.raises(ValidationError):
        Partial[Book].model_validate({"author": 3})
    with pytest.raises(ValidationError):
        Partial[Book].model_validate({"rating": "high"})


def test_names_and_settings_of_fields_are_kept() -> None:
    class Named(BaseModel):
        model_config = ConfigDict(
            alias_generator=lambda name: name.upper(), populate_by_name=True, extra="forbid"
        )
        title: str
        pages: int = Field(alias="pageCount")

    partial = Partial[Named]
    assert partial.model_validate({"TITLE": "a", "pageCount": 3}).model_dump() == {
        "title": "a",
        "pages": 3,
    }
    assert partial.model_validate({"pages": 3}).pages == 3
    with pytest.raises(ValidationError, match="extra"):
        partial.model_validate({"more": 1})


def test_conversions_are_kept_where_the_type_is() -> None:
    def upper(value: str) -> str:
        return value.upper()

    def split(value: Any) -> Any:
        return value.split() if isinstance(value, str) else value

    def use(author: Author) -> Author:
        raise AssertionError(author.name)

    class Converted(BaseModel):
        name: Annotated[str, AfterValidator(upper)]
        words: Annotated[list[str], BeforeValidator(split)]
        author: Annotated[Author, AfterValidator(use)]

    partial = Partial[Converted].model_validate({"name": "a", "words": "b c", "author": {}})
    assert partial.model_dump() == {
        "name": "A",
        "words": ["b", "c"],
        "author": {"name": None, "born": None},
    }


def test_a_union_is_told_apart_by_what_has_come() -> None:
    class Cat(BaseModel):
        kind: Literal["cat"]
        lives: int

    class Dog(BaseModel):
        kind: Literal["dog"]
        tricks: list[str]

    class Home(BaseModel):
        pet: Cat | Dog = Field(discriminator="kind")

    home = Partial[Home]
    assert type(home.model_validate({"pet": {"kind": "dog"}}).pet) is Partial[Dog]
    assert type(home.model_validate({"pet": {"lives": 9}}).pet) is Partial[Cat]
    assert home.model_validate({"pet": {}}).pet is not None


def test_a_model_may_hold_itself() -> None:
    tree: dict[str, Any] = {
        "value": 1,
        "children": [{"children": [{}]}],
        "leaf": {"parent": {"value": 2}},
    }
    node = Partial[Node].model_validate(tree)
    assert node.model_dump(exclude_unset=True) == tree
    assert type(node.children[0].children[0]) is Partial[Node]
    assert node.leaf is not None
    assert type(node.leaf.parent) is Partial[Node]
    assert type(node.leaf) is Partial[Leaf]
    assert Partial[Leaf].model_validate({"parent": {"leaf": {}}}).parent is not None


def test_generic_models_are_partial() -> None:
    box = Partial[Box[Author]].model_validate({"content": {}})
    assert type(box.content) is Partial[Author]


def test_a_model_of_a_bare_value_stays_as_it_is() -> None:
    class Holder(BaseModel):
        names: Names

    assert Partial[Names] is Names
    assert types_of(Holder)["names"] == Names | None


def test_enums_literals_and_marked_fields() -> None:
    class Colour(Enum):
        RED = "red"

    class Thing(BaseModel):
        colour: Colour
        size: Literal["s", "m"]
        text: Annotated[str, FromCallArgs()]

    assert types_of(Thing) == {
        "colour": Colour | None,
        "size": Literal["s", "m"] | None,
        "text": str | None,
    }


def test_a_field_may_be_called_as_pydantic_calls_its_own() -> None:
    with pytest.warns(UserWarning, match="shadows"):

        class Odd(BaseModel):
            copy: str  # pyright: ignore[reportIncompatibleMethodOverride]
            model_name: str

    assert Partial[Odd].model_validate({"copy": "a"}).copy == "a"


def test_a_model_that_is_gone_takes_its_partial_model_along() -> None:
    def use() -> weakref.ref[type]:
        class Brief(BaseModel):
            x: int

        return weakref.ref(Partial[Brief])

    gone = use()
    gc.collect()  # the model
    gc.collect()  # and what only it had kept
    assert gone() is None
