"""Messages, tools, formats and params to a chat completions body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.providers.encoding import (
    each_param,
    mapping,
    refusal,
    sequence,
    tool_result_text,
    warn_unsupported,
)
from mirascope_nb.llm.providers.openai_models import has_audio, takes_json_object
from mirascope_nb.llm.providers.openai_parts import (
    file_data,
    image_url,
    json_schema,
    reasons,
    tool_function,
)
from mirascope_nb.llm.providers.turns import names_format_tool, thought_text
from mirascope_nb.llm.tools import FORMAT_TOOL_NAME, ToolSchema

__all__ = ["encode_body"]

AUDIO_FORMATS = {"audio/wav": "wav", "audio/mp3": "mp3"}


def encode_body(request: Request, provider_model_name: str) -> dict[str, Any]:
    """The request's body, without what only a stream has."""
    body: dict[str, Any] = {
        "model": request.model_name,
        "messages": _messages(request, provider_model_name),
    }
    body |= _params(request)
    body |= _tools_and_format(request)
    return body | dict(request.profile.chat_options)


def _params(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {}
    reasoning = reasons(request)

    def skip(param: str) -> Callable[[Any], None]:
        return partial(warn_unsupported, request, param)

    def keep(member: str) -> Callable[[Any], None]:
        return partial(body.__setitem__, member)

    each_param(
        request.params,
        {
            "temperature": skip("temperature") if reasoning else keep("temperature"),
            "max_tokens": keep("max_completion_tokens" if reasoning else "max_tokens"),
            "top_p": skip("top_p") if reasoning else keep("top_p"),
            "top_k": skip("top_k"),
            "seed": keep("seed"),
            "stop_sequences": skip("stop_sequences") if reasoning else keep("stop"),
        },
    )
    return body


def _tools_and_format(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if request.toolkit.provider_tools_dict:
        names = ", ".join(sorted(request.toolkit.provider_tools_dict))
        raise refusal(
            request,
            f"provider tools ({names})",
            f"Tools that the provider runs ({names}) are not available in chat completions. "
            "With OpenAI, use the responses API: append ':responses' to the model id.",
        )
    tools = [_tool(request, tool) for tool in request.toolkit.tools_dict.values()]
    form = request.format
    if form is not None and form.mode == "tool":
        if tools:
            body["tool_choice"] = "required"
        else:
            body["tool_choice"] = {"type": "function", "function": {"name": FORMAT_TOOL_NAME}}
            body["parallel_tool_calls"] = False
        tools.append(_tool(request, form.create_tool_schema()))
    elif form is not None and form.mode == "strict":
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": json_schema(form, request.profile),
        }
    elif form is not None and form.mode == "json" and takes_json_object(request.model_name):
        body["response_format"] = {"type": "json_object"}
    if tools:
        body["tools"] = tools
    return body


def _tool(request: Request, tool: ToolSchema[Any]) -> dict[str, Any]:
    return {"type": "function", "function": tool_function(request, tool)}


def _messages(request: Request, provider_model_name: str) -> list[Any]:
    encoded: list[Any] = []
    for message in request.messages:
        match message:
            case SystemMessage():
                encoded.append({"role": "system", "content": message.content.text})
            case UserMessage():
                encoded += _user(request, message)
            case AssistantMessage():
                if request.replays(message, provider_model_name=provider_model_name) and not (
                    _calls_format_tool(message)
                ):
                    encoded.append(message.raw_message)
                else:
                    encoded.append(_assistant(request, message))
    return encoded


def _user(request: Request, message: UserMessage) -> list[dict[str, Any]]:
    """A user message, with the tool outputs in it as messages of their own, in order."""
    encoded: list[dict[str, Any]] = []
    parts: list[UserContentPart] = []
    for part in message.content:
        if not isinstance(part, ToolOutput):
            parts.append(part)
            continue
        if parts:
            encoded.append(_said(request, message, parts))
            parts = []
        encoded.append({"role": "tool", "tool_call_id": part.id, "content": tool_result_text(part)})
    if parts:
        encoded.append(_said(request, message, parts))
    return encoded


def _said(
    request: Request, message: UserMessage, parts: Sequence[UserContentPart]
) -> dict[str, Any]:
    encoded: dict[str, Any] = {"role": "user", "content": _user_content(request, parts)}
    return encoded | {"name": message.name} if message.name else encoded


def _user_content(request: Request, parts: Sequence[UserContentPart]) -> str | list[dict[str, Any]]:
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [_user_part(request, part) for part in parts]


def _user_part(request: Request, part: UserContentPart) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image():
            return {"type": "image_url", "image_url": {"url": image_url(part), "detail": "auto"}}
        case Audio():
            return _audio(request, part)
        case Document():
            return _document(request, part)
        case ToolOutput():
            raise AssertionError("tool outputs are messages of their own")


def _audio(request: Request, part: Audio) -> dict[str, Any]:
    if request.profile.api_suffix and not has_audio(request.model_name):
        raise refusal(
            request,
            "audio input",
            f"Model '{request.model_id}' does not take audio. Use one that does, such as "
            "'openai/gpt-audio'.",
        )
    form = AUDIO_FORMATS.get(part.source.mime_type)
    if form is None:
        raise refusal(
            request,
            f"audio format: {part.source.mime_type}",
            f"Provider '{request.provider_id}' takes audio as wav or mp3, "
            f"not as '{part.source.mime_type}'.",
        )
    return {"type": "input_audio", "input_audio": {"data": part.source.data, "format": form}}


def _document(request: Request, part: Document) -> dict[str, Any]:
    if not isinstance(part.source, URLDocumentSource):
        return {"type": "file", "file": file_data(part.source)}
    raise refusal(
        request,
        "url document source",
        "Chat completions take a document's content, not its address. "
        "Load it with Document.from_file or Document.from_bytes.",
    )


def _assistant(request: Request, message: AssistantMessage) -> dict[str, Any]:
    texts: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for part in message.content:
        match part:
            case Text():
                texts.append({"type": "text", "text": part.text})
            case Thought():
                if text := thought_text(request, part):
                    texts.append({"type": "text", "text": text})
            case ToolCall():
                calls.append(
                    {
                        "id": part.id,
                        "type": "function",
                        "function": {"name": part.name, "arguments": part.args},
                    }
                )
    encoded: dict[str, Any] = {
        "role": "assistant",
        "content": texts[0]["text"] if len(texts) == 1 else texts or None,
    }
    if message.name:
        encoded["name"] = message.name
    return encoded | {"tool_calls": calls} if calls else encoded


def _calls_format_tool(message: AssistantMessage) -> bool:
    calls = sequence(mapping(message.raw_message).get("tool_calls"))
    return any(
        names_format_tool(mapping(mapping(call).get("function")).get("name")) for call in calls
    )
