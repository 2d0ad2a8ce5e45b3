"""Which tools are called, with what, and what is said about their results."""

import json
from typing import Any

import pytest

from mirascope_nb.sandbox.models import behaviour_of
from mirascope_nb.sandbox.prompt import (
    Prompt,
    Reply,
    ToolChoice,
    ToolOffer,
    ToolResult,
    ToolUse,
    Turn,
)
from mirascope_nb.sandbox.rules import reply_to


def tool(name: str, description: str = "", *, optional: str = "", **fields: str) -> ToolOffer:
    return ToolOffer(
        name=name,
        description=description,
        schema={
            "type": "object",
            "properties": {field: {"type": kind} for field, kind in fields.items()},
            "required": [field for field in fields if field not in optional.split()],
        },
    )


WEATHER = tool("fetch_weather", "Fetch current weather for a city.", city="string")
MAIL = tool("send_mail", "Send a mail.", to="string", body="string")
DELETE = tool(
    "delete_rows", "Delete rows of a table.", optional="limit",
    table="string", where="string", limit="integer",
)  # fmt: skip
ADD = tool("add", "Add two numbers.", a="integer", b="integer")
SEARCH = tool("web_search", "Search the web.", query="string")
BOOKS = tool("available_books", "List the books in the library.", genre="string")
ALL = (WEATHER, MAIL, DELETE, ADD, SEARCH)


def answer(prompt: Prompt) -> Reply:
    behaviour = behaviour_of("assistant")
    assert behaviour is not None
    return reply_to(prompt, behaviour)


def calls(
    text: str, *tools: ToolOffer, choice: ToolChoice | None = None
) -> list[tuple[str, dict[str, Any]]]:
    prompt = Prompt(
        model="assistant",
        turns=(Turn(role="user", text=text),),
        tools=tools or ALL,
        choice=choice or ToolChoice(),
    )
    return [(use.name, json.loads(use.arguments)) for use in answer(prompt).uses]


def after(text: str, *results: tuple[str, dict[str, Any], str], failed: bool = False) -> str:
    """The reply once tools have answered."""
    uses = tuple(
        ToolUse(id=f"call_{index}", name=name, arguments=json.dumps(arguments))
        for index, (name, arguments, _) in enumerate(results)
    )
    outputs = tuple(
        ToolResult(id=f"call_{index}", text=output, failed=failed)
        for index, (_, _, output) in enumerate(results)
    )
    turns = (
        Turn(role="user", text=text),
        Turn(role="assistant", uses=uses),
        Turn(role="user", results=outputs),
    )
    reply = answer(Prompt(model="assistant", turns=turns, tools=ALL))
    assert reply.uses == ()
    return reply.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's the weather in Tokyo?", [("fetch_weather", {"city": "Tokyo"})]),
        ("Do I need an umbrella in paris?", [("fetch_weather", {"city": "Paris"})]),
        (
            "Weather in Tokyo, Paris and New York?",
            [("fetch_weather", {"city": city}) for city in ("Tokyo", "Paris", "New York")],
        ),
        ("What is 2 + 3?", [("add", {"a": 2, "b": 3})]),
        ("Please add 17 and 25.", [("add", {"a": 17, "b": 25})]),
        (
            "Delete rows from orders_2024 where status = 'void' AND total = 0, limit 500",
            [
                (
                    "delete_rows",
                    {
                        "table": "orders_2024",
                        "where": "status = 'void' AND total = 0",
                        "limit": 500,
                    },
                )
            ],
        ),
        (
            "Send a mail to all@example.org saying that we meet at noon.",
            [("send_mail", {"to": "all@example.org", "body": "we meet at noon"})],
        ),
        (
            "Search the web for the history of tea",
            [("web_search", {"query": "history of tea"})],
        ),
    ],
)
def test_fitting_tool_is_called_with_arguments_of_the_prompt(
    text: str, expected: list[tuple[str, dict[str, Any]]]
) -> None:
    assert calls(text) == expected


@pytest.mark.parametrize(
    "text", ["Tell me a joke", "Recommend a fantasy book.", "Who are you?", "Hello!"]
)
def test_prose_needs_no_tool(text: str) -> None:
    assert calls(text) == []


def test_two_things_asked_for_are_two_calls_in_their_order() -> None:
    found = calls("Get the weather in Tokyo and mail it to all@example.org")
    assert [name for name, _ in found] == ["fetch_weather", "send_mail"]
    assert found[1][1]["to"] == "all@example.org"


def test_optional_argument_is_left_out_unless_the_prompt_speaks_of_it() -> None:
    found = calls("Delete rows from orders_2024 where total = 0")
    assert found == [("delete_rows", {"table": "orders_2024", "where": "total = 0"})]


def test_list_after_a_colon_is_one_call_each() -> None:
    secret = tool("secret_retrieval_tool", "Needs a password to get a secret.", password="string")
    found = calls("Retrieve the secrets of these passwords: mellon,radiance", secret)
    assert found == [
        ("secret_retrieval_tool", {"password": "mellon"}),
        ("secret_retrieval_tool", {"password": "radiance"}),
    ]


def test_journey_is_one_call() -> None:
    flight = tool("book_flight", "Book a flight.", origin="string", destination="string")
    assert calls("Book a flight from Paris to Tokyo", flight) == [
        ("book_flight", {"origin": "Paris", "destination": "Tokyo"})
    ]


