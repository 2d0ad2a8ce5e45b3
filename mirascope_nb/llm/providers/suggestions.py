"""What a misspelt provider or model id was probably meant to be."""

from __future__ import annotations

import difflib
import re

from mirascope_nb.llm.providers.vendors import VENDORS

__all__ = ["suggested_id", "suggested_provider"]

# Below it, names are as near as any two words: `mirage` is 0.6 of `mistral`.
NEAR = 0.75

# What others call a provider, where that is not just a slip of the pen.
_ALIASES = {
    "aws": "bedrock",
    "claude": "anthropic",
    "gemini": "google",
    "google-genai": "google",
    "gpt": "openai",
    "grok": "xai",
    "hf": "huggingface",
    "x-ai": "xai",
}
_MAKERS = (
    (re.compile(r"(chat)?gpt-|o\d(-|$)"), "openai"),
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"gemini-"), "google"),
    (re.compile(r"grok-"), "xai"),
    (re.compile(r"(codestral|devstral|magistral|ministral|mistral|pixtral)-"), "mistral"),
    (re.compile(r"deepseek-"), "deepseek"),
    (re.compile(r"sonar(-|$)"), "perplexity"),
    (re.compile(r"minimax-"), "minimax"),
)


def suggested_provider(name: str) -> str | None:
    """The known provider id closest to this, or `None`."""
    name = name.lower()
    near = difflib.get_close_matches(name, VENDORS, n=1, cutoff=NEAR)
    return _ALIASES.get(name) or (near[0] if near else None)


def suggested_id(model_id: str) -> str | None:
    """The model id that was probably meant, or `None`.

    It may have a slip in its provider, another provider's name, a colon for the slash, or no
    provider at all.
    """
    prefix, _, name = model_id.replace(":", "/", 1 - min(model_id.count("/"), 1)).partition("/")
    provider = suggested_provider(prefix)
    if name and provider is not None:
        return f"{provider}/{name}"
    name = model_id.rpartition("/")[2]
    maker = next((maker for known, maker in _MAKERS if known.match(name.lower())), None)
    return f"{maker}/{name}" if maker else None
