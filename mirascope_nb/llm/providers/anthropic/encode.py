"""Messages, tools, formats and params to a body of the messages API."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from mirascope_nb.llm.content import (
    AssistantContentPart,
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
from mirascope_nb.llm.messages import AssistantMessage, Message, SystemMessage, UserMessage
from mirascope_nb.llm.params import ThinkingConfig
from mirascope_nb.llm.providers.anthropic.models import (
    always_thinks,
    takes_sampling,
    takes_structured_outputs,
    thinks_adaptively,
)
from mirascope_nb.llm.providers.anthropic.structured import (
    adapted_schema,
    can_be_enforced,
    strict_tool_schema,
    uses_structured_outputs,
)
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.providers.encoding import (
    each_param,
    mapping,
    refusal,
    sequence,
    tool_parameters,
    tool_result_text,
    warn_unsupported,
)
from mirascope_nb.llm.providers.turns import (
    arguments_object,
    names_format_tool,
    provider_tool_refusal,
    system_text,
    thought_text,
)
from mirascope_nb.llm.tools import FORMAT_TOOL_NAME, ProviderTool, ToolSchema, WebSearchTool

__all__ = ["encode_body"]

Block = dict[str, Any]

DEFAULT_MAX_TOKENS = 16_000
EPHEMERAL = {"type": "ephemeral"}
IMAGE_TYPES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
# Thinking cannot be marked, nor can a text without text.
CACHEABLE = frozenset({"document", "image", "text", "tool_result", "tool_use"})

# https://platform.claude.com/docs/en/build-with-claude/extended-thinking
LEAST_BUDGET = 1024
BUDGETS = {"minimal": 0.0, "low": 0.2, "medium": 0.4, "high": 0.6, "max": 0.8}
# https://platform.claude.com/docs/en/build-with-claude/effort
EFFORTS = {"minimal": "low", "default": "medium"}


def encode_body(request: Request) -> dict[str, Any]:
    """The request's body, without what only a stream has."""
    max_tokens = request.params.get("max_tokens")
    body: dict[str, Any] = {
        "model": request.model_name,
        "max_tokens": DEFAULT_MAX_TOKENS if max_tokens is None else max_tokens,
        "messages": _messages(request),
    }
    if system := system_text(request):
        body["system"] = [{"type": "text", "text": system, "cache_control": EPHEMERAL}]
    body |= _params(request, body["max_tokens"])
    body |= _tools_and_format(request, thinks=_is_thinking(body))
    return body | dict(request.profile.chat_options)


def _params(request: Request, max_tokens: int) -> dict[str, Any]:
    body: dict[str, Any] = {}

    def keep(member: str) -> Callable[[Any], None]:
        return partial(body.__setitem__, member)

    def sampled(param: str) -> Callable[[Any], None]:
        if takes_sampling(request.model_name):
            return keep(param)
        return partial(warn_unsupported, request, param, by_model=True)

    def think(config: ThinkingConfig) -> None:
        body.update(_thinking(request, config, max_tokens))

    each_param(
        request.params,
        {
            "temperature": sampled("temperature"),
            "top_p": sampled("top_p"),
            "top_k": sampled("top_k"),
            "seed": partial(warn_unsupported, request, "seed"),
            "stop_sequences": keep("stop_sequences"),
            "thinking": think,
        },
    )
    return body


def _thinking(request: Request, config: ThinkingConfig, max_tokens: int) -> dict[str, Any]:
    level = config["level"]
    if level == "none":
        if always_thinks(request.model_name):
            raise refusal(
                request,
                "thinking level: none",
                f"Model '{request.model_id}' always thinks. Choose another level than 'none'.",
            )
        return {"thinking": {"type": "disabled"}}
    if thinks_adaptively(request.model_name):
        thinking = {"type": "adaptive"}
        if config.get("include_thoughts"):
            # These models leave the text of their thoughts out unless it is asked for.
            thinking["display"] = "summarized"
        effort = EFFORTS.get(level, level)
        return {"thinking": thinking, "output_config": {"effort": effort}}
    if level == "default":
        return {}
    budget = max(LEAST_BUDGET, int(BUDGETS[level] * max_tokens))
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _is_thinking(body: dict[str, Any]) -> bool:
    return mapping(body.get("thinking")).get("type") in {"adaptive", "enabled"}


