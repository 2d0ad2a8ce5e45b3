"""Whole chat completions to parts."""

from __future__ import annotations

from mirascope_nb.llm.content import AssistantContentPart, Text, Thought, ToolCall
from mirascope_nb.llm.exceptions import ResponseValidationError
from mirascope_nb.llm.io.protocol import HttpReply
from mirascope_nb.llm.providers.codec import Completion, Request
from mirascope_nb.llm.providers.decoding import CallIds, arguments_text, keeps_thoughts
from mirascope_nb.llm.providers.encoding import load_reply, mapping, sequence
from mirascope_nb.llm.providers.http_errors import reports_error
from mirascope_nb.llm.providers.openai_chat.choices import (
    BROKEN_OFF,
    FINISH_REASONS,
    calls_in,
    failure_in,
    first_choice,
    reasoning_in,
    text_of,
    usage_of,
)
from mirascope_nb.llm.providers.openai_errors import error_in_stream
from mirascope_nb.llm.usage import FinishReason

__all__ = ["decode_completion"]


def decode_completion(request: Request, reply: HttpReply) -> Completion:
    """A whole reply as parts.

    Raises:
        APIError: If the body reports an error despite its status, as some proxies do.
        ResponseValidationError: If there is no choice in it.
    """
    raw = load_reply(reply.body, request.provider_id)
    choices = sequence(raw.get("choices"))
    if not choices:
        if reports_error(raw):
            raise error_in_stream(request.provider_id, raw)
        raise ResponseValidationError(
            f"{request.provider_id} sent a reply without choices", request.provider_id
        )
    choice = first_choice(choices)
    if raw.get("error"):
        raise error_in_stream(request.provider_id, raw)
    if choice.get("error") or choice.get("finish_reason") in BROKEN_OFF:
        raise failure_in(request.provider_id, choice)
    message = mapping(choice.get("message") or choice.get("delta"))
    if not message:
        raise ResponseValidationError(
            f"{request.provider_id} sent a choice without a message", request.provider_id
        )
    content: list[AssistantContentPart] = []
    if keeps_thoughts(request) and (thought := reasoning_in(message)):
        content.append(Thought(thought=thought))
    if text := text_of(message.get("content")):
        content.append(Text(text=text))
    finish = FINISH_REASONS.get(str(choice.get("finish_reason")))
    if refusal := message.get("refusal"):
        content.append(Text(text=str(refusal)))
        finish = FinishReason.REFUSAL
    ids = CallIds()
    calls = [mapping(call) for call in calls_in(message)]
    for number, call in enumerate(calls):
        function = mapping(call.get("function"))
        part = ToolCall(
            id=ids.unique(call.get("id")),
            name=str(function.get("name") or ""),
            args=arguments_text(function.get("arguments")) or "{}",
        )
        content.append(part)
        calls[number] = call | {"id": part.id}
    turn = {key: value for key, value in message.items() if value is not None}
    turn.pop("function_call", None)
    return Completion(
        content=content,
        finish_reason=finish,
        usage=usage_of(raw.get("usage")),
        raw=raw,
        raw_message=turn | {"tool_calls": calls} if calls else turn,
    )
