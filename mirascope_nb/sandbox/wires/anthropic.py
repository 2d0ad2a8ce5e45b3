"""Anthropic's messages API: `POST /v1/messages`."""

import itertools
import json
import math
import time
from collections.abc import Iterator
from typing import Any

from mirascope_nb.sandbox.faults import STATUS_OF, Allowance, Fault, FaultKind, Refused
from mirascope_nb.sandbox.jsonvalue import (
    Object,
    as_count,
    as_list,
    as_object,
    as_text,
    is_list,
    is_object,
    objects,
)
from mirascope_nb.sandbox.prompt import (
    Frame,
    Prompt,
    Reply,
    ToolChoice,
    ToolOffer,
    ToolResult,
    ToolUse,
    Turn,
)
from mirascope_nb.sandbox.stamp import Stamp
from mirascope_nb.sandbox.wires.base import (
    Failure,
    Headers,
    HttpRequest,
    argument_pieces,
    encode,
    grouped_tokens,
    media_kind,
    read_object,
    sse,
)
from mirascope_nb.sandbox.wires.ranges import Breach, Range, first_breach

_TYPE_OF: dict[FaultKind, str] = {
    "authentication": "authentication_error",
    "bad_request": "invalid_request_error",
    "model_not_found": "not_found_error",
    "not_found": "not_found_error",
    "method_not_allowed": "invalid_request_error",
    "permission": "permission_error",
    "too_large": "request_too_large",
    "rate_limit": "rate_limit_error",
    "server": "api_error",
    "overloaded": "overloaded_error",
}
_STOP_REASON = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "tool_calls": "tool_use",
    "length": "max_tokens",
    "refusal": "refusal",
}
_PING = Frame(b'event: ping\ndata: {"type": "ping"}\n\n')
_PING_EVERY = 16
# Providers send a few tokens at a time, in uneven groups.
_GROUPS = (1, 3, 2, 4)


_RANGES = (
    Range(name="temperature", low=0, high=1),
    Range(name="top_p", low=0, high=1),
    Range(name="top_k", low=0, whole=True),
)
_BUDGET = (Range(name="budget_tokens", low=1024, whole=True),)


