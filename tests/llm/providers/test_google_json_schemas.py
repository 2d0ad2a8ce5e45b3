"""Formats and tools of Gemini's that only its JSON schemas can say."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from mirascope_nb import llm
from mirascope_nb.llm.providers.google.json_schemas import json_schema, needs_json_schema

FLASH = "google/gemini-2.5-flash"
REPLY = {"candidates": [{"content": {"parts": [{"text": "{}"}]}, "finishReason": "STOP"}]}


class Book(BaseModel):
    """A book."""

    title: str


class Scores(BaseModel):
    """Points by name."""

    scores: dict[str, int]
    books: dict[str, Book] = {}


class Node(BaseModel):
    """A node."""

    name: str
    children: "list[Node]"
    parent: Annotated["Node | None", Field(description="Above.")] = None


class Left(BaseModel):
    right: "Right"


class Right(BaseModel):
    left: Left | None = None


class Odd(BaseModel):
    """All kinds of members."""

    free: dict[str, Any]
    book: Annotated[Book, Field(description="Which one.")]
    kind: Literal["only"]
    flag: Literal[True]
    size: Literal[1, 2]
    pair: tuple[int, str]
    maybe: Annotated[int | None, Field(ge=1)] = None
    words: Annotated[list[str], Field(min_length=1, max_length=4)]
    share: Annotated[float, Field(gt=0)] = 0.5
    mail: Annotated[str, Field(pattern="@", json_schema_extra={"format": "email"})]


@llm.tool
def count(words: dict[str, int]) -> int:
    """Count words."""
    return sum(words.values())


@llm.tool
def plant(tree: Node) -> None:
    """Plant a tree."""


@llm.tool
def look_up(word: str) -> str:
    """Look up a word."""
    return word


@pytest.fixture
def sent(server: Any) -> Any:
    """The body of a request, made as a user makes it."""

    def body(**asked: Any) -> dict[str, Any]:
        server.register("google")
        server.whole(REPLY)
        llm.Model(FLASH).call("Hello.", **asked)
        return server.bodies[-1]

    return body


def test_a_format_of_any_members_is_sent_whole(sent: Any) -> None:
    config = sent(format=Scores)["generationConfig"]
    assert "responseSchema" not in config
    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"] == {
        "type": "object",
        "title": "Scores",
        "description": "Points by name.",
        "properties": {
            "scores": {
                "type": "object",
                "title": "Scores",
                "additionalProperties": {"type": "integer"},
            },
            "books": {
                "type": "object",
                "title": "Books",
                "description": "{default: {}}",
                "additionalProperties": {"$ref": "#/$defs/Book"},
            },
        },
        "propertyOrdering": ["scores", "books"],
        "required": ["scores"],
        "$defs": {
            "Book": {
                "type": "object",
                "title": "Book",
                "description": "A book.",
                "properties": {"title": {"type": "string", "title": "Title"}},
                "required": ["title"],
            }
        },
    }
    output = sent(format=dict[str, int])["generationConfig"]["responseJsonSchema"]["properties"]
    assert output["output"]["additionalProperties"] == {"type": "integer"}


def test_an_ordinary_format_is_sent_as_ever(sent: Any) -> None:
    config = sent(format=Book)["generationConfig"]
    assert "responseJsonSchema" not in config
    assert config["responseSchema"]["type"] == "OBJECT"


def test_a_format_that_holds_itself_is_sent_whole(sent: Any) -> None:
    schema = sent(format=Node)["generationConfig"]["responseJsonSchema"]
    node = schema["$defs"]["Node"]
    assert {key: value for key, value in schema.items() if key != "$defs"} == node
    assert node["properties"]["children"] == {
        "type": "array",
        "title": "Children",
        "items": {"$ref": "#/$defs/Node"},
        "description": "Required.",
    }
    assert node["properties"]["parent"] == {
        "anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}],
        "description": "Above.",
    }
    # A circle may only be closed by what is not required.
    assert node["required"] == ["name"]


def test_what_is_required_stays_so_where_a_circle_ends_elsewhere() -> None:
    made = json_schema(Left.model_json_schema(), is_ordered=False)
    assert made["required"] == ["right"]
    assert made["$defs"]["Left"]["required"] == ["right"]


def test_tools_are_sent_in_the_form_that_can_say_them(sent: Any) -> None:
    functions = sent(tools=[count, plant, look_up])["tools"][0]["functionDeclarations"]
    members, tree, plain = functions
    assert members["parametersJsonSchema"]["properties"]["words"]["additionalProperties"] == {
        "type": "integer"
    }
    assert tree["parametersJsonSchema"]["properties"]["tree"] == {"$ref": "#/$defs/Node"}
    assert tree["parametersJsonSchema"]["required"] == ["tree"]
    assert "Node" in tree["parametersJsonSchema"]["$defs"]
    assert "propertyOrdering" not in str(functions)
    assert plain["parameters"]["type"] == "OBJECT"
    assert ["parameters" in each for each in functions] == [False, False, True]


def test_a_format_tool_is_sent_whole_too(sent: Any) -> None:
    body = sent(format=Node, tools=[look_up])
    form = body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]
    assert form["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}


def test_what_the_service_has_no_keyword_for_is_described() -> None:
    schema = Odd.model_json_schema()
    before = str(schema)
    made = json_schema(schema, is_ordered=True)
    assert str(schema) == before
    members = made["properties"]
    assert members["free"] == {"type": "object", "title": "Free", "additionalProperties": True}
    assert members["book"]["description"] == "Which one."
    assert members["book"]["properties"] == made["$defs"]["Book"]["properties"]
    assert members["kind"] == {"type": "string", "title": "Kind", "enum": ["only"]}
    assert members["flag"]["description"] == "One of: True"
    assert members["size"]["enum"] == [1, 2]
    assert members["pair"] == {
        "type": "array",
        "title": "Pair",
        "minItems": 2,
        "maxItems": 2,
        "prefixItems": [{"type": "integer"}, {"type": "string"}],
    }
    assert members["maybe"]["anyOf"] == [{"type": "integer", "minimum": 1}, {"type": "null"}]
    assert (members["words"]["minItems"], members["words"]["maxItems"]) == (1, 4)
    assert members["share"]["description"] == "{default: 0.5, exclusiveMinimum: 0}"
    assert members["mail"]["description"] == "Format: email\n{pattern: @}"


@pytest.mark.parametrize(
    ("form", "needed"), [(Scores, True), (Node, True), (Left, True), (Book, False)]
)
def test_only_what_needs_it_goes_by_it(form: type[BaseModel], *, needed: bool) -> None:
    assert needs_json_schema(form.model_json_schema()) is needed
