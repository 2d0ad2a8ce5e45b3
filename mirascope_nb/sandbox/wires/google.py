"""Google's Gemini API: `:generateContent` and `:streamGenerateContent`."""

import itertools
import json
import math
import re
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
    pick,
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
    count_tokens,
    split_tokens,
)
from mirascope_nb.sandbox.stamp import Stamp
from mirascope_nb.sandbox.wires.base import (
    Failure,
    Headers,
    HttpRequest,
    encode,
    grouped_tokens,
    media_kind,
    read_object,
    sse,
)
from mirascope_nb.sandbox.wires.ranges import Breach, Range, first_breach

_TARGET = re.compile(r"/models/(?P<model>[^:]+):(?P<method>generateContent|streamGenerateContent)$")
_STATUS_NAME: dict[FaultKind, str] = {
    "authentication": "INVALID_ARGUMENT",
    "bad_request": "INVALID_ARGUMENT",
    "model_not_found": "NOT_FOUND",
    "not_found": "NOT_FOUND",
    "method_not_allowed": "NOT_FOUND",
    "permission": "PERMISSION_DENIED",
    "too_large": "INVALID_ARGUMENT",
    "rate_limit": "RESOURCE_EXHAUSTED",
    "server": "INTERNAL",
    "overloaded": "UNAVAILABLE",
}
# This API reports a bad key as a bad request.
_STATUS: dict[FaultKind, int] = {**STATUS_OF, "authentication": 400, "overloaded": 503}
_FINISH = {"length": "MAX_TOKENS", "refusal": "SAFETY"}
_SPELT = {
    "additional_properties": "additionalProperties",
    "any_of": "anyOf",
    "max_items": "maxItems",
    "max_length": "maxLength",
    "max_properties": "maxProperties",
    "min_items": "minItems",
    "min_length": "minLength",
    "min_properties": "minProperties",
    "prefix_items": "prefixItems",
    "property_ordering": "propertyOrdering",
}
_VALUES = {"default", "enum", "example"}
# A chunk of this API holds a clause or two.
_GROUPS = (1, 7, 9, 8)


_RANGES = (
    Range(name="temperature", low=0, high=2),
    Range(name="topP", low=0, high=1),
    Range(name="topK", low=0, whole=True),
    Range(name="maxOutputTokens", low=0, whole=True),
    Range(name="seed", low=-(2**31), high=2**31 - 1, whole=True),
)


