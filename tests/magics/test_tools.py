from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.error import UsageError

from mirascope_nb import llm
from mirascope_nb.magics.tools import find_tools, tools_in


@llm.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def halve(a: float) -> float:
    """Halve a number."""
    return a / 2


nameless: Callable[[int], int] = lambda a: a  # noqa: E731 - what a person may well write


class Kit:
    halve = staticmethod(halve)
    _hidden = add


NAMES: dict[str, Any] = {
    "add": add,
    "halve": halve,
    "kit": llm.Toolkit([add]),
    "empty": llm.Toolkit(()),
    "nested": [[add], (halve,)],
    "own": Kit,
    "text": "add",
    "kind": int,
    "nameless": nameless,
}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["add"], ["add"]),
        (["add,halve"], ["add", "halve"]),
        (["add", "halve"], ["add", "halve"]),
        (["kit"], ["add"]),
        (["empty"], []),
        (["nested"], ["add", "halve"]),
        (["own.halve"], ["halve"]),
        (["web_search"], ["web_search"]),
        ([], []),
    ],
)
def test_names_stand_for_tools(words: list[str], found: list[str]) -> None:
    assert [tool.name for tool in find_tools(words, NAMES)] == found


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("ad", "not among your variables. Did you mean add?"),
        ("text", "'text' is neither a tool"),
        ("kind", "'kind' is neither a tool"),
        ("own.nothing", "'own.nothing' is neither a tool"),
        ("own._hidden", "'own._hidden' is neither a tool"),
        ("add,kit", "two tools called add"),
        ("nameless", "'nameless' cannot be a tool: A model calls a tool by its name"),
    ],
)
def test_what_is_no_tool_is_told(word: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_tools([word], NAMES)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_what_was_made_a_tool_is_listed() -> None:
    held = {name: len(tools_in(value)) for name, value in NAMES.items()}
    assert held == dict.fromkeys(NAMES, 0) | {"add": 1, "kit": 1}
    assert len(tools_in([add, NAMES["kit"]])) == 2
