import json
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field
from pydantic.errors import PydanticUserError

from mirascope_nb.llm import formatting
from mirascope_nb.llm.formatting import (
    Format,
    FromCallArgs,
    create_wrapper_model,
    format,
    is_output_parser,
    is_primitive_type,
    output_parser,
    resolve_format,
)
from mirascope_nb.llm.tools.schema import FORMAT_TOOL_NAME


class Author(BaseModel):
    """The author of a book."""

    name: str


class Book(BaseModel):
    """
    A book with a rating.

        In capitals!
    """

    title: str
    author: Author
    rating: int = Field(default=7, description="For testing")


class Bare(BaseModel):
    x: int


class Told(BaseModel):
    x: int

    @classmethod
    def formatting_instructions(cls) -> str:
        return "Say x."


class Silent(BaseModel):
    x: int

    @classmethod
    def formatting_instructions(cls) -> None:
        return None


class Colour(Enum):
    RED = "red"


@output_parser(formatting_instructions="One word a line.")
def lines(response: Any) -> list[str]:
    """The lines."""
    return response.splitlines()


def test_a_format_of_a_model() -> None:
    assert format(Book, mode="strict") == Format(
        name="Book",
        description="A book with a rating.\n\n    In capitals!",
        schema=Book.model_json_schema(),
        mode="strict",
        formattable=Book,
    )


def test_a_model_without_a_docstring_has_no_description() -> None:
    assert format(Bare, mode="json").description is None


@pytest.mark.parametrize("nothing", [None, type(None)])
def test_no_format_is_none(nothing: Any) -> None:
    assert format(nothing, mode="tool") is None
    assert resolve_format(nothing, "tool") is None


PRIMITIVES: list[tuple[Any, str]] = [
    (str, "str"),
    (int, "int"),
    (float, "float"),
    (bool, "bool"),
    (bytes, "bytes"),
    (list, "list"),
    (list[Book], "list"),
    (set[int], "set"),
    (tuple[int, str], "tuple"),
    (dict[str, int], "dict"),
    (Colour, "Colour"),
    (Literal["a", "b"], "Literal"),
]


@pytest.mark.parametrize(("primitive", "name"), PRIMITIVES, ids=[name for _, name in PRIMITIVES])
def test_a_type_that_is_no_model_is_wrapped(primitive: type[Any], name: str) -> None:
    assert is_primitive_type(primitive)
    wrapper = create_wrapper_model(primitive)
    assert wrapper.__name__ == f"{name}Output"
    assert wrapper.__doc__ == f"Wrapper for primitive type {name}"
    assert [*wrapper.model_fields] == ["output"]
    assert wrapper.model_fields["output"].is_required()
    made: Format[Any] = format(primitive, mode="json")
    assert made == Format(
        name=name,
        description=None,
        schema=wrapper.model_json_schema(),
        mode="json",
        formattable=primitive,
    )
    assert made.model is wrapper
    assert made.is_wrapped


@pytest.mark.parametrize(
    "primitive", [int | None, int | Book, Annotated[int, Field(ge=1)], Annotated[list[int], []]]
)
def test_unions_and_annotated_types_are_wrapped(primitive: type[Any]) -> None:
    assert is_primitive_type(primitive)
    assert format(primitive, mode="json").schema["required"] == ["output"]


def test_a_union_is_called_as_it_is_written() -> None:
    assert format(int | str, mode="json").name in {"int | str", "Union"}  # as Python has it


def test_the_order_of_a_union_is_kept() -> None:
    one, other = (create_wrapper_model(each).model_json_schema() for each in (int | str, str | int))
    assert one["properties"]["output"]["anyOf"] == [{"type": "integer"}, {"type": "string"}]
    assert other["properties"]["output"]["anyOf"] == [{"type": "string"}, {"type": "integer"}]


@pytest.mark.parametrize("other", [Book, lines, format(Book, mode="json"), 3, None, Any])
def test_models_parsers_and_values_are_no_primitives(other: object) -> None:
    assert not is_primitive_type(other)


def test_the_same_type_has_the_same_wrapper() -> None:
    assert create_wrapper_model(list[Book]) is create_wrapper_model(list[Book])


def test_a_parser_needs_its_mode() -> None:
    with pytest.raises(ValueError, match=r"^mode must be 'parser' for OutputParser, got 'json'$"):
        format(lines, mode="json")


def test_the_mode_of_parsers_needs_a_parser() -> None:
    with pytest.raises(ValueError, match="mode 'parser' is for an OutputParser"):
        format(Book, mode="parser")


def test_a_format_of_a_parser() -> None:
    assert format(lines, mode="parser") == Format(
        name="lines", description="The lines.", schema={}, mode="parser", formattable=lines
    )
    with pytest.raises(TypeError, match="'lines' is an output parser"):
        _ = format(lines, mode="parser").model


