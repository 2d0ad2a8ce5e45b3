"""Schemas as OpenAI's strict mode takes them, and those that it does not take."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from mirascope_nb import llm
from mirascope_nb.llm.formatting import create_wrapper_model

CHAT, RESPONSES = "openai/gpt-4o:completions", "openai/gpt-4o:responses"


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


class Owner(BaseModel):
    pet: Pet


class Trip(BaseModel):
    day: dt.date
    track: Annotated[Path, Field(description="Where it was recorded.")]
    start: tuple[float, float]
    stops: set[str]


@pytest.fixture
def asked(server: Any) -> Any:
    """The body of a request, made as a user makes it."""

    def body(model_id: str, **asked: Any) -> dict[str, Any]:
        server.register("openai")
        server.whole({"choices": [{"message": {"content": "{}"}}], "output": []})
        llm.Model(model_id).call("Hello.", **asked)
        return server.bodies[-1]

    return body


def strict(body: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether a request's format is strict, and its schema."""
    held = body["text"]["format"] if "text" in body else body["response_format"]["json_schema"]
    return held["strict"], held["schema"]


@pytest.mark.parametrize("model_id", [CHAT, RESPONSES])
def test_variants_are_told_apart_without_a_discriminator(asked: Any, model_id: str) -> None:
    is_strict, schema = strict(asked(model_id, format=Owner))
    assert is_strict
    assert schema["properties"]["pet"] == {
        "anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
        "title": "Pet",
    }
    assert "oneOf" in Owner.model_json_schema()["properties"]["pet"]


def test_what_strict_mode_has_no_keyword_for_is_said_otherwise(asked: Any) -> None:
    is_strict, schema = strict(asked(RESPONSES, format=Trip))
    assert is_strict
    assert schema["properties"] == {
        "day": {"format": "date", "title": "Day", "type": "string"},
        "track": {
            "description": "Where it was recorded.\nFormat: path",
            "title": "Track",
            "type": "string",
        },
        "start": {
            "items": {"type": "number"},
            "maxItems": 2,
            "minItems": 2,
            "title": "Start",
            "type": "array",
        },
        "stops": {"items": {"type": "string"}, "title": "Stops", "type": "array"},
    }


@pytest.mark.parametrize(
    "form",
    [list, tuple[int, str], Any, list[Any], dict[str, int], int | list[Any]],
    ids=str,
)
def test_a_schema_that_strict_mode_refuses_is_not_enforced(asked: Any, form: Any) -> None:
    is_strict, schema = strict(asked(RESPONSES, format=form))
    assert not is_strict
    assert schema == create_wrapper_model(form).model_json_schema()


@llm.tool
def keep(note: Any) -> str:
    """Keep a note."""
    return str(note)


@llm.tool(strict=True)
def keep_strictly(note: Any) -> str:
    """Keep a note."""
    return str(note)


@llm.tool
def adopt(pet: Pet) -> str:
    """Adopt a pet."""
    return pet.kind


def test_a_tool_is_strict_where_its_schema_can_be(asked: Any) -> None:
    tools = asked(RESPONSES, tools=[keep, adopt])["tools"]
    assert [tool["strict"] for tool in tools] == [False, True]
    assert "anyOf" in tools[1]["parameters"]["properties"]["pet"]
    with pytest.raises(llm.FeatureNotSupportedError, match="whose values all have a type"):
        asked(RESPONSES, tools=[keep_strictly])
