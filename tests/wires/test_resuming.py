"""Conversations that one service begins and another goes on with, over real HTTP, in every pair."""

import json
from itertools import permutations
from typing import Any

import pytest

from mirascope_nb import llm

THINKING: Any = {"level": "medium", "include_thoughts": True}


@llm.tool
def fetch_weather(city: str) -> str:
    """Fetch the current weather for a city."""
    return f"fog over {city}"


@pytest.fixture(params=list(permutations(range(4), 2)), ids=str)
def pair(request: pytest.FixtureRequest, wires: Any) -> tuple[Any, Any]:
    """The wire that begins, and the one that goes on."""
    first, second = request.param
    return wires[first], wires[second]


@pytest.fixture
def wire(pair: tuple[Any, Any]) -> Any:
    """The wire that begins."""
    return pair[0]


def test_thoughts_and_tool_calls_go_along(talk: Any, pair: tuple[Any, Any]) -> None:
    first, second = pair
    begun = talk.ask(
        "What is the weather in Tokyo and Paris?",
        model=first.thinker,
        tools=[fetch_weather],
        thinking=THINKING,
    )
    assert len(begun.tool_calls) == 2
    assert bool(begun.thoughts) == (first.name != "openai_chat")
    outputs = talk.run_tools(begun)
    with llm.model(second.model):
        answered = talk.resume(begun, outputs)
    assert "fog over Tokyo" in answered.text()
    assert "fog over Paris" in answered.text()
    assert answered.provider_id.startswith(second.provider)
    assert talk.sandbox.requests[-1].wire == second.name
    assert "Reading the question" not in talk.sent, "thoughts stay with the model that thought"
    with llm.model(first.model):
        back = talk.resume(answered, "And in Oslo?")
    assert [json.loads(call.args) for call in back.tool_calls] == [{"city": "Oslo"}]
    assert talk.sandbox.requests[-1].wire == first.name
