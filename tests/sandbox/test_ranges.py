"""Numbers that a service refuses are refused here too, in its words."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

SAID = [{"role": "user", "content": "Hello."}]
PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "google": "/v1beta/models/echo:generateContent",
}


def body(wire: str, given: dict[str, Any]) -> dict[str, Any]:
    """The smallest request of a wire, with more in it."""
    match wire:
        case "chat":
            return {"model": "echo", "messages": SAID, **given}
        case "responses":
            return {"model": "echo", "input": "Hello.", **given}
        case "anthropic":
            return {"model": "echo", "messages": SAID, "max_tokens": 4000, **given}
        case _:
            return {"contents": [{"parts": [{"text": "Hello."}]}], "generationConfig": given}


def post(client: httpx2.Client, wire: str, given: dict[str, Any]) -> httpx2.Response:
    headers = {"anthropic-version": "2023-06-01"}
    return client.post(PATHS[wire], json=body(wire, given), headers=headers)


THINKS = {"type": "enabled", "budget_tokens": 2000}
ABOVE = "decimal above maximum value. Expected a value <= 2, but got 2.5 instead."
BELOW = "decimal below minimum value. Expected a value >= 0, but got -0.1 instead."
LEAST = "integer below minimum value. Expected a value >= 16, but got 5 instead."
LONG = "array too long. Expected an array with maximum length 4, but got an array with length 5"
GOOGLE = "* GenerateContentRequest.generation_config"
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("chat", {"temperature": 2.5}, f"Invalid 'temperature': {ABOVE}"),
    ("chat", {"top_p": -0.1}, f"Invalid 'top_p': {BELOW}"),
    ("chat", {"stop": list("abcde")}, f"Invalid 'stop': {LONG}"),
    ("chat", {"max_tokens": 0}, "Invalid 'max_tokens': integer below minimum value."),
    ("chat", {"temperature": "0.5"}, "Invalid type for 'temperature': expected a decimal."),
    ("chat", {"temperature": True}, "Invalid type for 'temperature': expected a decimal."),
    ("chat", {"seed": 1.5}, "Invalid type for 'seed': expected an integer."),
    ("responses", {"temperature": 2.5}, f"Invalid 'temperature': {ABOVE}"),
    ("responses", {"max_output_tokens": 5}, f"Invalid 'max_output_tokens': {LEAST}"),
    ("anthropic", {"temperature": 1.5}, "temperature: Input should be less than or equal to 1"),
    ("anthropic", {"top_p": -1}, "top_p: Input should be greater than or equal to 0"),
    ("anthropic", {"top_k": 1.5}, "top_k: Input should be a valid integer"),
    (
        "anthropic",
        {"thinking": THINKS | {"budget_tokens": 1000}},
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    (
        "anthropic",
        {"thinking": THINKS, "max_tokens": 2000},
        "`max_tokens` must be greater than `thinking.budget_tokens`.",
    ),
    (
        "anthropic",
        {"thinking": THINKS, "temperature": 0.5},
        "`temperature` may only be set to 1 when thinking is enabled.",
    ),
    (
        "google",
        {"temperature": 3},
        f"{GOOGLE}.temperature: temperature must be in the range [0.0, 2.0].",
    ),
    ("google", {"top_p": 1.1}, f"{GOOGLE}.top_p: top_p must be in the range [0.0, 1.0]."),
    ("google", {"topK": -1}, f"{GOOGLE}.top_k: top_k must not be negative."),
    ("google", {"topK": "1"}, "Invalid value at 'generation_config.top_k'"),
]


@pytest.mark.parametrize(("wire", "given", "words"), REFUSED)
def test_a_number_out_of_range_is_refused(
    client: httpx2.Client, wire: str, given: dict[str, Any], words: str
) -> None:
    answer = post(client, wire, given)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(words)


TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("chat", {"temperature": 0, "top_p": 0, "max_tokens": 1, "stop": list("abcd")}),
    ("chat", {"temperature": 2.0, "top_p": 1, "seed": -1, "max_tokens": None}),
    ("responses", {"temperature": 2, "max_output_tokens": 16}),
    ("anthropic", {"temperature": 0, "top_p": 1.0, "top_k": 0}),
    ("anthropic", {"temperature": 1, "thinking": THINKS, "max_tokens": 2001}),
    ("google", {"temperature": 0.0, "topP": 1, "topK": 1, "maxOutputTokens": 1, "seed": 7}),
]


@pytest.mark.parametrize(("wire", "given"), TAKEN)
def test_a_number_at_its_bound_is_taken(
    client: httpx2.Client, wire: str, given: dict[str, Any]
) -> None:
    assert post(client, wire, given).status_code == 200
