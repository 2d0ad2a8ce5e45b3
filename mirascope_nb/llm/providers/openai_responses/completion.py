"""Whole replies of the responses API to parts."""

from __future__ import annotations

from mirascope_nb.llm.content import AssistantContentPart, Text, Thought, ToolCall
from mirascope_nb.llm.exceptions import ResponseValidationError
from mirascope_nb.llm.io.protocol import HttpReply
from mirascope_nb.llm.providers.codec import Completion, Request
from mirascope_nb.llm.providers.decoding import CallIds, arguments_text, keeps_thoughts
from mirascope_nb.llm.providers.encoding import load_reply, mapping, sequence
from mirascope_nb.llm.providers.http_errors import reports_error
from mirascope_nb.llm.providers.openai_errors import error_in_stream
from mirascope_nb.llm.providers.openai_responses.items import (
    finish_reason_of,
    has_failed,
    parts_of,
    refuses,
    searches_in,
    turn_of,
    usage_of,
    wire_id_of,
)

__all__ = ["decode_completion"]

UNFINISHED = ("queued", "in_progress")


def decode_completion(request: Request, reply: HttpReply) -> Completion:
    """A whole reply as parts.

    Raises:
        APIError: If the body reports an error despite its status.
        ResponseValidationError: If there is no output in it.
    """
    provider = request.provider_id
    raw = load_reply(reply.body, provider)
    if has_failed(raw) or (not raw.get("output") and reports_error(raw)):
        raise error_in_stream(provider, raw)
    if not isinstance(raw.get("output"), list):
        raise ResponseValidationError(f"{provider} sent a reply without output", provider)
    if not raw["output"] and raw.get("status") in UNFINISHED:
        raise ResponseValidationError(f"{provider} sent a reply that is {raw['status']}", provider)
    output = [mapping(item) for item in sequence(raw["output"])]
    thoughtful = keeps_thoughts(request)
    ids = CallIds()
    calls: list[tuple[str, str]] = []
    content: list[AssistantContentPart] = []
    for item in output:
        for kind, _, text in parts_of(item):
            if kind == "thought":
                if thoughtful:
                    content.append(Thought(thought=text))
            else:
                content.append(Text(text=text))
        if item.get("type") == "function_call":
            call = ToolCall(
                id=ids.unique(wire_id_of(item)),
                name=str(item.get("name") or ""),
                args=arguments_text(item.get("arguments")) or "{}",
            )
            content.append(call)
            calls.append((wire_id_of(item), call.id))
    usage = usage_of(raw.get("usage"))
    if usage is not None:
        usage.provider_tool_usage = searches_in(output)
    return Completion(
        content=content,
        finish_reason=finish_reason_of(raw, refused=any(map(refuses, output))),
        usage=usage,
        raw=raw,
        raw_message=turn_of(output, calls),
    )
