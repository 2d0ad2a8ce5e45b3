"""Turns of a conversation, and what may be given instead of them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from mirascope_nb.llm.content import (
    AssistantContentPart,
    Audio,
    Document,
    Image,
    Text,
    Thought,
    ToolCall,
    ToolOutput,
    UserContentPart,
)
from mirascope_nb.llm.types import Jsonable

__all__ = [
    "AssistantContent",
    "AssistantMessage",
    "Content",
    "Message",
    "SystemContent",
    "SystemMessage",
    "UserContent",
    "UserMessage",
    "assistant",
    "promote",
    "system",
    "user",
]


@dataclass(kw_only=True)
class SystemMessage:
    """Instructions that stand above the conversation."""

    role: Literal["system"] = "system"
    content: Text

    def __post_init__(self) -> None:
        if not isinstance(self.content, Text):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("The content is a Text: use llm.messages.system('...') for a str")


@dataclass(kw_only=True)
class UserMessage:
    """What the user says, tool outputs included."""

    role: Literal["user"] = "user"
    content: Sequence[UserContentPart]
    name: str | None = None
    """Who speaks, where there are several."""

    def __post_init__(self) -> None:
        _check_parts(self.content, "user")


@dataclass(kw_only=True)
class AssistantMessage:
    """What the model said, and who it was."""

    role: Literal["assistant"] = "assistant"
    content: Sequence[AssistantContentPart]
    name: str | None = None
    provider_id: str | None
    """Id of the provider that answered, or `None` for a turn that was written by hand."""
    model_id: str | None
    provider_model_name: str | None
    """The provider's own name of the model, which may carry an API suffix."""
    raw_message: Jsonable | None
    """The turn in the provider's own form, which a conversation with it sends back verbatim."""

    def __post_init__(self) -> None:
        _check_parts(self.content, "assistant")


Message: TypeAlias = SystemMessage | UserMessage | AssistantMessage
"""One turn."""

SystemContent: TypeAlias = str | Text
UserContent: TypeAlias = str | UserContentPart | Sequence[str | UserContentPart]
Content: TypeAlias = str | UserContentPart | Message | Sequence[str | UserContentPart | Message]
"""What a model is asked: a user's message, or a conversation."""
AssistantContent: TypeAlias = str | AssistantContentPart | Sequence[str | AssistantContentPart]


def system(content: SystemContent) -> SystemMessage:
    """A system message."""
    return SystemMessage(content=Text(text=content) if isinstance(content, str) else content)


def user(content: UserContent, *, name: str | None = None) -> UserMessage:
    """A user message of one part or several; strings become `Text`."""
    return UserMessage(content=cast("list[UserContentPart]", _parts(content)), name=name)


def assistant(
    content: AssistantContent,
    *,
    model_id: str | None,
    provider_id: str | None,
    provider_model_name: str | None = None,
    raw_message: Jsonable | None = None,
    name: str | None = None,
) -> AssistantMessage:
    """An assistant message of one part or several; strings become `Text`."""
    return AssistantMessage(
        content=cast("list[AssistantContentPart]", _parts(content)),
        name=name,
        provider_id=provider_id,
        model_id=model_id,
        provider_model_name=provider_model_name,
        raw_message=raw_message,
    )


def promote(content: Content) -> list[Message]:
    """The messages that a prompt's result, or a call's content, stands for.

    A list that begins with a message is a conversation, and so is a message alone; anything else is
    one user message.

    Raises:
        ValueError: If the content is an empty sequence.
        TypeError: If it is nothing that can be sent.
    """
    if isinstance(content, MESSAGES):
        return [content]
    if isinstance(content, Sequence) and not isinstance(content, str | bytes | bytearray):
        if not content:
            raise ValueError("Empty array may not be used as message content")
        if isinstance(content[0], MESSAGES):
            for message in content:
                if not isinstance(message, MESSAGES):
                    raise _unknown(message)
            return list(cast("Sequence[Message]", content))
    return [user(cast("UserContent", content))]


def _check_parts(content: object, role: str) -> None:
    if isinstance(content, str) or not isinstance(content, Sequence):
        raise TypeError(
            f"The content is a list of parts: use llm.messages.{role}(...) for a str or one part"
        )


MESSAGES = (SystemMessage, UserMessage, AssistantMessage)
PARTS = (Text, Image, Audio, Document, ToolOutput, ToolCall, Thought)


def _parts(content: object) -> list[object]:
    if isinstance(content, str | bytes | bytearray) or not isinstance(content, Sequence):
        content = [content]
    parts: list[object] = []
    for part in cast("Sequence[object]", content):
        if isinstance(part, str):
            parts.append(Text(text=part))
        elif isinstance(part, PARTS):
            parts.append(cast("object", part))
        else:
            raise _unknown(part)
    return parts


def _unknown(part: object) -> TypeError:
    if inspect.iscoroutine(part):
        part.close()
        return TypeError("There is a coroutine to send: was a function called without `await`?")
    if part is None:
        return TypeError(
            "There is nothing to send but None. Did the prompt function forget to return?"
        )
    if isinstance(part, MESSAGES):
        return TypeError(
            "Messages and parts do not mix: give a list of messages, or a list of parts."
        )
    return TypeError(
        f"{type(part).__name__} cannot be sent to a model. Give text, a part such as llm.Image, "
        "a list of both, or a list of messages."
    )
