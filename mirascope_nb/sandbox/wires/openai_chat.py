"""OpenAI's chat completions: `POST /v1/chat/completions`."""

from collections.abc import Iterator
from typing import Any

from mirascope_nb.sandbox.faults import Allowance, Fault, Refused
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

_FINISH = {"stop_sequence": "stop", "refusal": "stop"}
_DONE = Frame(b"data: [DONE]\n\n")
_RANGES = (
    *openai.SAMPLING,
    Range(name="max_tokens", low=1, whole=True),
    Range(name="max_completion_tokens", low=1, whole=True),
    Range(name="seed", low=-(2**63), high=2**63 - 1, whole=True),
)
_MOST_STOPS = 4
_PADDING = "Xq7vT2mZk9LrB4s1"


class OpenAIChat:
    """The chat completions wire."""

    name = "openai_chat"
    content_type = "application/json"

    def parse(self, request: HttpRequest) -> Prompt:
        """Read a chat completion request."""
        body = read_object(request, openai.BAD_JSON)
        model = openai.model_name(body)
        if "messages" not in body:
            raise openai.missing("messages")
        if not is_list(body["messages"]) or not body["messages"]:
            raise openai.wrong_type("messages", "a non-empty array")
        openai.check_ranges(body, _RANGES)
        _check_stop(body.get("stop"))
        system, turns = _conversation(body["messages"])
        form = as_object(body.get("response_format"))
        stop: Any = body.get("stop")
        return Prompt(
            model=model,
            system=system,
            turns=turns,
            tools=openai.tool_offers(body),
            choice=openai.tool_choice(body),
            schema=_schema(form),
            json_mode=form.get("type") == "json_object",
            max_tokens=as_count(body.get("max_completion_tokens"))
            or as_count(body.get("max_tokens")),
            stop=(stop,) if isinstance(stop, str) else tuple(map(as_text, as_list(stop))),
            stream=body.get("stream") is True,
            body=body,
        )

    def body(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Object:
        """A chat completion."""
        refused = reply.finish == "refusal"
        message: Object = {
            "role": "assistant",
            "content": None if refused or (reply.uses and not reply.text) else reply.text,
        }
        if reply.uses:
            message["tool_calls"] = [
                _call(use, stamp, index, use.arguments) for index, use in enumerate(reply.uses)
            ]
        message |= {"refusal": reply.text if refused else None, "annotations": []}
        return {
            "id": _id(stamp),
            "object": "chat.completion",
            "created": stamp.created,
            "model": reply.model,
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "logprobs": None,
                    "finish_reason": _finish(prompt, reply),
                }
            ],
            "usage": _usage(reply),
            "service_tier": "default",
            "system_fingerprint": "fp_sandbox",
        }

    def frames(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Iterator[Frame]:
        """Chat completion chunks and the closing `[DONE]`."""
        counting = as_object(prompt.body.get("stream_options")).get("include_usage") is True
        head: Object = {
            "id": _id(stamp),
            "object": "chat.completion.chunk",
            "created": stamp.created,
            "model": reply.model,
            "service_tier": "default",
            "system_fingerprint": "fp_sandbox",
        }

        def chunk(delta: Object, weight: float = 0.0, finish: str | None = None) -> Frame:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            payload = head | {"choices": [choice]}
            if counting:
                payload["usage"] = None
            return sse(payload | {"obfuscation": _padding(delta)}, weight=weight)

        silent = not reply.text and bool(reply.uses)
        opening: Object = {"role": "assistant", "content": None if silent else ""}
        single = silent and len(reply.uses) == 1
        if single:
            # The start of a lone call comes with the role; several come after it.
            opening["tool_calls"] = [_start(reply.uses[0], stamp, 0)]
        if single or not silent:
            opening["refusal"] = None
        # Thoughts are never shown on this wire, but they take their time.
        yield chunk(opening, reply.usage.reasoning)
        field = "refusal" if reply.finish == "refusal" else "content"
        for piece in split_tokens(reply.text):
            yield chunk({field: piece}, 1.0)
        for index, use in enumerate(reply.uses):
            if not single:
                yield chunk({"tool_calls": [_start(use, stamp, index)]}, 1.0)
            for piece in argument_pieces(use.arguments):
                delta = {"index": index, "function": {"arguments": piece}}
                yield chunk({"tool_calls": [delta]}, 1.0)
        yield chunk({}, finish=_finish(prompt, reply))
        if counting:
            last: Object = {"choices": [], "usage": _usage(reply), "obfuscation": _PADDING[:5]}
            yield sse(head | last)
        yield _DONE

    def stream_type(self, prompt: Prompt) -> str:
        """Always an event stream."""
        del prompt
        return "text/event-stream; charset=utf-8"

    def failure(self, fault: Fault, stamp: Stamp) -> Failure:
        """An error in OpenAI's form."""
        del stamp
        return openai.failure(fault)

    def failure_frame(self, fault: Fault, stamp: Stamp, *, sent: int) -> Frame:
        """An error in the middle of a stream."""
        del stamp, sent
        return sse({"error": openai.error_of(fault)})

    def headers(self, stamp: Stamp, allowance: Allowance | None) -> Headers:
        """Request id and rate limits."""
        return openai.limit_headers(stamp, allowance)


def _conversation(messages: list[Any]) -> tuple[str, tuple[Turn, ...]]:
    system: list[str] = []
    turns: list[Turn] = []
    for index, message in enumerate(messages):
        role = message.get("role") if is_object(message) else None
        if not is_object(message) or not isinstance(role, str):
            raise openai.wrong_type(f"messages[{index}]", "an object with a role")
        text, attachments = _content(message.get("content"))
        if role in {"system", "developer"}:
            system.append(text)
        elif role == "assistant":
            uses = tuple(_use(call) for call in objects(message.get("tool_calls")))
            turns.append(Turn(role="assistant", text=text, uses=uses))
        elif role == "tool":
            result = ToolResult(text=text, id=as_text(message.get("tool_call_id")))
            turns.append(Turn(role="user", results=(result,)))
        else:
            turns.append(Turn(role="user", text=text, attachments=attachments))
    return "\n".join(system), tuple(turns)


def _check_stop(stop: object) -> None:
    size = len(as_list(stop))
    if size > _MOST_STOPS:
        message = (
            f"Invalid 'stop': array too long. Expected an array with maximum length {_MOST_STOPS}, "
            f"but got an array with length {size} instead."
        )
        code = "array_above_max_length"
        raise Refused(Fault(kind="bad_request", message=message, param="stop", code=code))


def _content(content: object) -> tuple[str, tuple[str, ...]]:
    if isinstance(content, str):
        return content, ()
    parts = objects(content)
    text = "\n".join(as_text(part.get("text")) for part in parts if part.get("type") == "text")
    kinds = (media_kind(as_text(part.get("type"))) for part in parts)
    return text, tuple(kind for kind in kinds if kind)


def _use(call: Object) -> ToolUse:
    function = as_object(call.get("function"))
    return ToolUse(
        id=as_text(call.get("id")),
        name=as_text(function.get("name")),
        arguments=as_text(function.get("arguments")),
    )


def _schema(form: Object) -> Object | None:
    if form.get("type") != "json_schema":
        return None
    wrapper = form.get("json_schema")
    if not is_object(wrapper) or not is_object(wrapper.get("schema")):
        raise openai.missing("response_format.json_schema.schema")
    return wrapper["schema"]


def _call(use: ToolUse, stamp: Stamp, index: int, arguments: str) -> Object:
    return {
        "id": f"call_{stamp.token(f'call{index}', 24)}",
        "type": "function",
        "function": {"name": use.name, "arguments": arguments},
    }


def _start(use: ToolUse, stamp: Stamp, index: int) -> Object:
    """A call as its first delta shows it: named, and without arguments."""
    return {"index": index, **_call(use, stamp, index, "")}


def _finish(prompt: Prompt, reply: Reply) -> str:
    # The service says `stop`, not `tool_calls`, when a call was forced by its name.
    choice = prompt.choice
    by_name = choice.mode == "required" and len(choice.names) == 1 and not choice.parallel
    if reply.finish == "tool_calls" and by_name:
        return "stop"
    return _FINISH.get(reply.finish, reply.finish)


def _usage(reply: Reply) -> Object:
    return {
        "prompt_tokens": reply.usage.input,
        "completion_tokens": reply.usage.output,
        "total_tokens": reply.usage.input + reply.usage.output,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reply.usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _id(stamp: Stamp) -> str:
    return f"chatcmpl-{stamp.token('completion', 29)}"


def _padding(delta: Object) -> str:
    """Filler that hides how long a piece is, as the service sends it."""
    length = len(as_text(delta.get("content")))
    return _PADDING[length % len(_PADDING) :]
