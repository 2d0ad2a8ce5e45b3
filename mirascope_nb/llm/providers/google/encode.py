"""Messages, tools, formats and params to a body of Gemini's."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from pydantic_core import PydanticSerializationError, to_jsonable_python

from mirascope_nb.llm.content import (
    Audio,
    Base64DocumentSource,
    Base64ImageSource,
    Document,
    Image,
    Text,
    TextDocumentSource,
    Thought,
    ToolCall,
    ToolOutput,
    URLDocumentSource,
    UserContentPart,
)
from mirascope_nb.llm.messages import AssistantMessage, UserMessage
from mirascope_nb.llm.params import ThinkingConfig
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.providers.encoding import (
    each_param,
    mapping,
    refusal,
    sequence,
    tool_parameters,
    tool_result_text,
)
from mirascope_nb.llm.providers.google.json_schemas import json_schema, needs_json_schema
from mirascope_nb.llm.providers.google.models import (
    combines_formats_and_tools,
    is_pro,
    thinks_by_level,
    wants_signatures,
)
from mirascope_nb.llm.providers.google.schemas import format_schema, tool_schema
from mirascope_nb.llm.providers.turns import (
    arguments_object,
    names_format_tool,
    provider_tool_refusal,
    system_text,
    thought_text,
)
from mirascope_nb.llm.tools import FORMAT_TOOL_NAME, ProviderTool, ToolSchema, WebSearchTool

__all__ = ["UNKNOWN_TOOL_ID", "encode_body", "url_safe"]

UNKNOWN_TOOL_ID = "google_unknown_tool_id"
"""The id of a call that came without one. It is never sent back: calls are told by their order."""

# What stands in for the signature of a call that another model made:
# https://ai.google.dev/gemini-api/docs/thought-signatures
NO_SIGNATURE = "skip_thought_signature_validator"

DEFAULT_MAX_TOKENS = 16_000
# https://ai.google.dev/gemini-api/docs/thinking
DYNAMIC_BUDGET = -1
BUDGETS = {"none": 0.0, "minimal": 0.1, "low": 0.2, "medium": 0.4, "high": 0.6, "max": 0.8}
LEVELS = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "max": "HIGH",
}
PRO_LEVELS = LEVELS | {"none": "LOW", "minimal": "LOW", "medium": "HIGH"}


def encode_body(request: Request) -> dict[str, Any]:
    """The request's body."""
    body: dict[str, Any] = {"contents": _contents(request)}
    if system := system_text(request):
        body["systemInstruction"] = {"parts": [{"text": system}], "role": "user"}
    body |= _tools(request)
    config = _generation_config(request)
    if config or len(body) > 1:
        body["generationConfig"] = config
    return body


def _generation_config(request: Request) -> dict[str, Any]:
    config: dict[str, Any] = {}

    def keep(member: str) -> Callable[[Any], None]:
        return partial(config.__setitem__, member)

    def think(thinking: ThinkingConfig) -> None:
        if encoded := _thinking(request, thinking):
            config["thinkingConfig"] = encoded

    each_param(
        request.params,
        {
            "temperature": keep("temperature"),
            "max_tokens": keep("maxOutputTokens"),
            "top_p": keep("topP"),
            "top_k": keep("topK"),
            "seed": keep("seed"),
            "stop_sequences": keep("stopSequences"),
            "thinking": think,
        },
    )
    form = request.format
    if form is not None and form.mode in {"strict", "json"}:
        if request.toolkit.tools and not combines_formats_and_tools(request.model_name):
            raise refusal(
                request,
                f"formatting_mode:{form.mode} with tools",
                f"Model '{request.model_id}' cannot combine tools with formatting mode "
                f"'{form.mode}'. Use mode 'tool', or a newer model.",
            )
        config["responseMimeType"] = "application/json"
        if form.mode == "strict":
            if needs_json_schema(form.schema):
                config["responseJsonSchema"] = json_schema(form.schema, is_ordered=True)
            else:
                config["responseSchema"] = format_schema(form.schema)
    return config


def _thinking(request: Request, thinking: ThinkingConfig) -> dict[str, Any]:
    """How to think, in names with underscores, which the service takes as well."""
    level = thinking["level"]
    encoded: dict[str, Any] = {}
    if "include_thoughts" in thinking:
        encoded["include_thoughts"] = thinking["include_thoughts"]
    if thinks_by_level(request.model_name):
        levels = PRO_LEVELS if is_pro(request.model_name) else LEVELS
        if level != "default":
            encoded["thinking_level"] = levels[level]
        return encoded
    max_tokens = request.params.get("max_tokens")
    most = DEFAULT_MAX_TOKENS if max_tokens is None else max_tokens
    budget = DYNAMIC_BUDGET if level == "default" else int(BUDGETS[level] * most)
    return encoded | {"thinking_budget": budget}


