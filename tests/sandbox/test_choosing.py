"""Which of several tools for the same things a text calls for, and with which arguments."""

import json
from typing import Any

import pytest

from mirascope_nb.sandbox.models import behaviour_of
from mirascope_nb.sandbox.prompt import Prompt, ToolOffer, Turn
from mirascope_nb.sandbox.rules import reply_to


def tool(name: str, description: str, *fields: str, optional: str = "") -> ToolOffer:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {field: {"type": "string"} for field in fields},
        "required": [field for field in fields if field not in optional.split()],
    }
    return ToolOffer(name=name, description=description, schema=schema)


TASKS = (
    tool("add_task", "Add a task to the list.", "title"),
    tool("list_tasks", "List all the tasks."),
    tool("remove_task", "Remove a task from the list.", "title"),
    tool("complete_task", "Mark a task as done.", "title"),
)
MAIL = tool("send_mail", "Send a mail.", "to", "subject", "body", optional="subject")
WEATHER = tool("get_weather", "Get the current weather of a city.", "city")


def calls(text: str, *tools: ToolOffer) -> list[tuple[str, dict[str, Any]]]:
    behaviour = behaviour_of("assistant")
    assert behaviour is not None
    prompt = Prompt(model="assistant", turns=(Turn(role="user", text=text),), tools=tools)
    return [(use.name, json.loads(use.arguments)) for use in reply_to(prompt, behaviour).uses]


@pytest.mark.parametrize(
    "text",
    [
        "What tasks do I have?",
        "Which tasks are left?",
        "List my tasks",
        "Show me the list of tasks.",
        "What is on my list?",
    ],
)
def test_whoever_asks_for_tasks_sees_them_and_changes_none(text: str) -> None:
    assert calls(text, *TASKS) == [("list_tasks", {})]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Add a task: buy milk", ("add_task", {"title": "buy milk"})),
        ("Add 'buy milk' to my tasks", ("add_task", {"title": "buy milk"})),
        ("Remove the task 'buy milk'", ("remove_task", {"title": "buy milk"})),
        ("Remove buy milk from my list.", ("remove_task", {"title": "buy milk"})),
        ("Delete the milk task", ("remove_task", {"title": "milk"})),
        ("Mark 'buy milk' as done", ("complete_task", {"title": "buy milk"})),
    ],
)
def test_the_verb_decides_what_is_done_to_a_task(
    text: str, expected: tuple[str, dict[str, Any]]
) -> None:
    assert calls(text, *TASKS) == [expected]


def test_two_deeds_are_two_calls_in_their_order() -> None:
    assert calls("Add the task buy milk and list the tasks", *TASKS) == [
        ("add_task", {"title": "buy milk"}),
        ("list_tasks", {}),
    ]


def test_a_verb_for_something_else_takes_no_tool_away() -> None:
    text = "Remove my umbrella from the list if the weather in Tokyo is fine"
    assert ("get_weather", {"city": "Tokyo"}) in calls(text, WEATHER)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ('Send a mail to a@example.org with the body "Lunch at noon!"', "Lunch at noon!"),
        ('Send a mail to a@example.org saying "We meet at noon."', "We meet at noon."),
        ("Send a mail to a@example.org saying “Is it done?”", "Is it done?"),
        ('Send a@example.org a mail that says "Done." please', "Done."),
        ("Send a mail to a@example.org saying that we meet at noon.", "we meet at noon"),
    ],
)
def test_what_is_quoted_keeps_its_punctuation(text: str, body: str) -> None:
    assert calls(text, MAIL) == [("send_mail", {"to": "a@example.org", "body": body})]


def test_quoted_arguments_go_to_the_fields_that_are_named_before_them() -> None:
    text = "Send a mail to a@example.org with subject 'Lunch' and body 'At noon, ok?'"
    arguments = {"to": "a@example.org", "subject": "Lunch", "body": "At noon, ok?"}
    assert calls(text, MAIL) == [("send_mail", arguments)]