class Google:
    """The generateContent wire."""

    name = "google"
    content_type = "application/json; charset=UTF-8"

    def parse(self, request: HttpRequest) -> Prompt:
        """Read a generateContent request; the model and the method are in its path."""
        target = _TARGET.search(request.path)
        if target is None:
            raise Refused(Fault(kind="not_found", subject=request.path))
        body = read_object(request, "Invalid JSON payload received.")
        contents: Any = body.get("contents")
        if not is_list(contents) or not contents:
            raise _invalid("* GenerateContentRequest.contents: contents is not specified")
        config = as_object(pick(body, "generationConfig"))
        if (breach := first_breach(config, _RANGES, pick)) is not None:
            raise _out_of_range(breach)
        schema = pick(config, "responseSchema") or pick(config, "responseJsonSchema")
        thinking = as_object(pick(config, "thinkingConfig"))
        return Prompt(
            model=target["model"],
            system=_text(pick(body, "systemInstruction")),
            turns=tuple(_turn(content) for content in contents),
            tools=_offers(body),
            choice=_choice(as_object(pick(body, "toolConfig"))),
            schema=_plain(schema) if is_object(schema) else None,
            json_mode=pick(config, "responseMimeType") == "application/json",
            max_tokens=as_count(pick(config, "maxOutputTokens")),
            stop=tuple(map(as_text, as_list(pick(config, "stopSequences")))),
            thinking=pick(thinking, "includeThoughts") is True,
            stream=target["method"] == "streamGenerateContent",
            body=body | {"alt": request.query.get("alt", "")},
        )

    def body(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Object:
        """One whole answer."""
        parts: list[Object] = []
        if reply.thinking and prompt.thinking:
            parts.append({"text": reply.thinking, "thought": True})
        if reply.text:
            parts.append({"text": reply.text})
        parts += _calls(reply, stamp)
        return _chunk(reply, stamp, parts, _counts(reply, reply.usage.output), last=True)

    def frames(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Iterator[Frame]:
        """Chunks: server-sent events with `alt=sse`, otherwise the elements of one array."""
        chunks = _chunks(prompt, reply, stamp)
        if prompt.body.get("alt") == "sse":
            for chunk, weight in chunks:
                yield sse(chunk, weight=weight)
            return
        opening = "["
        for chunk, weight in chunks:
            yield Frame(f"{opening}{encode(chunk)}".encode(), weight)
            opening = "\n,\r\n"
        yield Frame(b"\n]\n")

    def stream_type(self, prompt: Prompt) -> str:
        """An event stream or an array, as the client asked."""
        return "text/event-stream" if prompt.body.get("alt") == "sse" else self.content_type

    def failure(self, fault: Fault, stamp: Stamp) -> Failure:
        """An error in Google's form."""
        del stamp
        headers: Headers = []
        if fault.retry_after is not None:
            headers.append(("retry-after", str(max(math.ceil(fault.retry_after), 0))))
        status = fault.status or _STATUS[fault.kind]
        return Failure(status=status, body={"error": _error(fault)}, headers=headers)

    def failure_frame(self, fault: Fault, stamp: Stamp, *, sent: int) -> Frame:
        """An error in the middle of a stream."""
        del stamp, sent
        return sse({"error": _error(fault)})

    def headers(self, stamp: Stamp, allowance: Allowance | None) -> Headers:
        """None: this API tells neither."""
        del stamp, allowance
        return []


def _out_of_range(breach: Breach) -> Refused:
    name = re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", breach.range.name)
    if breach.kind == "type":
        return _invalid(f"Invalid value at 'generation_config.{name}', {json.dumps(breach.value)}")
    low, high = breach.range.low, breach.range.high
    wish = "not be negative" if high is None else f"be in the range [{low:.1f}, {high:.1f}]"
    return _invalid(f"* GenerateContentRequest.generation_config.{name}: {name} must {wish}.")


def _invalid(message: str) -> Refused:
    return Refused(Fault(kind="bad_request", message=message))


def _text(content: object) -> str:
    parts = objects(as_object(content).get("parts"))
    return "\n".join(
        as_text(part.get("text")) for part in parts if "text" in part and not part.get("thought")
    )


def _turn(content: object) -> Turn:
    if not is_object(content):
        raise _invalid("Invalid value at 'contents': expected an object")
    parts = objects(content.get("parts"))
    if not parts:
        raise _invalid("* GenerateContentRequest.contents: contents.parts must not be empty")
    calls = [as_object(call) for part in parts if (call := pick(part, "functionCall"))]
    answers = [as_object(answer) for part in parts if (answer := pick(part, "functionResponse"))]
    media = (
        as_object(pick(part, "inlineData")) or as_object(pick(part, "fileData")) for part in parts
    )
    kinds = [as_text(pick(item, "mimeType")) for item in media if item]
    return Turn(
        role="assistant" if content.get("role") == "model" else "user",
        text=_text(content),
        uses=tuple(
            ToolUse(name=as_text(call.get("name")), arguments=encode(as_object(call.get("args"))))
            for call in calls
        ),
        results=tuple(_result(answer) for answer in answers),
        attachments=tuple(media_kind(kind) or "document" for kind in kinds),
    )


def _result(answer: Object) -> ToolResult:
    response = as_object(answer.get("response"))
    error = response.get("error")
    value: Any = response.get("output", response) if error is None else error
    return ToolResult(
        name=as_text(answer.get("name")),
        text=value if isinstance(value, str) else encode(value),
        failed=error is not None,
    )


def _offers(body: Object) -> tuple[ToolOffer, ...]:
    return tuple(
        ToolOffer(
            name=as_text(tool.get("name")),
            description=as_text(tool.get("description")),
            schema=_plain(
                as_object(pick(tool, "parameters")) or as_object(pick(tool, "parametersJsonSchema"))
            ),
        )
        for group in objects(body.get("tools"))
        for tool in objects(pick(group, "functionDeclarations"))
    )


def _plain(schema: Object) -> Object:
    """A schema with its keywords as JSON Schema spells them; the API takes `any_of` for `anyOf`."""
    spelt: Object = {}
    for keyword, value in schema.items():
        name = _SPELT.get(keyword, keyword)
        if name in {"properties", "$defs"}:  # whose names are not keywords
            spelt[name] = {each: _deep(inner) for each, inner in as_object(value).items()}
        else:
            spelt[name] = value if name in _VALUES else _deep(value)
    return spelt


def _deep(value: Any) -> Any:
    if is_list(value):
        return [_deep(each) for each in value]
    return _plain(value) if is_object(value) else value


def _choice(config: Object) -> ToolChoice:
    calling = as_object(pick(config, "functionCallingConfig"))
    names = tuple(map(as_text, as_list(pick(calling, "allowedFunctionNames"))))
    match as_text(calling.get("mode")).upper():
        case "NONE":
            return ToolChoice(mode="none")
        case "ANY":
            return ToolChoice(mode="required", names=names)
        case _:
            return ToolChoice(names=names)


def _calls(reply: Reply, stamp: Stamp) -> list[Object]:
    parts: list[Object] = []
    for use in reply.uses:
        try:
            arguments = as_object(json.loads(use.arguments))
        except ValueError:  # cut short by the token limit: this API then sends no call at all
            continue
        part: Object = {"functionCall": {"name": use.name, "args": arguments}}
        if not parts:
            part["thoughtSignature"] = f"sandbox{stamp.token('signature', 89)}"
        parts.append(part)
    return parts


def _chunks(prompt: Prompt, reply: Reply, stamp: Stamp) -> Iterator[tuple[Object, float]]:
    shown = reply.thinking if prompt.thinking else ""
    hidden = 0.0 if shown else float(reply.usage.reasoning)
    for start in _paragraphs(shown):
        part = {"text": start, "thought": True}
        counts = _counts(reply, reply.usage.reasoning)
        # Until the answer begins there are no candidates to count.
        del counts["candidatesTokenCount"]
        yield _chunk(reply, stamp, [part], counts), float(len(split_tokens(start)))
    groups = list(grouped_tokens(reply.text, itertools.cycle(_GROUPS)))
    calls = _calls(reply, stamp)
    written = ""
    for index, (piece, size) in enumerate(groups):
        written += piece
        last = index == len(groups) - 1 and not calls
        output = reply.usage.reasoning + count_tokens(written)
        counts = _counts(reply, reply.usage.output if last else output)
        yield _chunk(reply, stamp, [{"text": piece}], counts, last=last), size + hidden
        hidden = 0.0
    if calls or not groups:
        weight = hidden + sum(count_tokens(use.arguments) for use in reply.uses)
        counts = _counts(reply, reply.usage.output)
        yield _chunk(reply, stamp, calls or [{"text": ""}], counts, last=True), weight


def _paragraphs(text: str) -> Iterator[str]:
    """A text cut after each empty line."""
    pieces = text.split("\n\n**")
    for index, piece in enumerate(pieces):
        if piece:
            start = "**" if index else ""
            yield f"{start}{piece}" + ("\n\n" if index < len(pieces) - 1 else "")


def _chunk(
    reply: Reply, stamp: Stamp, parts: list[Object], counts: Object, *, last: bool = False
) -> Object:
    candidate: Object = {"content": {"parts": parts, "role": "model"}}
    if last:
        candidate["finishReason"] = _FINISH.get(reply.finish, "STOP")
    candidate["index"] = 0
    if last and reply.finish == "tool_calls":
        candidate["finishMessage"] = "Model generated function call(s)."
    return {
        "candidates": [candidate],
        "usageMetadata": counts,
        "modelVersion": reply.model,
        "responseId": stamp.token("response", 23),
    }


def _counts(reply: Reply, output: int) -> Object:
    usage = reply.usage
    counts: Object = {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": output - usage.reasoning,
        "totalTokenCount": usage.input + output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input}],
    }
    return counts | ({"thoughtsTokenCount": usage.reasoning} if usage.reasoning else {})


def _error(fault: Fault) -> Object:
    words: dict[FaultKind, str] = {
        "authentication": "API key not valid. Please pass a valid API key.",
        "model_not_found": (
            f"models/{fault.subject} is not found for API version v1beta, or is not supported for "
            "generateContent. Call ListModels to see the list of available models and their "
            "supported methods."
        ),
        "not_found": "The requested URL was not found on this server.",
        "method_not_allowed": "The requested method is not allowed for this URL.",
        "permission": "The caller does not have permission",
        "too_large": "Request payload size exceeds the limit.",
        "rate_limit": "Resource has been exhausted (e.g. check quota).",
        "server": "An internal error has occurred. Please retry.",
        "overloaded": "The model is overloaded. Please try again later.",
    }
    message = fault.message or words.get(fault.kind, "Request contains an invalid argument.")
    error: Object = {
        "code": fault.status or _STATUS[fault.kind],
        "message": message,
        "status": _STATUS_NAME[fault.kind],
    }
    if fault.kind == "authentication":
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            },
            {
                "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                "locale": "en-US",
                "message": message,
            },
        ]
    elif fault.retry_after is not None:
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": f"{fault.retry_after:g}s",
            }
        ]
    return error
