"""Replies and other results as JSON and back: what a journal keeps of a row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter

from mirascope_nb import llm

__all__ = ["UnkeptError", "keep", "restore"]

_PARTS: dict[str, type[Any]] = {
    "text": llm.Text,
    "thought": llm.Thought,
    "tool_call": llm.ToolCall,
}


class UnkeptError(TypeError):
    """A result cannot be written down as JSON."""


def keep(result: Any) -> dict[str, Any]:
    """A result as JSON values, from which `restore` makes it again.

    Raises:
        UnkeptError: If it is neither a reply nor made of JSON values, dataclasses or models.
    """
    if isinstance(result, _REPLIES):
        return {"kind": "reply", **_keep_reply(result)}
    if isinstance(result, BaseModel):
        return {"kind": "value", "value": result.model_dump(mode="json")}
    if is_dataclass(result) and not isinstance(result, type):
        result = asdict(result)
    try:
        text = json.dumps(result, allow_nan=True)
    except (TypeError, ValueError) as error:
        raise UnkeptError(
            f"a journal keeps replies, models and JSON values, not {type(result).__name__}"
        ) from error
    return {"kind": "value", "value": json.loads(text)}


def restore(
    kept: Mapping[str, Any],
    *,
    messages: Sequence[llm.Message],
    tools: Sequence[Any] = (),
    format: Any = None,
    returns: Any = None,
    with_context: bool = False,
) -> Any:
    """What `keep` was given.

    Args:
        kept: What `keep` gave.
        messages: What was asked.
        tools: The tools that were offered.
        format: The format that was asked for.
        returns: What a function says that it returns, to make a model or dataclass of JSON again.
        with_context: Whether the call takes a context.
    """
    if kept["kind"] == "value":
        value = kept["value"]
        if returns is None or returns is Any:
            return value
        try:
            return TypeAdapter(returns).validate_python(value)
        except Exception:  # noqa: BLE001, what cannot be made again stays what was written
            return value
    return _restore_reply(kept, messages, tools, format, with_context=with_context)


_REPLIES = (
    llm.Response,
    llm.AsyncResponse,
    llm.ContextResponse,
    llm.AsyncContextResponse,
    llm.StreamResponse,
    llm.AsyncStreamResponse,
    llm.ContextStreamResponse,
    llm.AsyncContextStreamResponse,
)


def _keep_reply(reply: Any) -> dict[str, Any]:
    message = reply.messages[-1]
    finish = reply.finish_reason
    return {
        "provider_id": reply.provider_id,
        "model_id": reply.model_id,
        "provider_model_name": reply.provider_model_name,
        "params": _plain(dict(reply.params)),
        "content": [asdict(part) for part in reply.content],
        "finish_reason": None if finish is None else finish.value,
        "usage": None if reply.usage is None else _plain(asdict(reply.usage)),
        "format_mode": None if reply.format is None else reply.format.mode,
        "raw": _plain(getattr(reply, "raw", None)),
        "raw_message": _plain(getattr(message, "raw_message", None)),
    }


def _restore_reply(
    kept: Mapping[str, Any],
    messages: Sequence[llm.Message],
    tools: Sequence[Any],
    format: Any,
    *,
    with_context: bool,
) -> Any:
    made: Any = llm.AsyncContextResponse if with_context else llm.AsyncResponse
    content = [_PARTS[part["type"]](**part) for part in kept["content"]]
    finish = kept["finish_reason"]
    mode = kept["format_mode"]
    return made(
        raw=kept["raw"],
        provider_id=kept["provider_id"],
        model_id=kept["model_id"],
        provider_model_name=kept["provider_model_name"],
        params=cast("llm.Params", kept["params"]),
        tools=list(tools),
        format=None if mode is None or format is None else llm.format(format, mode=mode),
        input_messages=list(messages),
        assistant_message=llm.AssistantMessage(
            content=content,
            provider_id=kept["provider_id"],
            model_id=kept["model_id"],
            provider_model_name=kept["provider_model_name"],
            raw_message=kept["raw_message"],
        ),
        finish_reason=None if finish is None else llm.FinishReason(finish),
        usage=_usage(kept["usage"]),
    )


def _usage(kept: Mapping[str, Any] | None) -> llm.Usage | None:
    if kept is None:
        return None
    known = {each.name for each in fields(llm.Usage)}
    values = {name: value for name, value in kept.items() if name in known}
    values["provider_tool_usage"] = None  # counts of the provider's own tools are in `raw`
    return llm.Usage(**values)


def _plain(value: Any) -> Any:
    """A value as JSON values, or `None` where it is none."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return None
