"""What a reply cost in tokens, and why it ended."""

import importlib
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["FinishReason", "ProviderToolUsage", "Usage"]


class FinishReason(str, Enum):  # noqa: UP042, its text is that of an `Enum`
    """Why a reply ended, when it did not end normally. A normal end is `None`."""

    MAX_TOKENS = "max_tokens"
    """The reply hit its length limit."""
    REFUSAL = "refusal"
    """The model or a filter of the provider refused."""
    CONTEXT_LENGTH_EXCEEDED = "context_length_exceeded"
    """The conversation no longer fits the model's context."""


@dataclass(kw_only=True)
class ProviderToolUsage:
    """How often a tool of the provider's own, such as web search, was used."""

    name: str
    call_count: int = 0
    duration_seconds: float | None = None
    metadata: dict[str, Any] | None = None


@dataclass(kw_only=True)
class Usage:
    """Token counts of one reply."""

    input_tokens: int = 0
    """Tokens of the request, those read from or written to a cache included."""
    output_tokens: int = 0
    """Tokens of the reply, reasoning included."""
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    provider_tool_usage: list[ProviderToolUsage] | None = None
    raw: Any = field(default=None)
    """The provider's own record of the usage."""

    def _repr_markdown_(self) -> str:
        # The notebook half is asked by name: the core imports nothing of what stands on it.
        return str(importlib.import_module("mirascope_nb.display.reprs").usage_markdown(self))

    @property
    def total_tokens(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens
