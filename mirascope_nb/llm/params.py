"""Settings of a model."""

from typing import Literal, Required, TypeAlias

from typing_extensions import TypedDict

__all__ = ["Params", "ThinkingConfig", "ThinkingLevel"]

ThinkingLevel: TypeAlias = Literal["none", "default", "minimal", "low", "medium", "high", "max"]
"""How much a model should reason before it answers; each provider maps it to its own scale."""


class ThinkingConfig(TypedDict, total=False):
    """How a model thinks, and whether its thoughts are kept."""

    level: Required[ThinkingLevel]
    include_thoughts: bool
    """Keep readable thoughts in the content. By default they are dropped."""
    encode_thoughts_as_text: bool
    """Send earlier thoughts back as text, and never a turn as the provider itself wrote it."""


class Params(TypedDict, total=False):
    """Settings that every provider understands, or says in a warning that it does not."""

    temperature: float
    """0 is nearly deterministic; the upper end is the provider's (1 or 2)."""
    max_tokens: int
    """The most tokens to generate."""
    top_p: float
    """Sample from the smallest set of tokens whose probabilities sum to this."""
    top_k: int
    """Sample from this many likeliest tokens."""
    seed: int
    stop_sequences: list[str]
    """Texts that end the reply where they would appear."""
    thinking: ThinkingConfig | None
