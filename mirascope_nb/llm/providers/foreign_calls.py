"""Unique ids for tool calls from another provider's turns, for providers that match by id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from mirascope_nb.llm.content import AssistantContentPart, ToolCall, ToolOutput, UserContentPart
from mirascope_nb.llm.messages import AssistantMessage, Message, SystemMessage, UserMessage

__all__ = ["distinct_calls"]

Renamed: TypeAlias = dict[str, list[tuple[str, str]]]
"""Of each id, the calls that have no output yet: the tool's name, and the id that is now theirs."""


def distinct_calls(messages: Sequence[Message], provider_id: str) -> Sequence[Message]:
    """The messages, with ids of calls that occur more than once made different.

    Google gives calls no ids, so all have the same; most other services refuse that. An output
    belongs to the first call of its id and tool, of the turn before it, that has none yet. The
    provider's own turns stay as they are, since they may be sent as it wrote them.

    Args:
        messages: A conversation, which is not changed.
        provider_id: The provider that is to read it.
    """
    ids = [
        part.id
        for message in messages
        if isinstance(message, AssistantMessage)
        for part in message.content
        if isinstance(part, ToolCall)
    ]
    if len(ids) == len(set(ids)):  # as nearly always, and a conversation may be long
        return messages
    told: set[str] = set()
    renamed: Renamed = {}
    distinct: list[Message] = []
    for message in messages:
        match message:
            case AssistantMessage():
                renamed = defaultdict(list)
                is_own = message.provider_id == provider_id
                parts = [_call(part, told, renamed, is_own=is_own) for part in message.content]
                distinct.append(_with(message, parts))
            case UserMessage():
                distinct.append(
                    _with(message, [_output(part, renamed) for part in message.content])
                )
            case SystemMessage():
                distinct.append(message)
    return distinct


def _call(
    part: AssistantContentPart, told: set[str], renamed: Renamed, *, is_own: bool
) -> AssistantContentPart:
    if not isinstance(part, ToolCall):
        return part
    call_id, number = part.id, 1
    while call_id in told and not is_own:
        number += 1
        call_id = f"{part.id}_{number}"
    told.add(call_id)
    renamed[part.id].append((part.name, call_id))
    return part if call_id == part.id else replace(part, id=call_id)


def _output(part: UserContentPart, renamed: Renamed) -> UserContentPart:
    if not isinstance(part, ToolOutput) or not (calls := renamed.get(part.id)):
        return part
    call = next((call for call in calls if call[0] == part.name), calls[0])
    calls.remove(call)
    call_id = call[1]
    return part if call_id == part.id else replace(part, id=call_id)


def _with(message: Any, parts: list[Any]) -> Any:
    """A message with these parts; the same message if they are its own."""
    is_same = all(new is old for new, old in zip(parts, message.content, strict=True))
    return message if is_same else replace(message, content=parts)