def test_enum_argument_is_the_one_the_prompt_names() -> None:
    offer = ToolOffer(
        name="set_light",
        description="Switch the light of a room.",
        schema={
            "type": "object",
            "properties": {
                "room": {"enum": ["kitchen", "hall", "attic"]},
                "on": {"type": "boolean"},
            },
            "required": ["room"],
        },
    )
    assert calls("Switch on the light in the hall", offer) == [("set_light", {"room": "hall"})]


def test_genre_is_understood() -> None:
    assert calls("Which mystery books are available in the library?", BOOKS) == [
        ("available_books", {"genre": "mystery"})
    ]


def test_user_may_go_on_with_the_same_tool() -> None:
    turns = (
        Turn(role="user", text="What's the weather in Tokyo?"),
        Turn(
            role="assistant",
            uses=(ToolUse(id="1", name="fetch_weather", arguments='{"city":"Tokyo"}'),),
        ),
        Turn(role="user", results=(ToolResult(id="1", text="sunny"),)),
        Turn(role="assistant", text="Sunny."),
        Turn(role="user", text="And in Paris?"),
    )
    uses = answer(Prompt(model="assistant", turns=turns, tools=ALL)).uses
    assert [json.loads(use.arguments) for use in uses] == [{"city": "Paris"}]


def test_required_choice_calls_something() -> None:
    assert calls("Tell me a joke", choice=ToolChoice(mode="required"))


def test_only_allowed_tools_are_called() -> None:
    found = calls("Weather in Tokyo?", choice=ToolChoice(mode="required", names=("web_search",)))
    assert [name for name, _ in found] == ["web_search"]


def test_format_tool_is_filled_from_the_prompt() -> None:
    form = tool("__mirascope_formatted_output_tool__", title="string", author="string")
    choice = ToolChoice(mode="required", names=(form.name,), parallel=False)
    assert calls("Recommend a fantasy book.", form, choice=choice) == [
        (form.name, {"title": "The Name of the Wind", "author": "Patrick Rothfuss"})
    ]


def test_other_tools_come_before_the_format_tool() -> None:
    form = tool("__mirascope_formatted_output_tool__", a="integer", b="integer", answer="integer")
    required = ToolChoice(mode="required")
    assert calls("What is 2 + 3?", ADD, form, choice=required) == [("add", {"a": 2, "b": 3})]
    turns = (
        Turn(role="user", text="What is 2 + 3?"),
        Turn(role="assistant", uses=(ToolUse(id="1", name="add", arguments='{"a":2,"b":3}'),)),
        Turn(role="user", results=(ToolResult(id="1", text="13"),)),
    )
    prompt = Prompt(model="assistant", turns=turns, tools=(ADD, form), choice=required)
    (use,) = answer(prompt).uses
    assert use.name == form.name
    assert json.loads(use.arguments) == {"a": 2, "b": 3, "answer": 13}


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("72°F and sunny in Tokyo", "It is 72 °F and sunny in **Tokyo**."),
        ("Rain is expected until noon.", "Rain is expected until noon."),
        ('{"temperature": 21, "sky": "clear"}', "- **temperature**: 21\n- **sky**: clear"),
        ("[1, 2]", "- 1\n- 2"),
        ("21", "The answer is **21**."),
        ("fog", "For **Tokyo** it is: fog."),
        ("", "`fetch_weather` is done; it returned nothing."),
    ],
)
def test_one_result_is_told_in_a_sentence(output: str, said: str) -> None:
    text = after("Weather in Tokyo?", ("fetch_weather", {"city": "Tokyo"}, output))
    assert said in text


def test_several_results_are_told_in_a_list() -> None:
    text = after(
        "Weather in Tokyo and Paris?",
        ("fetch_weather", {"city": "Tokyo"}, "sunny"),
        ("fetch_weather", {"city": "Paris"}, "rain"),
    )
    assert "- **Tokyo**: sunny\n- **Paris**: rain" in text


def test_weather_of_several_places_is_not_repeated() -> None:
    text = after(
        "Weather in Tokyo and Paris?",
        ("fetch_weather", {"city": "Tokyo"}, "72°F and sunny in Tokyo"),
        ("fetch_weather", {"city": "Paris"}, "50°F and cloudy in Paris"),
    )
    assert text.endswith("- **Tokyo**: 72 °F and sunny\n- **Paris**: 50 °F and cloudy")


def test_denied_call_is_told_with_its_reason() -> None:
    text = after(
        "Get the weather and mail it",
        ("fetch_weather", {"city": "Tokyo"}, "72°F and sunny in Tokyo"),
        ("send_mail", {"to": "all@example.org"}, "Denied by the user: Not before Monday."),
    )
    assert text.startswith("It is 72 °F and sunny in **Tokyo**.")
    assert "have not run `send_mail`" in text
    assert text.endswith("Not before Monday.")


def test_failed_call_is_told_as_such() -> None:
    arguments = {"city": "Tokyo"}
    text = after("Weather?", ("fetch_weather", arguments, "connection reset"), failed=True)
    assert text == "`fetch_weather` did not work: connection reset."


def test_results_by_name_alone_are_matched_in_order() -> None:
    uses = tuple(
        ToolUse(name="fetch_weather", arguments=json.dumps({"city": city}))
        for city in ("Tokyo", "Paris")
    )
    results = tuple(ToolResult(name="fetch_weather", text=text) for text in ("sun", "rain"))
    turns = (
        Turn(role="user", text="Weather?"),
        Turn(role="assistant", uses=uses),
        Turn(role="user", results=results),
    )
    text = answer(Prompt(model="assistant", turns=turns, tools=ALL)).text
    assert "- **Tokyo**: sun\n- **Paris**: rain" in text
