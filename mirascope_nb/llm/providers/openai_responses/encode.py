"""Messages, tools, formats and params to a body of the responses API."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mirascope_nb.llm.content import (
    Audio,
    Document,
    Image,
    Text,
    Thought,
    ToolCall,
    ToolOutput,
    URLDocumentSource,
    UserContentPart,
)
from mirascope_nb.llm.messages import AssistantMessage, SystemMessage, UserMessage
from mirascope_nb.llm.params import ThinkingConfig
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.providers.encoding import (
    each_param,
    mapping,
    refusal,
    sequence,
    tool_result_text,
    warn_unsupported,
)
from mirascope_nb.llm.providers.openai_models import takes_json_object
from mirascope_nb.llm.providers.openai_parts import (
    file_data,
    image_url,
    json_schema,
    reasons,
    tool_function,
)
from mirascope_nb.llm.providers.turns import (
    names_format_tool,
    provider_tool_refusal,
    thought_text,
)
from mirascope_nb.llm.tools import FORMAT_TOOL_NAME, ProviderTool, ToolSchema, WebSearchTool

__all__ = ["encode_body"]

# https://platform.openai.com/docs/guides/reasoning
EFFORTS = {"default": "medium", "max": "xhigh"}


def encode_body(request: Request, provider_model_name: str) -> dict[str, Any]:
    """The request's body, without what only a stream has."""
    body: dict[str, Any] = {
        "model": request.model_name,
        "input": _input(request, provider_model_name),
    }
    body |= _params(request)
    return body | _tools_and_format(request)


def _params(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {}

    def keep(member: str) -> Callable[[Any], None]:
        return partial(body.__setitem__, member)

    def skip(param: str) -> Callable[[Any], None]:
        return partial(warn_unsupported, request, param)

    def think(config: ThinkingConfig) -> None:
        if not reasons(request):
            warn_unsupported(request, "thinking", config, by_model=True)
            return
        level = config["level"]
        body["reasoning"] = {"effort": EFFORTS.get(level, level)}
        if config.get("include_thoughts"):
            body["reasoning"]["summary"] = "auto"

    each_param(
        request.params,
        {
            "temperature": keep("temperature"),
            "max_tokens": keep("max_output_tokens"),
            "top_p": keep("top_p"),
            "top_k": skip("top_k"),
            "seed": skip("seed"),
            "stop_sequences": skip("stop_sequences"),
            "thinking": think,
        },
    )
    return body


def _tools_and_format(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {}
    tools = [_tool(request, tool) for tool in request.toolkit.tools_dict.values()]
    tools += [
        _provider_tool(request, tool) for tool in request.toolkit.provider_tools_dict.values()
    ]
    form = request.format
    if form is not None and form.mode == "tool":
        choice = {"type": "function", "name": FORMAT_TOOL_NAME}
        if tools:
            allowed = [
                {key: tool[key] for key in ("type", "name") if key in tool} for tool in tools
            ]
            choice = {"type": "allowed_tools", "mode": "required", "tools": [*allowed, choice]}
        body["tool_choice"] = choice
        tools.append(_tool(request, form.create_tool_schema()))
    elif form is not None and form.mode == "strict":
        body["text"] = {"format": {"type": "json_schema"} | json_schema(form, request.profile)}
    elif form is not None and form.mode == "json" and takes_json_object(request.model_name):
        body["text"] = {"format": {"type": "json_object"}}
    if tools:
        body["tools"] = tools
    return body


def _tool(request: Request, tool: ToolSchema[Any]) -> dict[str, Any]:
    return {"type": "function"} | tool_function(request, tool)


def _provider_tool(request: Request, tool: ProviderTool) -> dict[str, Any]:
    if isinstance(tool, WebSearchTool):
        return {"type": "web_search"}
    raise provider_tool_refusal(request, tool)


def _input(request: Request, provider_model_name: str) -> list[Any]:
    items: list[Any] = []
    for message in request.messages:
        match message:
            case SystemMessage():
                items.append({"role": "developer", "content": message.content.text})
            case UserMessage():
                items += _user(request, message)
            case AssistantMessage():
                turn = message.raw_message
                if (
                    isinstance(turn, list)
                    and request.replays(message, provider_model_name=provider_model_name)
                    and not _calls_format_tool(turn)
                ):
                    items += turn
                else:
                    items += _assistant(request, message)
    return items


def _user(request: Request, message: UserMessage) -> list[dict[str, Any]]:
    """A user message, with the tool outputs in it as items of their own, in order."""
    if len(message.content) == 1 and isinstance(only := message.content[0], Text):
        return [{"role": "user", "content": only.text}]
    items: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    for part in message.content:
        if isinstance(part, ToolOutput):
            parts = []
            items.append(
                {
                    "type": "function_call_output",
                    "call_id": part.id,
                    "output": tool_result_text(part),
                }
            )
            continue
        if not parts:
            items.append({"type": "message", "role": "user", "content": parts})
        parts.append(_user_part(request, part))
    return items


def _user_part(request: Request, part: UserContentPart) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "input_text", "text": part.text}
        case Image():
            return {"type": "input_image", "image_url": image_url(part), "detail": "auto"}
        case Document():
            if isinstance(part.source, URLDocumentSource):
                return {"type": "input_file", "file_url": part.source.url}
            return {"type": "input_file"} | file_data(part.source)
        case Audio():
            raise refusal(
                request,
                "audio input",
                "The responses API takes no audio. Use a model that listens, such as "
                "'openai/gpt-audio', or append ':completions' to the model id.",
            )
        case ToolOutput():
            raise AssertionError("tool outputs are items of their own")


def _assistant(request: Request, message: AssistantMessage) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for part in message.content:
        match part:
            case Text():
                items.append({"role": "assistant", "content": part.text})
            case Thought():
                if text := thought_text(request, part):
                    items.append({"role": "assistant", "content": text})
            case ToolCall():
                items.append(
                    {
                        "type": "function_call",
                        "call_id": part.id,
                        "name": part.name,
                        "arguments": part.args,
                    }
                )
    return items


def _calls_format_tool(turn: object) -> bool:
    return any(
        item.get("type") == "function_call" and names_format_tool(item.get("name"))
        for item in map(mapping, sequence(turn))
    )
