"""What a reply cost: from the list, or unknown, and never nothing for unknown."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.prices import price

USED = llm.Usage(input_tokens=1_000_000, output_tokens=1_000_000)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o:responses"),
        ("openai:completions", "gpt-4o:completions"),
        ("anthropic", "claude-sonnet-4-5"),
        ("google", "gemini-2.5-flash"),
    ],
)
def test_a_known_model_has_its_price(provider: str, model: str) -> None:
    cost = price(provider, model, USED)
    assert isinstance(cost, Decimal)
    assert Decimal("0.1") < cost < 1_000


@pytest.mark.parametrize(
    ("provider", "model", "usage"),
    [
        ("sandbox", "assistant", USED),
        ("ollama", "gemma3", USED),
        ("openai", "no-such-model-at-all", USED),
        ("openai", "gpt-4o", None),
        ("openai", "gpt-4o", llm.Usage()),
        ("custom", "gpt-4o", USED),
    ],
)
def test_an_unknown_cost_is_none(provider: str, model: str, usage: llm.Usage | None) -> None:
    assert price(provider, model, usage) is None


def test_cached_input_costs_less() -> None:
    plain = price("openai", "gpt-4o", llm.Usage(input_tokens=1_000_000))
    cached = price("openai", "gpt-4o", llm.Usage(input_tokens=1_000_000, cache_read_tokens=900_000))
    assert plain is not None
    assert cached is not None
    assert cached < plain


def test_known_models_are_ids_that_can_be_asked() -> None:
    models = set(llm.known_models())
    assert "openai/gpt-4o" in models
    assert all("/" in model for model in models)


def test_an_unknown_cost_stays_unknown_when_it_is_asked_for_again() -> None:
    assert [price("openai", "no-such-model-at-all", USED) for _ in range(2)] == [None, None]


def test_counts_that_do_not_add_up_have_no_cost() -> None:
    odd = llm.Usage(input_tokens=1, cache_read_tokens=50)
    assert price("openai", "gpt-4o", odd) is None