class Anthropic:
    """The messages wire."""

    name = "anthropic"
    content_type = "application/json"

    def parse(self, request: HttpRequest) -> Prompt:
        """Read a messages request."""
        if "anthropic-version" not in request.headers:
            raise _invalid("anthropic-version: header is required")
        body = read_object(request, "The request body is not valid JSON.")
        model, limit = body.get("model"), as_count(body.get("max_tokens"))
        if not isinstance(model, str) or not model:
            raise _invalid("model: Field required")
        if limit is None:
            wrong = (
                "must be greater than or equal to 1" if "max_tokens" in body else "Field required"
            )
            raise _invalid(f"max_tokens: {wrong}")
        messages: Any = body.get("messages")
        if not is_list(messages):
            raise _invalid("messages: Field required")
        if not messages:
            raise _invalid("messages: at least one message is required")
        _check_numbers(body, limit)
        thinking = as_object(body.get("thinking")).get("type") in {"enabled", "adaptive"}
        form = as_object(body.get("output_format")) or as_object(
            as_object(body.get("output_config")).get("format")
        )
        schema = form.get("schema") if form.get("type") == "json_schema" else None
        return Prompt(
            model=model,
            system=_text(body.get("system")),
            turns=tuple(_turn(index, message) for index, message in enumerate(messages)),
            tools=tuple(_offer(tool) for tool in objects(body.get("tools")) if _is_custom(tool)),
            choice=_choice(as_object(body.get("tool_choice"))),
            schema=schema if is_object(schema) else None,
            max_tokens=limit,
            stop=tuple(map(as_text, as_list(body.get("stop_sequences")))),
            thinking=thinking,
            stream=body.get("stream") is True,
            body=body,
        )

    def body(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Object:
        """A finished message."""
        blocks = [block for block, _ in _blocks(prompt, reply, stamp)]
        return _message(reply, stamp) | {
            "content": blocks,
            "stop_reason": _STOP_REASON[reply.finish],
            "stop_sequence": reply.stop_sequence,
            "usage": _usage(reply, reply.usage.output),
        }

    def frames(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Iterator[Frame]:
        """Message events, with pings in between."""
        hidden = 0 if prompt.thinking else reply.usage.reasoning
        begun = _message(reply, stamp) | {"usage": _usage(reply, 1)}
        yield _event("message_start", message=begun)
        sent = 0
        for index, (block, deltas) in enumerate(_blocks(prompt, reply, stamp)):
            start = _event(
                "content_block_start", float(hidden), index=index, content_block=_opened(block)
            )
            yield start
            hidden = 0
            if not index:
                yield _PING
            for delta, weight in deltas:
                yield _event("content_block_delta", weight, index=index, delta=delta)
                sent += 1
                if not sent % _PING_EVERY:
                    yield _PING
            yield _event("content_block_stop", index=index)
        usage = _usage(reply, reply.usage.output)
        del usage["cache_creation"], usage["service_tier"], usage["inference_geo"]
        ending = {
            "stop_reason": _STOP_REASON[reply.finish],
            "stop_sequence": reply.stop_sequence,
        }
        yield _event("message_delta", delta=ending, usage=usage)
        yield _event("message_stop")

    def stream_type(self, prompt: Prompt) -> str:
        """Always an event stream."""
        del prompt
        return "text/event-stream; charset=utf-8"

    def failure(self, fault: Fault, stamp: Stamp) -> Failure:
        """An error in Anthropic's form."""
        headers: Headers = []
        if fault.retry_after is not None:
            headers.append(("retry-after", str(max(math.ceil(fault.retry_after), 0))))
        body = _error(fault) | {"request_id": _request_id(stamp)}
        return Failure(status=fault.status or STATUS_OF[fault.kind], body=body, headers=headers)

    def failure_frame(self, fault: Fault, stamp: Stamp, *, sent: int) -> Frame:
        """An error in the middle of a stream."""
        del sent
        return sse(_error(fault) | {"request_id": _request_id(stamp)}, event="error")

    def headers(self, stamp: Stamp, allowance: Allowance | None) -> Headers:
        """Request id and rate limits."""
        limit, remaining, reset = (
            (allowance.limit, allowance.remaining, allowance.reset)
            if allowance is not None
            else (4000, 3999, 0.0)
        )
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stamp.created + math.ceil(reset)))
        headers: Headers = []
        for what, most, left in (
            ("input-tokens", 2000000, 2000000),
            ("output-tokens", 400000, 400000),
            ("requests", limit, remaining),
            ("tokens", 2400000, 2400000),
        ):
            name = f"anthropic-ratelimit-{what}"
            headers += [
                (f"{name}-limit", str(most)),
                (f"{name}-remaining", str(left)),
                (f"{name}-reset", when),
            ]
        return [*headers, ("request-id", _request_id(stamp))]


def _check_numbers(body: Object, limit: int) -> None:
    """Refuse the numbers that the service refuses."""
    thinking = as_object(body.get("thinking"))
    thinks = thinking.get("type") == "enabled"
    if (breach := first_breach(body, _RANGES)) is not None:
        raise _out_of_range(breach, breach.range.name)
    if not thinks:
        return
    if (breach := first_breach(thinking, _BUDGET)) is not None:
        raise _out_of_range(breach, "thinking.enabled.budget_tokens")
    if limit <= (as_count(thinking.get("budget_tokens")) or 0):
        raise _invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if body.get("temperature") not in {None, 1}:
        raise _invalid("`temperature` may only be set to 1 when thinking is enabled.")


def _out_of_range(breach: Breach, name: str) -> Refused:
    if breach.kind == "type":
        what = "integer" if breach.range.whole else "number"
        return _invalid(f"{name}: Input should be a valid {what}")
    side = "greater" if breach.kind == "low" else "less"
    return _invalid(f"{name}: Input should be {side} than or equal to {breach.bound:g}")


def _invalid(message: str) -> Refused:
    return Refused(Fault(kind="bad_request", message=message))


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(
        as_text(block.get("text")) for block in objects(content) if block.get("type") == "text"
    )