def _tools_and_format(request: Request, *, thinks: bool) -> dict[str, Any]:
    body: dict[str, Any] = {}
    encode = partial(_strict_tool if uses_structured_outputs(request) else _plain_tool, request)
    tools = [
        _provider_tool(request, tool) if isinstance(tool, ProviderTool) else encode(tool)
        for tool in request.toolkit.tools
    ]
    form = request.format
    if form is not None and form.mode == "tool":
        body["tool_choice"] = _format_tool_choice(has_others=bool(tools), thinks=thinks)
        tools.append(encode(form.create_tool_schema()))
    elif form is not None and form.mode == "strict":
        if not takes_structured_outputs(request.model_name):
            raise refusal(
                request,
                "formatting_mode:strict",
                f"Model '{request.model_id}' cannot be held to a schema. Use mode 'tool' or "
                "'json', or a newer model.",
            )
        if not can_be_enforced(form.schema):
            raise refusal(
                request,
                "formatting_mode:strict",
                f"Provider '{request.provider_id}' holds replies only to objects whose members are "
                f"all named and that do not hold themselves. The schema of '{form.name}' has "
                "another, such as a dict: use mode 'tool' or 'json'.",
            )
        schema = adapted_schema(form.schema)
        body["output_format"] = {"type": "json_schema", "schema": schema}
    if tools:
        tools[-1] |= {"cache_control": EPHEMERAL}
        body["tools"] = tools
    return body


def _format_tool_choice(*, has_others: bool, thinks: bool) -> dict[str, Any]:
    if thinks:  # forced tool use is refused while thinking is on; the instructions still order it
        return {"type": "auto"}
    if has_others:
        return {"type": "any"}
    return {"type": "tool", "name": FORMAT_TOOL_NAME, "disable_parallel_tool_use": True}


def _plain_tool(request: Request, tool: ToolSchema[Any]) -> Block:
    if tool.strict:
        raise refusal(
            request,
            "strict tools",
            f"Model '{request.model_id}' cannot be held to the schema of tool '{tool.name}'. "
            "Leave out strict=True, or use a newer model.",
        )
    return _described(tool, tool_parameters(tool))


def _strict_tool(request: Request, tool: ToolSchema[Any]) -> Block:
    if tool.strict and not can_be_enforced(tool_parameters(tool)):
        raise refusal(
            request,
            "strict tools",
            f"Provider '{request.provider_id}' holds calls only to objects whose members are all "
            f"named and that do not hold themselves. Leave out strict=True of tool '{tool.name}'.",
        )
    schema, strict = strict_tool_schema(tool)
    return _described(tool, schema) | {"strict": strict}


def _described(tool: ToolSchema[Any], schema: dict[str, Any]) -> Block:
    return {"name": tool.name, "description": tool.description, "input_schema": schema}


def _provider_tool(request: Request, tool: ProviderTool) -> Block:
    if isinstance(tool, WebSearchTool):
        return {"type": "web_search_20250305", "name": "web_search"}
    raise provider_tool_refusal(request, tool)


def _messages(request: Request) -> list[Any]:
    conversation: list[Message] = [
        message for message in request.messages if not isinstance(message, SystemMessage)
    ]
    # From the second turn on, the conversation so far is worth a place in the cache.
    is_cached = any(isinstance(message, AssistantMessage) for message in conversation)
    encoded: list[Any] = []
    for number, message in enumerate(conversation, start=1):
        is_marked = is_cached and number == len(conversation)
        if isinstance(message, UserMessage):
            encoded.append(_user(request, message, is_marked=is_marked))
        elif isinstance(message, AssistantMessage) and (
            turn := _assistant(request, message, is_marked=is_marked)
        ):
            encoded.append(turn)
    return encoded


