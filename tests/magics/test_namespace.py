from typing import Any

import pytest

from mirascope_nb.magics.namespace import PromptNamespace


def namespace(
    user: dict[str, Any] | None = None,
    *,
    hidden: dict[str, Any] | None = None,
    local: dict[str, Any] | None = None,
    error: str | None = None,
) -> PromptNamespace:
    return PromptNamespace(
        user or {},
        hidden=hidden or {},
        local=local or {},
        inputs=lambda: ["", "as typed"],
        last_error=lambda: error,
    )


def test_variables_of_the_function_come_first() -> None:
    names = namespace({"a": 1, "b": 2}, local={"a": 3})
    assert (names["a"], names["b"]) == (3, 2)
    assert sorted(names) == ["a", "b"]
    assert len(names) == 2


def test_names_of_ipython_are_no_variables_until_the_user_sets_them() -> None:
    own = object()
    names = namespace({"quit": own, "exit": "mine"}, hidden={"quit": own, "exit": own})
    assert "quit" not in names
    assert names["exit"] == "mine"
    assert list(names) == ["exit"]


def test_outputs_are_kept() -> None:
    own = {1: "x"}
    names = namespace({"Out": own, "_": "x"}, hidden={"Out": own, "_": "x"})
    assert names["Out"] == {1: "x"}
    assert names["_"] == "x"


def test_in_is_what_was_typed() -> None:
    own = ["", "rewritten"]
    assert namespace({"In": own}, hidden={"In": own})["In"][1] == "as typed"
    assert namespace({"In": "mine"}, hidden={"In": own})["In"] == "mine"


def test_err_is_the_last_error_unless_the_user_has_one() -> None:
    assert namespace(error="boom")["Err"] == "boom"
    assert "Err" in list(namespace(error="boom"))
    assert namespace({"Err": 1}, error="boom")["Err"] == 1
    with pytest.raises(KeyError):
        namespace()["Err"]
