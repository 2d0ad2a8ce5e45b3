"""Replies that have to be a number come to what the same question gets in prose."""

import json

import pytest

from mirascope_nb.sandbox.models import behaviour_of
from mirascope_nb.sandbox.prompt import Prompt, Turn
from mirascope_nb.sandbox.rules import reply_to


def number(text: str, kind: str) -> float:
    behaviour = behaviour_of("assistant")
    assert behaviour is not None
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"output": {"type": kind}},
        "required": ["output"],
    }
    prompt = Prompt(model="assistant", turns=(Turn(role="user", text=text),), schema=schema)
    return json.loads(reply_to(prompt, behaviour).text)["output"]


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is 6 times 7?", 42),
        ("What is 4200 + 42?", 4242),
        ("What is the square root of 144?", 12),
        ("How many planets are there?", 8),
        ("How many legs does a spider have?", 8),
        ("In which year was The Hobbit published?", 1937),
        ("Count the words in 'a b c'", 3),
        ("Pick a number between 1 and 10", 7),
    ],
)
def test_a_number_is_the_answer(text: str, kind: str, expected: int) -> None:
    assert number(text, kind) == expected


def test_a_fraction_is_rounded_where_it_has_to_be_whole() -> None:
    assert number("What is 2.5 + 2.25?", "number") == pytest.approx(4.75)
    assert number("What is 2.5 + 2.25?", "integer") == 5


def test_the_numbers_of_a_question_without_an_answer_are_not_taken_for_it() -> None:
    assert number("What will the 14th of the 37 frogs say?", "integer") not in {14, 37}