def _user(request: Request, message: UserMessage, *, is_marked: bool) -> dict[str, Any]:
    blocks = [_user_block(request, part) for part in message.content if not _is_empty(part)]
    if not blocks:
        raise refusal(
            request,
            "empty message content",
            f"Provider '{request.provider_id}' does not take a message without content.",
        )
    # Tool results have to come before anything else in their message.
    blocks.sort(key=lambda block: block["type"] != "tool_result")
    return {"role": "user", "content": _content(blocks, is_marked=is_marked)}


def _is_empty(part: UserContentPart | AssistantContentPart) -> bool:
    return isinstance(part, Text) and not part.text


def _content(blocks: list[Block], *, is_marked: bool) -> str | list[Block]:
    if is_marked:
        for block in reversed(blocks):
            if block["type"] in CACHEABLE:
                block["cache_control"] = EPHEMERAL
                return blocks
    if len(blocks) == 1 and blocks[0]["type"] == "text":
        return cast("str", blocks[0]["text"])
    return blocks


# A null is as good as nothing; the service's own clients write it, and a cache of requests may
# compare them byte for byte.
_UNMARKED: Block = {"cache_control": None}


def _user_block(request: Request, part: UserContentPart) -> Block:
    match part:
        case Text():
            return {"type": "text", "text": part.text} | _UNMARKED
        case Image():
            return {"type": "image", "source": _image_source(request, part)} | _UNMARKED
        case Document():
            return {"type": "document", "source": _document_source(part)}
        case ToolOutput():
            return {
                "type": "tool_result",
                "tool_use_id": _call_id(part.id),
                "content": tool_result_text(part),
            } | _UNMARKED
        case Audio():
            raise refusal(
                request,
                "audio input",
                f"Provider '{request.provider_id}' takes no audio. Use a model that listens, such "
                "as 'google/gemini-2.5-flash' or 'openai/gpt-audio'.",
            )


def _image_source(request: Request, image: Image) -> Block:
    source = image.source
    if not isinstance(source, Base64ImageSource):
        return {"type": "url", "url": source.url}
    if source.mime_type not in IMAGE_TYPES:
        raise refusal(
            request,
            f"image format: {source.mime_type}",
            f"Provider '{request.provider_id}' takes images as png, jpeg, gif or webp, "
            f"not as '{source.mime_type}'.",
        )
    return {"type": "base64", "media_type": source.mime_type, "data": source.data}


def _document_source(document: Document) -> Block:
    match document.source:
        case URLDocumentSource(url=url):
            return {"type": "url", "url": url}
        case TextDocumentSource(data=data):
            # Whatever the text is, the service knows one media type for it.
            return {"type": "text", "media_type": "text/plain", "data": data}
        case Base64DocumentSource(data=data, media_type=media_type):
            return {"type": "base64", "media_type": media_type, "data": data}


def _assistant(
    request: Request, message: AssistantMessage, *, is_marked: bool
) -> dict[str, Any] | None:
    """A turn of the model, or `None` where nothing of it can be sent."""
    turn = mapping(message.raw_message)
    blocks = sequence(turn.get("content"))
    if blocks and not is_marked and request.replays(message) and not _calls_format_tool(blocks):
        return turn
    written = _assistant_blocks(request, message.content)
    if not written:
        return None
    return {"role": "assistant", "content": _content(written, is_marked=is_marked)}


def _assistant_blocks(request: Request, content: Sequence[AssistantContentPart]) -> list[Block]:
    blocks: list[Block] = []
    for part in content:
        match part:
            case Text():
                if part.text:
                    blocks.append({"type": "text", "text": part.text})
            case Thought():
                if text := thought_text(request, part):
                    blocks.append({"type": "text", "text": text})
            case ToolCall():
                blocks.append(
                    {
                        "type": "tool_use",
                        "id": _call_id(part.id),
                        "name": part.name,
                        "input": arguments_object(part.args),
                    }
                )
    return blocks


def _call_id(call_id: str) -> str:
    """An id in the characters that are allowed, should it be another provider's."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", call_id) or "_"


def _calls_format_tool(blocks: list[Any]) -> bool:
    return any(
        block.get("type") == "tool_use" and names_format_tool(block.get("name"))
        for block in map(mapping, blocks)
    )
