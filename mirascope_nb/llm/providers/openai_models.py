"""What OpenAI's models can do, told by their names.

Source: https://platform.openai.com/docs/models. New models reason and enforce schemas, so only the
older ones are listed.
"""

from __future__ import annotations

__all__ = [
    "has_audio",
    "is_in_chat_only",
    "is_reasoning",
    "takes_json_object",
    "takes_strict_formats",
]

_NON_REASONING = (
    "babbage",
    "chatgpt-4o",
    "codex-mini-latest",
    "computer-use-preview",
    "davinci",
    "gpt-3.5",
    "gpt-4",  # 4-turbo, 4.1, 4.5 and 4o too
    "gpt-5-chat",
    "gpt-5-search",
    "gpt-audio",
    "gpt-realtime",
)
_NOT_STRICT = ("gpt-3.5", "gpt-4-", "gpt-4o-2024-05-13", "chatgpt-4o", "o1-mini", "o1-preview")
# Models that listen, and those whose every reply is a search, are not in the responses API.
_CHAT_ONLY = (
    "gpt-4o-audio",
    "gpt-4o-mini-audio",
    "gpt-4o-mini-search",
    "gpt-4o-search",
    "gpt-5-search",
    "gpt-audio",
)
_NO_JSON_OBJECT = ("gpt-4-0", "gpt-4-32k", "gpt-4-vision", "o1-mini", "o1-preview")


def is_reasoning(name: str) -> bool:
    """Whether a model reasons, and so takes effort instead of temperature."""
    return not name.removeprefix("ft:").startswith(_NON_REASONING)


def has_audio(name: str) -> bool:
    """Whether a model listens."""
    return "audio" in name


def takes_strict_formats(name: str) -> bool:
    """Whether a model is held to a JSON schema."""
    name = name.removeprefix("ft:")
    return name != "gpt-4" and not name.startswith(_NOT_STRICT) and not has_audio(name)


def takes_json_object(name: str) -> bool:
    """Whether a model is held to JSON."""
    name = name.removeprefix("ft:")
    return name != "gpt-4" and not name.startswith(_NO_JSON_OBJECT) and not has_audio(name)


def is_in_chat_only(name: str) -> bool:
    """Whether a model is known to be offered by chat completions and not by responses."""
    return name.removeprefix("ft:").startswith(_CHAT_ONLY)
