import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from mirascope_nb.llm.content import ToolCall
from mirascope_nb.llm.tools.parameters import ToolParameterSchema
from mirascope_nb.llm.tools.schema import FORMAT_TOOL_NAME, ToolSchema


class Book(BaseModel):
    """A book."""

    title: str


class Shelf(BaseModel):
    """A shelf."""

    books: list[Book]


class Unknown:
    """A class that pydantic knows nothing of."""


def dumped(fn: Callable[..., Any], *, is_context_tool: bool = False) -> dict[str, Any]:
    schema = ToolSchema.from_function(fn, is_context_tool=is_context_tool)
    return schema.parameters.model_dump(by_alias=True, exclude_none=True)


def test_a_schema_follows_pydantic() -> None:
    def recommend(genre: str, count: int = 3, after: str | None = None) -> None:
        """Recommend books."""

    schema = ToolSchema.from_function(recommend)
    assert (schema.fn, schema.name, schema.description, schema.strict) == (
        recommend,
        "recommend",
        "Recommend books.",
        None,
    )
    assert dumped(recommend) == {
        "properties": {
            "genre": {"title": "Genre", "type": "string"},
            "count": {"title": "Count", "type": "integer", "default": 3},
            "after": {
                "title": "After",
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "default": None,
            },
        },
        "required": ["genre"],
        "additionalProperties": False,
    }


def test_models_are_definitions() -> None:
    def shelve(book: Book, shelf: Shelf) -> None: ...

    parameters = dumped(shelve)
    assert parameters["properties"]["book"] == {"$ref": "#/$defs/Book"}
    assert parameters["$defs"] == {
        "Book": Book.model_json_schema(),
        "Shelf": {
            "description": "A shelf.",
            "properties": {
                "books": {"items": {"$ref": "#/$defs/Book"}, "title": "Books", "type": "array"}
            },
            "required": ["books"],
            "title": "Shelf",
            "type": "object",
        },
    }


def test_a_tool_may_be_called_as_one_of_its_models() -> None:
    def Book_(book: Book) -> None: ...  # noqa: N802

    Book_.__name__ = "Book"
    assert set(dumped(Book_)["$defs"]) == {"Book"}


def test_the_description_is_the_whole_docstring_without_its_indent() -> None:
    def add(a: int, b: int) -> None:
        """Add.

        Args:
            a: One.
            b: The other.
        """

    schema = ToolSchema.from_function(add)
    assert schema.description == "Add.\n\nArgs:\n    a: One.\n    b: The other."
    assert schema.parameters.properties["a"]["description"] == "One."


def test_without_a_docstring_the_name_is_the_description() -> None:
    def add() -> None: ...

    assert ToolSchema.from_function(add).description == "add"


def test_a_parameter_without_an_annotation_is_anything() -> None:
    def show(value, times=1): ...  # pyright: ignore[reportUnknownParameterType, reportMissingParameterType]

    assert dumped(show)["properties"] == {  # pyright: ignore[reportUnknownArgumentType]
        "value": {"title": "Value"},
        "times": {"title": "Times", "default": 1},
    }


def test_a_field_describes_and_constrains() -> None:
    def rate(
        stars: Annotated[
            int,
            Field(
                ge=1,
                le=5,
                title="Number of stars",
                description="How good.",
                examples=[4],
                json_schema_extra={"x-unit": "star"},
            ),
        ],
    ) -> None:
        """Rate.

        Args:
            stars: Passed over, as the field describes it.
        """

    assert dumped(rate)["properties"] == {
        "stars": {
            "type": "integer",
            "minimum": 1,
            "maximum": 5,
            "title": "Number of stars",
            "description": "How good.",
            "examples": [4],
            "x-unit": "star",
        }
    }


def test_a_field_neither_names_nor_fills_a_parameter() -> None:
    def rate(
        stars: Annotated[int, Field(alias="s", default=3)],
        words: Annotated[list[str], Field(default_factory=list, validation_alias="w")] = [],  # noqa: B006
    ) -> None:
        """Rate.

        Args:
            stars: How good.
        """

    parameters = dumped(rate)
    assert list(parameters["properties"]) == ["stars", "words"]
    assert parameters["required"] == ["stars"]
    assert parameters["properties"]["stars"]["description"] == "How good."
    assert parameters["properties"]["words"]["default"] == []


def test_a_field_as_the_default_is_refused() -> None:
    def rate(stars: int = Field(description="How good.")) -> None: ...

    with pytest.raises(TypeError, match=r"The default of 'stars' is a Field.*Annotated"):
        ToolSchema.from_function(rate)


def test_parameters_may_be_called_as_pydantic_calls_its_own() -> None:
    def odd(
        schema: str, copy: int, model_config: str, _hidden: int, model_fields: int = 1
    ) -> None: ...

    parameters = dumped(odd)
    assert list(parameters["properties"]) == [
        "schema",
        "copy",
        "model_config",
        "_hidden",
        "model_fields",
    ]
    assert parameters["required"] == ["schema", "copy", "model_config", "_hidden"]
    assert parameters["properties"]["model_config"]["title"] == "Model Config"


