"""What a choice says, alike in a whole reply and in the events of a stream."""

from __future__ import annotations

from typing import Any

from mirascope_nb.llm.exceptions import APIError
from mirascope_nb.llm.providers.decoding import count
from mirascope_nb.llm.providers.encoding import mapping, sequence
from mirascope_nb.llm.providers.openai_errors import error_in_stream
from mirascope_nb.llm.usage import FinishReason, Usage

__all__ = [
    "BROKEN_OFF",
    "FINISH_REASONS",
    "calls_in",
    "failure_in",
    "first_choice",
    "reasoning_in",
    "text_of",
    "usage_of",
]

FINISH_REASONS = {
    "length": FinishReason.MAX_TOKENS,
    "content_filter": FinishReason.REFUSAL,
    "model_length": FinishReason.CONTEXT_LENGTH_EXCEEDED,  # Mistral's
}
# The second is DeepSeek's: https://api-docs.deepseek.com/api/create-chat-completion
BROKEN_OFF = ("error", "insufficient_system_resource")
"""Reasons to finish that stand for an error."""


def first_choice(choices: list[Any]) -> dict[str, Any]:
    """The one choice that was asked for, should there be more, in whatever order."""
    each = [mapping(choice) for choice in choices]
    return next((choice for choice in each if choice.get("index") == 0), each[0])


def failure_in(provider: str, choice: dict[str, Any]) -> APIError:
    """The error that ended a choice."""
    reason = f"the reply was broken off: {choice.get('finish_reason')}"
    return error_in_stream(provider, {"error": choice.get("error") or reason})


def calls_in(message: dict[str, Any]) -> list[Any]:
    """The calls of tools, or the one of a function, as it was before there were tools."""
    calls, function = sequence(message.get("tool_calls")), message.get("function_call")
    return [{"function": function}] if function and not calls else calls


def reasoning_in(message: dict[str, Any]) -> str:
    """Readable reasoning: where DeepSeek and vLLM, or OpenRouter, or Mistral put it."""
    thought = message.get("reasoning_content") or message.get("reasoning")
    if thought is None and isinstance(message.get("content"), list):
        return "".join(
            text_of(part.get("thinking"))
            for part in map(mapping, sequence(message["content"]))
            if part.get("type") == "thinking"
        )
    return thought if isinstance(thought, str) else ""


def text_of(content: object) -> str:
    """Content as text: a string, or Mistral's list of parts."""
    if isinstance(content, list):
        return "".join(str(mapping(part).get("text") or "") for part in sequence(content))  # pyright: ignore[reportUnknownArgumentType]
    return content if isinstance(content, str) else ""


def usage_of(raw: object) -> Usage | None:
    """Tokens, or `None` where the service does not tell."""
    counts = mapping(raw)
    if not counts:
        return None
    read = mapping(counts.get("prompt_tokens_details"))
    written = mapping(counts.get("completion_tokens_details"))
    # Where OpenAI puts it, or DeepSeek, or Moonshot.
    cached = read.get("cached_tokens") or counts.get("prompt_cache_hit_tokens")
    return Usage(
        input_tokens=count(counts.get("prompt_tokens")),
        output_tokens=count(counts.get("completion_tokens")),
        cache_read_tokens=count(cached or counts.get("cached_tokens")),
        cache_write_tokens=count(read.get("cache_write_tokens")),
        reasoning_tokens=count(written.get("reasoning_tokens")),
        raw=counts,
    )
