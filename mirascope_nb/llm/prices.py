"""What tokens cost, from the maintained price lists of `genai-prices`.

The list is imported when a cost is first asked for, and never downloaded: it is as new as the
installed release.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mirascope_nb.llm.usage import Usage

__all__ = ["known_models", "price"]

# Ids of the price list where they are not ours: https://github.com/pydantic/genai-prices
_LISTED: dict[str, str] = {
    "anthropic": "anthropic",
    "azure": "azure",
    "bedrock": "aws",
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "google": "google",
    "groq": "groq",
    "minimax": "minimax",
    "mistral": "mistral",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "xai": "x-ai",
}

MOST_UNLISTED = 1_000
_unlisted: set[tuple[str, str]] = set()
"""Models that the list lacks. It remembers only those it has found, and searches for a while."""


def price(provider_id: str, model_name: str, usage: Usage | None) -> Decimal | None:
    """US dollars for this usage of a model, or `None` where the price is not known.

    Args:
        provider_id: Who answered, such as `"openai"` or `"openai:completions"`.
        model_name: The model as the provider calls it.
        usage: Its tokens; `None` costs are unknown.
    """
    listed = _LISTED.get(provider_id.partition(":")[0])
    if usage is None or listed is None or not usage.total_tokens:
        return None
    if (listed, model_name) in _unlisted:
        return None
    import genai_prices

    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
    name = model_name.removesuffix(":completions").removesuffix(":responses")
    try:
        total = genai_prices.calc_price(tokens, name, provider_id=listed).total_price
    except LookupError:
        if len(_unlisted) < MOST_UNLISTED:
            _unlisted.add((listed, model_name))
        return None
    except ValueError:
        return None
    # A model without prices in the list sums to nothing, which is not the same as being free.
    return total or None


def known_models() -> Iterator[str]:
    """Ids of the models in the price list, such as `"openai/gpt-5-mini"`, for completion.

    A model that is not among them is not refused: it is asked.
    """
    from genai_prices.data import providers

    ours = {listed: provider for provider, listed in _LISTED.items()}
    for provider in providers:
        if provider.id in ours:
            for model in provider.models:
                yield f"{ours[provider.id]}/{model.id}"
