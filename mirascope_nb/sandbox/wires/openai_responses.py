"""OpenAI's responses API: `POST /v1/responses`."""

from collections.abc import Iterator
from typing import Any

from mirascope_nb.sandbox.faults import Allowance, Fault
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
    ToolResult,
    ToolUse,
    Turn,
    split_tokens,
)
from mirascope_nb.sandbox.stamp import Stamp
from mirascope_nb.sandbox.wires import openai
from mirascope_nb.sandbox.wires.base import (
    Failure,
    Headers,
    HttpRequest,
    argument_pieces,
    media_kind,
    read_object,
    sse,
)
from mirascope_nb.sandbox.wires.ranges import Range

_PADDING = "Xq7vT2mZk9LrB4s1"
_THOUGHT_BREAK = "\n\n**"
_RANGES = (*openai.SAMPLING, Range(name="max_output_tokens", low=16, whole=True))


class OpenAIResponses:
    """The responses wire."""

    name = "openai_responses"
    content_type = "application/json"

    def parse(self, request: HttpRequest) -> Prompt:
        """Read a responses request."""
        body = read_object(request, openai.BAD_JSON)
        model = openai.model_name(body)
        given: Any = body.get("input")
        if isinstance(given, str):
            given = [{"role": "user", "content": given}]
        if not is_list(given) or not given:
            raise (
                openai.wrong_type("input", "a string or an array")
                if given
                else openai.missing("input")
            )
        openai.check_ranges(body, _RANGES)
        system, turns = _conversation(given)
        form = as_object(as_object(body.get("text")).get("format"))
        reasoning = as_object(body.get("reasoning"))
        instructions = as_text(body.get("instructions"))
        return Prompt(
            model=model,
            system="\n".join(filter(None, (instructions, system))),
            turns=turns,
            tools=openai.tool_offers(body),
            choice=openai.tool_choice(body),
            schema=_schema(form),
            json_mode=form.get("type") == "json_object",
            max_tokens=as_count(body.get("max_output_tokens")),
            thinking=reasoning.get("summary") in {"auto", "concise", "detailed"},
            stream=body.get("stream") is True,
            body=body,
        )

    def body(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Object:
        """A finished response."""
        whole = _response(prompt, reply, stamp, _items(prompt, reply, stamp), _status(reply))
        return whole | {"billing": {"payer": "developer"}}

    def frames(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Iterator[Frame]:
        """Response events, numbered in order."""
        number = 0

        def event(kind: str, weight: float = 0.0, **fields: object) -> Frame:
            nonlocal number
            payload = {"type": kind, "sequence_number": number, **fields}
            number += 1
            return sse(payload, event=kind, weight=weight)

        begun = _response(prompt, reply, stamp, [], "in_progress")
        yield event("response.created", response=begun)
        yield event("response.in_progress", response=begun)
        for position, item in enumerate(_items(prompt, reply, stamp)):
            for kind, weight, fields in _item_events(item, reply):
                yield event(kind, weight, output_index=position, **fields)
        status = _status(reply)
        done = _response(prompt, reply, stamp, _items(prompt, reply, stamp), status)
        yield event(f"response.{status}", response=done)

    def stream_type(self, prompt: Prompt) -> str:
        """Always an event stream."""
        del prompt
        return "text/event-stream; charset=utf-8"

    def failure(self, fault: Fault, stamp: Stamp) -> Failure:
        """An error in OpenAI's form; an unknown model is a 400 on this API."""
        del stamp
        if fault.kind == "model_not_found":
            fault = Fault(
                kind="model_not_found",
                status=fault.status or 400,
                message=f"The requested model '{fault.subject}' does not exist.",
                param="model",
            )
        return openai.failure(fault)

    def failure_frame(self, fault: Fault, stamp: Stamp, *, sent: int) -> Frame:
        """An error in the middle of a stream."""
        del stamp
        error = openai.error_of(fault)
        payload = {
            "type": "error",
            "sequence_number": sent,
            "code": error["code"] or error["type"],
            "message": error["message"],
            "param": error["param"],
        }
        return sse(payload, event="error")

    def headers(self, stamp: Stamp, allowance: Allowance | None) -> Headers:
        """Request id and rate limits."""
        return openai.limit_headers(stamp, allowance)


def _conversation(items: list[Any]) -> tuple[str, tuple[Turn, ...]]:
    system: list[str] = []
    turns: list[Turn] = []
    for index, item in enumerate(items):
        if not is_object(item):
            raise openai.wrong_type(f"input[{index}]", "an object")
        kind, role = item.get("type", "message"), item.get("role")
        if kind == "function_call":
            use = ToolUse(
                id=as_text(item.get("call_id")),
                name=as_text(item.get("name")),
                arguments=as_text(item.get("arguments")),
            )
            turns.append(Turn(role="assistant", uses=(use,)))
        elif kind == "function_call_output":
            text, _ = _content(item.get("output"))
            result = ToolResult(text=text, id=as_text(item.get("call_id")))
            turns.append(Turn(role="user", results=(result,)))
        elif kind == "message" and isinstance(role, str):
            text, attachments = _content(item.get("content"))
            if role in {"system", "developer"}:
                system.append(text)
            elif role == "assistant":
                turns.append(Turn(role="assistant", text=text))
            else:
                turns.append(Turn(role="user", text=text, attachments=attachments))
        elif kind == "message":
            raise openai.missing(f"input[{index}].role")
    return "\n".join(system), tuple(turns)


def _content(content: object) -> tuple[str, tuple[str, ...]]:
    if isinstance(content, str):
        return content, ()
    parts = objects(content)
    text = "\n".join(as_text(part.get("text")) for part in parts if "text" in part)
    kinds = (media_kind(as_text(part.get("type"))) for part in parts)
    return text, tuple(kind for kind in kinds if kind)


def _schema(form: Object) -> Object | None:
    if form.get("type") != "json_schema":
        return None
    schema = form.get("schema")
    if not is_object(schema):
        raise openai.missing("text.format.schema")
    return schema


def _status(reply: Reply) -> str:
    return "incomplete" if reply.finish == "length" else "completed"


def _items(prompt: Prompt, reply: Reply, stamp: Stamp) -> list[Object]:
    """The output items of a finished reply."""
    status = _status(reply)
    items: list[Object] = []
    if reply.usage.reasoning:
        summaries = _summaries(reply.thinking) if prompt.thinking else []
        items.append(
            {
                "id": f"rs_{stamp.hexadecimal('reasoning', 50)}",
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": text} for text in summaries],
            }
        )
    if reply.text or not reply.uses:
        items.append(
            {
                "id": f"msg_{stamp.hexadecimal('message', 50)}",
                "type": "message",
                "status": status,
                "content": [_part(reply, reply.text)],
                "role": "assistant",
            }
        )
    items += [
        {
            "id": f"fc_{stamp.hexadecimal(f'item{index}', 50)}",
            "type": "function_call",
            "status": status,
            "arguments": use.arguments,
            "call_id": f"call_{stamp.token(f'call{index}', 24)}",
            "name": use.name,
        }
        for index, use in enumerate(reply.uses)
    ]
    return items


def _item_events(item: Object, reply: Reply) -> Iterator[tuple[str, float, Object]]:
    """The events that build up one output item: kind, weight and fields of each."""
    blank: dict[str, Object] = {
        "reasoning": {"summary": []},
        "message": {"status": "in_progress", "content": []},
        "function_call": {"status": "in_progress", "arguments": ""},
    }
    empty = blank[as_text(item["type"])]
    hidden = reply.usage.reasoning if item["type"] == "reasoning" and not item["summary"] else 0.0
    yield "response.output_item.added", hidden, {"item": item | empty}
    if item["type"] == "reasoning":
        for index, summary in enumerate(objects(item["summary"])):
            yield from _summary_events(item["id"], index, as_text(summary["text"]))
    elif item["type"] == "message":
        yield from _message_events(item["id"], reply)
    else:
        place = {"item_id": item["id"]}
        for piece in argument_pieces(item["arguments"]):
            delta = place | {"delta": piece, "obfuscation": _padding(piece)}
            yield "response.function_call_arguments.delta", 1.0, delta
        whole = place | {"arguments": item["arguments"]}
        yield "response.function_call_arguments.done", 0.0, whole
    yield "response.output_item.done", 0.0, {"item": item}


def _summary_events(item_id: str, index: int, text: str) -> Iterator[tuple[str, float, Object]]:
    place: Object = {"item_id": item_id, "summary_index": index}
    kind = "response.reasoning_summary"
    yield f"{kind}_part.added", 0.0, place | {"part": {"type": "summary_text", "text": ""}}
    for piece in split_tokens(text):
        delta = place | {"delta": piece, "obfuscation": _padding(piece)}
        yield f"{kind}_text.delta", 1.0, delta
    yield f"{kind}_text.done", 0.0, place | {"text": text}
    yield f"{kind}_part.done", 0.0, place | {"part": {"type": "summary_text", "text": text}}


def _message_events(item_id: str, reply: Reply) -> Iterator[tuple[str, float, Object]]:
    place: Object = {"item_id": item_id, "content_index": 0}
    refused = reply.finish == "refusal"
    kind = "response.refusal" if refused else "response.output_text"
    # Only text carries log probabilities.
    extra: Object = {} if refused else {"logprobs": []}
    yield "response.content_part.added", 0.0, place | {"part": _part(reply, "")}
    for piece in split_tokens(reply.text):
        yield (
            f"{kind}.delta",
            1.0,
            place | {"delta": piece, **extra, "obfuscation": _padding(piece)},
        )
    whole = {"refusal": reply.text} if refused else {"text": reply.text}
    yield f"{kind}.done", 0.0, place | whole | extra
    yield "response.content_part.done", 0.0, place | {"part": _part(reply, reply.text)}


def _part(reply: Reply, text: str) -> Object:
    if reply.finish == "refusal":
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _summaries(thinking: str) -> list[str]:
    """Thoughts in the titled pieces that the service sends one by one."""
    pieces = thinking.split(_THOUGHT_BREAK)
    return [pieces[0], *(f"**{piece}" for piece in pieces[1:])]


def _response(
    prompt: Prompt, reply: Reply, stamp: Stamp, items: list[Object], status: str
) -> Object:
    body, final = prompt.body, status != "in_progress"
    text = as_object(body.get("text"))
    reasoning = as_object(body.get("reasoning"))
    cut = {"reason": "max_output_tokens"} if status == "incomplete" else None
    return {
        "id": f"resp_{stamp.hexadecimal('response', 50)}",
        "object": "response",
        "created_at": stamp.created,
        "status": status,
        "background": False,
        "completed_at": stamp.created if status == "completed" else None,
        "error": None,
        "frequency_penalty": 0.0,
        "incomplete_details": cut,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": None,
        "model": reply.model,
        "output": items,
        "parallel_tool_calls": prompt.choice.parallel or "parallel_tool_calls" not in body,
        "presence_penalty": 0.0,
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": None,
        "prompt_cache_retention": None,
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "safety_identifier": None,
        "service_tier": "default" if final else "auto",
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": {
            "format": text.get("format", {"type": "text"}),
            "verbosity": text.get("verbosity", "medium"),
        },
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": as_list(body.get("tools")),
        "top_logprobs": 0,
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": _usage(reply) if final else None,
        "user": None,
        "metadata": as_object(body.get("metadata")),
    }


def _usage(reply: Reply) -> Object:
    return {
        "input_tokens": reply.usage.input,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": reply.usage.output,
        "output_tokens_details": {"reasoning_tokens": reply.usage.reasoning},
        "total_tokens": reply.usage.input + reply.usage.output,
    }


def _padding(piece: str) -> str:
    return _PADDING[len(piece) % len(_PADDING) :]
