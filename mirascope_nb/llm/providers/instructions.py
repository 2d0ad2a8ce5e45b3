"""Formatting instructions as part of the system message; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mirascope_nb.llm.formatting import Format
from mirascope_nb.llm.messages import Message, SystemMessage, system

__all__ = ["add_instructions"]


def add_instructions(messages: Sequence[Message], format: Format[Any]) -> list[Message]:
    """The messages with the format's instructions in their first system message.

    They become a system message in front where there is none, and are not added twice.
    """
    instructions = format.formatting_instructions
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