def test_a_parser_is_its_function() -> None:
    assert is_output_parser(lines)
    assert not is_output_parser(len)
    assert lines("a\nb") == ["a", "b"]
    assert (lines.__name__, lines.__doc__) == ("lines", "The lines.")
    assert lines.formatting_instructions() == "One word a line."


def test_a_parser_cannot_be_awaited() -> None:
    async def parse(response: object) -> None: ...

    with pytest.raises(TypeError, match="'parse' is async"):
        output_parser(formatting_instructions="")(parse)


def test_resolving_keeps_what_is_resolved() -> None:
    made = format(Book, mode="tool")
    assert resolve_format(made, "strict") is made


def test_resolving_gives_the_default_mode_except_to_parsers() -> None:
    assert resolve_format(Book, "tool") == format(Book, mode="tool")
    assert resolve_format(int, "tool") == format(int, mode="tool")
    assert resolve_format(lines, "strict") == format(lines, mode="parser")


def test_another_mode_of_a_format() -> None:
    made: Any = format(Book, mode="tool")
    assert format(made, mode="json") == format(Book, mode="json")


def test_what_json_cannot_hold_is_refused() -> None:
    class Unknown: ...

    with pytest.raises(Exception, match="Unable to generate pydantic-core schema"):
        format(Unknown, mode="json")


def test_instructions_of_each_mode() -> None:
    assert format(Book, mode="strict").formatting_instructions is None
    assert format(Book, mode="tool").formatting_instructions == (
        "Always respond to the user's query using the __mirascope_formatted_output_tool__ tool "
        "for structured output."
    )
    assert format(Book, mode="json").formatting_instructions == (
        "Respond only with valid JSON that matches this exact schema:\n"
        + json.dumps(Book.model_json_schema(), indent=2)
    )
    assert format(lines, mode="parser").formatting_instructions == "One word a line."


@pytest.mark.parametrize("mode", ["strict", "json", "tool"])
def test_a_model_s_own_instructions_replace_those_of_the_mode(mode: Any) -> None:
    assert format(Told, mode=mode).formatting_instructions == "Say x."
    assert format(Silent, mode=mode).formatting_instructions is None


def test_the_tool_of_a_format() -> None:
    schema = format(Book, mode="tool").create_tool_schema()
    assert (schema.name, schema.strict) == (FORMAT_TOOL_NAME, None)
    assert schema.description == (
        "Use this tool to extract data in Book format for a final response.\n"
        "A book with a rating.\n\n    In capitals!"
    )
    assert schema.parameters.model_dump(by_alias=True, exclude_none=True) == {
        "properties": Book.model_json_schema()["properties"],
        "required": ["title", "author", "rating"],
        "additionalProperties": False,
        "$defs": Book.model_json_schema()["$defs"],
    }
    with pytest.raises(RuntimeError):
        schema.fn(title="x")


def test_the_tool_of_a_type() -> None:
    schema = format(list[int], mode="tool").create_tool_schema()
    assert schema.description == (
        "Use this tool to extract data in list format for a final response."
    )
    assert schema.parameters.required == ["output"]
    assert schema.parameters.defs is None


def test_what_the_caller_knows_is_not_asked_for() -> None:
    class Summary(BaseModel):
        text: Annotated[str, FromCallArgs()]
        headline: str

    class Digest(BaseModel):
        summaries: list[Summary]

    made = format(Digest, mode="tool")
    assert list(made.schema["$defs"]["Summary"]["properties"]) == ["headline"]
    assert made.schema["$defs"]["Summary"]["required"] == ["headline"]
    assert format(Summary, mode="tool").create_tool_schema().parameters.required == ["headline"]


def test_every_public_name_is_exported() -> None:
    assert sorted(formatting.__all__) == formatting.__all__
    assert all(hasattr(formatting, name) for name in formatting.__all__)


class Branch(BaseModel):
    name: str
    branches: list["Branch"] = []


def test_a_model_that_holds_itself_is_a_tool_with_its_fields() -> None:
    tool = format(Branch, mode="tool").create_tool_schema()
    assert list(tool.parameters.properties) == ["name", "branches"]
    assert tool.parameters.required == ["name", "branches"]
    assert tool.parameters.defs is not None
    assert "Branch" in tool.parameters.defs


def test_a_type_that_cannot_be_hashed_is_wrapped_all_the_same() -> None:
    marked: Any = Annotated[int, ["a list"]]
    make: Any = formatting.format
    form = make(marked, mode="json")
    assert form.schema["properties"]["output"]["type"] == "integer"


def test_a_type_without_a_schema_is_an_error_of_pydantics() -> None:
    class Opaque:
        pass

    with pytest.raises(PydanticUserError, match="Opaque"):
        formatting.format(Opaque, mode="json")