def _tools(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {}
    functions = [_function(request, tool) for tool in request.toolkit.tools_dict.values()]
    form = request.format
    if form is not None and form.mode == "tool":
        calling: dict[str, Any] = {"mode": "ANY"}
        if not request.toolkit.tools:
            calling["allowedFunctionNames"] = [FORMAT_TOOL_NAME]
        body["toolConfig"] = {"functionCallingConfig": calling}
        functions.insert(0, _function(request, form.create_tool_schema()))
    tools: list[dict[str, Any]] = [{"functionDeclarations": functions}] if functions else []
    tools += [
        _provider_tool(request, tool) for tool in request.toolkit.provider_tools_dict.values()
    ]
    return body | {"tools": tools} if tools else body


def _function(request: Request, tool: ToolSchema[Any]) -> dict[str, Any]:
    if tool.strict:
        raise refusal(
            request,
            "strict tools",
            f"Provider '{request.provider_id}' does not hold calls to the schema of a tool. "
            f"Leave out strict=True of tool '{tool.name}'.",
        )
    function: dict[str, Any] = {"name": tool.name, "description": tool.description}
    parameters = tool_parameters(tool)
    if needs_json_schema(parameters):
        return function | {"parametersJsonSchema": json_schema(parameters, is_ordered=False)}
    schema = tool_schema(parameters)
    return function | {"parameters": schema} if schema else function


def _provider_tool(request: Request, tool: ProviderTool) -> dict[str, Any]:
    if isinstance(tool, WebSearchTool):
        return {"googleSearch": {}}
    raise provider_tool_refusal(request, tool)


def _contents(request: Request) -> list[Any]:
    contents: list[Any] = []
    for message in request.messages:
        if isinstance(message, UserMessage):
            parts = [_user_part(request, part) for part in message.content]
            contents.append({"parts": parts, "role": "user"})
        elif isinstance(message, AssistantMessage) and (turn := _assistant(request, message)):
            contents.append(turn)
    return contents


def _user_part(request: Request, part: UserContentPart) -> dict[str, Any]:
    match part:
        case Text():
            return {"text": part.text}
        case Image():
            if isinstance(part.source, Base64ImageSource):
                return _inline(part.source.data, part.source.mime_type)
            raise refusal(
                request,
                "url image source",
                f"Provider '{request.provider_id}' takes an image's content, not its address. "
                "Load it with Image.download.",
            )
        case Audio():
            return _inline(part.source.data, part.source.mime_type)
        case Document():
            return _document(request, part)
        case ToolOutput():
            return _function_response(part)


def _document(request: Request, document: Document) -> dict[str, Any]:
    match document.source:
        case Base64DocumentSource(data=data, media_type=media_type):
            return _inline(data, media_type)
        case TextDocumentSource(data=data, media_type=media_type):
            return _inline(base64.b64encode(data.encode()).decode("ascii"), media_type)
        case URLDocumentSource():
            raise refusal(
                request,
                "url document source",
                f"Provider '{request.provider_id}' takes a document's content, not its address. "
                "Load it with Document.from_file or Document.from_bytes.",
            )


def _inline(data: str, mime_type: str) -> dict[str, Any]:
    return {"inlineData": {"data": url_safe(data), "mimeType": mime_type}}


def url_safe(data: str) -> str:
    """Base64 in the alphabet for addresses, in which Google's own clients write it."""
    return data.replace("+", "-").replace("/", "_")


def _function_response(output: ToolOutput[Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"output": tool_result_text(output)}
    result = cast("object", output.result)
    if isinstance(result, Mapping):
        with contextlib.suppress(PydanticSerializationError, ValueError):  # the text has to do
            response = to_jsonable_python(dict(cast("Mapping[Any, Any]", result)))
    return {"functionResponse": _identified({"name": output.name, "response": response}, output.id)}


def _identified(function: dict[str, Any], call_id: str) -> dict[str, Any]:
    return function if call_id.startswith(UNKNOWN_TOOL_ID) else function | {"id": call_id}


def _assistant(request: Request, message: AssistantMessage) -> dict[str, Any] | None:
    """A turn of the model, or `None` where nothing of it can be sent."""
    turn = mapping(message.raw_message)
    parts = sequence(turn.get("parts"))
    if parts and request.replays(message) and not _calls_format_tool(parts):
        return turn
    written: list[dict[str, Any]] = []
    for part in message.content:
        match part:
            case Text():
                if part.text:
                    written.append({"text": part.text})
            case Thought():
                if text := thought_text(request, part):
                    written.append({"text": text})
            case ToolCall():
                written.append(_function_call(request, part))
    return {"parts": written, "role": "model"} if written else None


def _function_call(request: Request, call: ToolCall) -> dict[str, Any]:
    part = {
        "functionCall": _identified(
            {"name": call.name, "args": arguments_object(call.args)}, call.id
        )
    }
    if wants_signatures(request.model_name):
        return part | {"thoughtSignature": NO_SIGNATURE}
    return part


def _calls_format_tool(parts: list[Any]) -> bool:
    return any(
        names_format_tool(mapping(mapping(part).get("functionCall")).get("name")) for part in parts
    )
