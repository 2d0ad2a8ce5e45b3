"""Replies and other results as JSON and back: what a journal keeps of a row.

What comes back equals what was kept, or else it is not kept. A reply of a function has its messages
with it; those of a call are made again from the row.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any, cast

from pydantic import TypeAdapter

from mirascope_nb import llm

__all__ = ["UnkeptError", "keep", "restore"]

_FACES = {
    each.__name__: each
    for each in (llm.Response, llm.AsyncResponse, llm.ContextResponse, llm.AsyncContextResponse)
}
_REPLIES: dict[type[Any], str] = {
    **{face: name for name, face in _FACES.items()},
    llm.StreamResponse: "Response",
    llm.AsyncStreamResponse: "AsyncResponse",
    llm.ContextStreamResponse: "ContextResponse",
    llm.AsyncContextStreamResponse: "AsyncContextResponse",
}
"""Replies, and the faces that they come back with: what streamed is there as a whole."""


class UnkeptError(TypeError):
    """A result cannot be written down as JSON."""


def keep(result: Any, *, returns: Any = None, with_messages: bool = False) -> dict[str, Any]:
    """A result as JSON values, from which `restore` makes it again.

    Args:
        result: A reply, or what a function has returned.
        returns: What the function says that it returns.
        with_messages: Whether to keep what was asked with a reply.

    Raises:
        UnkeptError: If `restore` could not make the same of it.
    """
    face = next((name for kind, name in _REPLIES.items() if isinstance(result, kind)), None)
    if face is not None:
        return {"kind": "reply", "face": face, **_keep_reply(result, with_messages=with_messages)}
    if getattr(result, "shape", None) == ():
        result = result.item()  # a number of numpy's
    if _is_json(result):
        return {"kind": "value", "value": result}
    kind = cast("type[Any]", type(result))
    for each in (returns, kind):
        # Of what pydantic knows nothing it raises what it likes.
        with suppress(Exception):
            value = _adapter(each).dump_python(result, mode="json", warnings="error")
            if _adapter(each).validate_python(value) == result:
                return {"kind": "value", "value": value, "type": _name_of(kind)}
    raise UnkeptError(f"a journal keeps replies, models and JSON values, not this {kind.__name__}")


def restore(
    kept: Mapping[str, Any],
    *,
    messages: Sequence[llm.Message] = (),
    tools: Sequence[Any] = (),
    format: Any = None,
    returns: Any = None,
) -> Any:
    """What `keep` was given.

    Args:
        kept: What `keep` gave.
        messages: What was asked, unless that was kept.
        tools: The tools that were offered.
        format: The format that was asked for.
        returns: What a function says that it returns, to make a model or dataclass of JSON again.
    """
    if kept["kind"] == "reply":
        return _restore_reply(kept, messages, tools, format)
    value, name = kept["value"], kept.get("type")
    for kind in (returns, _named(name)) if name else ():
        with suppress(Exception):  # such as of a model that has changed since
            made = _adapter(kind).validate_python(value)
            if _name_of(type(made)) == name:
                return made
    return value  # what cannot be made again stays what was written


def _keep_reply(reply: Any, *, with_messages: bool) -> dict[str, Any]:
    *asked, answer = reply.messages
    finish = reply.finish_reason
    return {
        "provider_id": reply.provider_id,
        "model_id": reply.model_id,
        "provider_model_name": reply.provider_model_name,
        "params": _plain(dict(reply.params)),
        "asked": _dumped(list[llm.Message], asked) if with_messages else None,
        "answer": _dumped(llm.AssistantMessage, answer),
        "finish_reason": None if finish is None else finish.value,
        "usage": None if reply.usage is None else _plain(asdict(reply.usage)),
        "format": None
        if reply.format is None
        else [reply.format.mode, _name_of(reply.format.formattable)],
        "raw": _plain(getattr(reply, "raw", None)),
    }


def _restore_reply(
    kept: Mapping[str, Any], messages: Sequence[llm.Message], tools: Sequence[Any], format: Any
) -> Any:
    finish, asked = kept["finish_reason"], kept["asked"]
    mode, name = kept["format"] or (None, "")
    formattable = format or _named(name)
    make = cast("Any", llm.format)
    return _FACES[kept["face"]](
        raw=kept["raw"],
        provider_id=kept["provider_id"],
        model_id=kept["model_id"],
        provider_model_name=kept["provider_model_name"],
        params=cast("llm.Params", kept["params"]),
        tools=list(tools),
        format=None if not mode or formattable is None else make(formattable, mode=mode),
        input_messages=list(messages)
        if asked is None
        else _adapter(list[llm.Message]).validate_python(asked),
        assistant_message=_adapter(llm.AssistantMessage).validate_python(kept["answer"]),
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


def _dumped(kind: Any, value: Any) -> Any:
    """A value of a type as JSON values.

    Raises:
        UnkeptError: If it has none, as text with half a surrogate pair.
    """
    try:
        return _adapter(kind).dump_python(value, mode="json")
    except Exception as error:
        raise UnkeptError(f"a journal cannot keep this {type(value).__name__}") from error


def _is_json(value: object) -> bool:
    """Whether JSON gives back just this."""
    kind = type(value)
    if kind is list:
        return all(map(_is_json, cast("list[object]", value)))
    if kind is dict:
        named = cast("dict[object, object]", value)
        return all(type(key) is str and _is_json(each) for key, each in named.items())
    return value is None or kind in {str, int, float, bool}


def _plain(value: Any) -> Any:
    """A value as JSON values, or `None` where it is none."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return None


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _name_of(kind: Any) -> str:
    return f"{getattr(kind, '__module__', '')}:{getattr(kind, '__qualname__', '')}"


def _named(name: str) -> Any:
    """A type by its name, if whoever defines it is there already; `None` if not."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None