def test_a_default_that_json_cannot_hold_is_left_out() -> None:
    def show(value: Any = object()) -> None: ...  # noqa: B008

    assert dumped(show) == {
        "properties": {"value": {"title": "Value"}},
        "required": [],
        "additionalProperties": False,
    }


def test_what_a_model_does_not_pass_is_left_out() -> None:
    class Library:
        def find(self, title: str, *more: str) -> None: ...

        @classmethod
        def open(cls, name: str) -> None: ...

    assert list(dumped(Library.find)["properties"]) == ["title"]
    assert list(dumped(Library().find)["properties"]) == ["title"]
    assert list(dumped(Library.open)["properties"]) == ["name"]


def test_the_context_is_left_out() -> None:
    class Library:
        def find(self, ctx: Any, title: str) -> None: ...

    def find(ctx: Any, title: str) -> None: ...

    assert list(dumped(find, is_context_tool=True)["properties"]) == ["title"]
    assert list(dumped(Library.find, is_context_tool=True)["properties"]) == ["title"]


def test_a_function_that_takes_anything_says_so() -> None:
    def save(path: str, **settings: int) -> None: ...

    parameters = dumped(save)
    assert list(parameters["properties"]) == ["path"]
    assert parameters["additionalProperties"] is True


def test_a_positional_only_parameter_is_refused() -> None:
    def find(title: str, /) -> None: ...

    with pytest.raises(TypeError, match="'title' of 'find' is positional-only"):
        ToolSchema.from_function(find)


def test_enums_and_literals_are_choices() -> None:
    class Colour(enum.Enum):
        RED = "red"
        BLUE = "blue"

    def paint(colour: Colour, finish: Literal["matt", "gloss"] = "matt") -> None: ...

    parameters = dumped(paint)
    assert parameters["$defs"]["Colour"]["enum"] == ["red", "blue"]
    assert parameters["properties"]["finish"]["enum"] == ["matt", "gloss"]


def test_a_type_without_a_schema_is_refused() -> None:
    def use(thing: Unknown) -> None: ...

    with pytest.raises(PydanticSchemaGenerationError):
        ToolSchema.from_function(use)

    def apply(fn: Callable[[int], int]) -> None: ...

    with pytest.raises(PydanticUserError):
        ToolSchema.from_function(apply)


def test_a_reserved_name_is_refused() -> None:
    def taken() -> None: ...

    taken.__name__ = f"{FORMAT_TOOL_NAME}_2"
    with pytest.raises(ValueError, match="reserved name"):
        ToolSchema.from_function(taken)


def make(**changes: Any) -> ToolSchema[Any]:
    options: dict[str, Any] = {
        "fn": print,
        "name": "n",
        "description": "d",
        "parameters": ToolParameterSchema(properties={"a": {"type": "string"}}, required=["a"]),
        **changes,
    }
    return ToolSchema(**options)


def test_equal_schemas_have_equal_hashes() -> None:
    assert make() == make()
    assert hash(make()) == hash(make())
    assert len({make(), make()}) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "m"},
        {"description": "e"},
        {"strict": False},
        {"parameters": ToolParameterSchema(properties={"a": {"type": "integer"}}, required=["a"])},
    ],
)
def test_schemas_that_a_model_tells_apart_differ(changes: dict[str, Any]) -> None:
    assert make() != make(**changes)
    assert hash(make()) != hash(make(**changes))


def test_schemas_of_different_functions_differ() -> None:
    assert make() != make(fn=input)
    assert make() != "n"


def test_a_call_is_meant_for_the_tool_of_its_name() -> None:
    assert make().can_execute(ToolCall(id="1", name="n", args="not json"))
    assert not make().can_execute(ToolCall(id="1", name="nn", args="{}"))


def test_repr_names_the_tool() -> None:
    assert repr(make(strict=True)) == "ToolSchema(name='n', strict=True)"


def test_parameters_take_definitions_by_either_name() -> None:
    by_name = ToolParameterSchema(defs={"A": {}})
    by_alias = ToolParameterSchema.model_validate({"$defs": {"A": {}}})
    assert by_name == by_alias
    assert by_name.model_dump(by_alias=True, exclude_none=True) == {
        "properties": {},
        "required": [],
        "additionalProperties": False,
        "$defs": {"A": {}},
    }
    assert ToolParameterSchema().model_dump_json(by_alias=True, exclude_none=True) == (
        '{"properties":{},"required":[],"additionalProperties":false}'
    )


def test_dataclasses_may_be_parameters() -> None:
    @dataclass
    class Point:
        x: int

    def move(to: Point) -> None: ...

    assert dumped(move)["$defs"]["Point"]["properties"] == {"x": {"title": "X", "type": "integer"}}
