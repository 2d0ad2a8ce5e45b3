"""What a format tells the model, as part of the system message; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mirascope_nb.llm.formatting import Format
from mirascope_nb.llm.messages import Message, SystemMessage, system

__all__ = ["add_instructions"]


def add_instructions(messages: Sequence[Message], format: Format[Any] | None) -> list[Message]:
    """The messages with the format's instructions at the end of their first system message.

    If there is no system message, the instructions become one in front. They are not added twice,
    and nothing is added for `None`. A custom provider calls this before it sends anything, and
    passes the result to the response as `input_messages`.
    """
    instructions = format.formatting_instructions if format is not None else None
    added = list(messages)
    if instructions is None:
        return added
    for index, message in enumerate(added):
        if isinstance(message, SystemMessage):
            text = message.content.text
            if not text.endswith(instructions):
                added[index] = system(f"{text}\n{instructions}")
            return added
    return [system(instructions), *added]