def _turn(index: int, message: object) -> Turn:
    if not is_object(message):
        raise _invalid(f"messages.{index}: Input should be a valid dictionary")
    role, content = message.get("role"), message.get("content")
    if role not in {"user", "assistant"}:
        raise _invalid(f"messages.{index}.role: Input should be 'user' or 'assistant'")
    if not content and not isinstance(content, str):
        raise _invalid(f"messages.{index}.content: Field required")
    blocks = objects(content)
    uses = tuple(
        ToolUse(
            id=as_text(block.get("id")),
            name=as_text(block.get("name")),
            arguments=encode(as_object(block.get("input"))),
        )
        for block in blocks
        if block.get("type") == "tool_use"
    )
    results = tuple(
        ToolResult(
            id=as_text(block.get("tool_use_id")),
            text=_text(block.get("content")),
            failed=block.get("is_error") is True,
        )
        for block in blocks
        if block.get("type") == "tool_result"
    )
    kinds = (
        None if block.get("type") == "tool_result" else media_kind(as_text(block.get("type")))
        for block in blocks
    )
    return Turn(
        role="assistant" if role == "assistant" else "user",
        text=_text(content),
        uses=uses,
        results=results,
        attachments=tuple(kind for kind in kinds if kind),
    )


def _is_custom(tool: Object) -> bool:
    """Whether the client runs the tool; the service's own have a dated `type`."""
    return "input_schema" in tool


def _offer(tool: Object) -> ToolOffer:
    return ToolOffer(
        name=as_text(tool.get("name")),
        description=as_text(tool.get("description")),
        schema=as_object(tool.get("input_schema")),
    )


def _choice(choice: Object) -> ToolChoice:
    parallel = choice.get("disable_parallel_tool_use") is not True
    match choice.get("type"):
        case "none":
            return ToolChoice(mode="none")
        case "any":
            return ToolChoice(mode="required", parallel=parallel)
        case "tool":
            return ToolChoice(mode="required", names=(as_text(choice.get("name")),), parallel=False)
        case _:
            return ToolChoice(parallel=parallel)


def _message(reply: Reply, stamp: Stamp) -> Object:
    return {
        "model": reply.model,
        "id": f"msg_01{stamp.token('message', 22)}",
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _blocks(
    prompt: Prompt, reply: Reply, stamp: Stamp
) -> Iterator[tuple[Object, list[tuple[Object, float]]]]:
    """Every content block, whole, with the deltas that build it up."""
    if reply.thinking and prompt.thinking:
        signature = f"sandbox{stamp.token('signature', 89)}"
        thought: Object = {
            "type": "thinking",
            "thinking": reply.thinking,
            "signature": signature,
        }
        deltas = _text_deltas("thinking", reply.thinking)
        yield thought, [*deltas, ({"type": "signature_delta", "signature": signature}, 0.0)]
    if reply.text:
        yield {"type": "text", "text": reply.text}, _text_deltas("text", reply.text)
    for index, use in enumerate(reply.uses):
        block: Object = {
            "type": "tool_use",
            "id": f"toolu_01{stamp.token(f'call{index}', 22)}",
            "name": use.name,
            "input": _parsed(use.arguments),
        }
        pieces = ["", *argument_pieces(use.arguments)]
        yield (
            block,
            [({"type": "input_json_delta", "partial_json": piece}, 1.0) for piece in pieces],
        )


def _text_deltas(kind: str, text: str) -> list[tuple[Object, float]]:
    groups = grouped_tokens(text, itertools.cycle(_GROUPS))
    return [({"type": f"{kind}_delta", kind: piece}, float(count)) for piece, count in groups]


def _opened(block: Object) -> Object:
    """A block as it looks before its first delta."""
    blank: Object = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {key: blank.get(key, value) for key, value in block.items()}


def _parsed(arguments: str) -> Object:
    try:
        return as_object(json.loads(arguments))
    except ValueError:  # cut short by the token limit
        return {}


def _usage(reply: Reply, output: int) -> Object:
    return {
        "input_tokens": reply.usage.input,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def _event(kind: str, weight: float = 0.0, **fields: object) -> Frame:
    return sse({"type": kind, **fields}, event=kind, weight=weight)


def _request_id(stamp: Stamp) -> str:
    return f"req_011C{stamp.token('request', 20)}"


def _error(fault: Fault) -> Object:
    words: dict[FaultKind, str] = {
        "authentication": "invalid x-api-key",
        "model_not_found": f"model: {fault.subject}",
        "not_found": "Not Found",
        "method_not_allowed": "Method Not Allowed",
        "rate_limit": "This request would exceed the rate limit of this simulated model.",
        "server": "Internal server error",
        "overloaded": "Overloaded",
        "permission": "Your API key does not have permission to use the specified resource.",
        "too_large": "Request exceeds the maximum size",
    }
    message = fault.message or words.get(fault.kind, "Invalid request")
    return {"type": "error", "error": {"type": _TYPE_OF[fault.kind], "message": message}}
