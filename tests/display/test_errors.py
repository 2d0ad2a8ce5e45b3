"""Errors for people: a line of cause, a line of remedy."""

import pytest

from mirascope_nb import llm
from mirascope_nb.display.errors import explain


def test_a_missing_key_is_named_and_so_is_the_way_to_set_it() -> None:
    explanation = explain(llm.MissingAPIKeyError("openai", "OPENAI_API_KEY"))
    assert "MissingAPIKeyError" in explanation.cause
    assert "Set OPENAI_API_KEY in the environment" in explanation.remedy


@pytest.mark.parametrize(
    "error",
    [
        llm.AuthenticationError("no", "openai"),
        llm.NotFoundError("no", "openai"),
        llm.RateLimitError("no", "openai"),
        llm.ServerError("no", "openai"),
        llm.ConnectionError("no", "openai"),
        llm.TimeoutError("no", "openai"),
        llm.BadRequestError("no", "openai"),
    ],
)
def test_every_provider_error_has_a_remedy(error: Exception) -> None:
    assert explain(error).cause == f"{type(error).__name__}: no"
    assert explain(error).remedy


def test_a_subclass_has_the_remedy_of_its_kind() -> None:
    class Overloaded(llm.ServerError):
        pass

    assert explain(Overloaded("no", "x")).remedy == explain(llm.ServerError("no", "x")).remedy


def test_the_text_of_a_provider_is_one_line_with_nothing_hidden() -> None:
    error = llm.ServerError("a\n\x1b[31mb\u202e" + "c" * 1000, "x")
    cause = explain(error).cause
    assert "\n" not in cause
    assert "\x1b" not in cause
    assert cause.endswith("…")


def test_an_error_that_is_not_ours_has_a_cause_and_no_remedy() -> None:
    assert explain(TimeoutError()).cause == "TimeoutError"
    assert not explain(TimeoutError()).remedy
    assert explain(ValueError("x")).cause == "ValueError: x"
