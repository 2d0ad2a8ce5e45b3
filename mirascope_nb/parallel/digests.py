"""The digest that a journal knows a row by; pure.

It covers what the reply depends on: the messages, the model and its params, the tools and the
format's schema. The same digest in another process means that the same would be asked.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter

from mirascope_nb.parallel.rows import Row
from mirascope_nb.parallel.targets import Asked, Target

__all__ = ["describe_target", "row_digest"]

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def describe_target(target: Target) -> str:
    """What all rows of a map have in common, as canonical JSON."""
    model = target.model
    common: dict[str, Any] = {
        "model": None if model is None else model.model_id,
        "params": {} if model is None else dict(model.params),
        "tools": [
            {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
            if hasattr(tool, "parameters")
            else repr(tool)
            for tool in target.tools
        ],
        "format": _schema(target.format),
    }
    if model is None:
        fn = getattr(target, "fn", None)
        common["function"] = [target.name, _source(fn)]
    return canonical(common)


def row_digest(common: str, row: Row, asked: Asked | None) -> str:
    """The digest of one row, 64 hexadecimal digits."""
    what = {"args": row.args, "kwargs": row.kwargs} if asked is None else list(asked.messages)
    return hashlib.sha256(f"{common}\0{canonical(what)}".encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON text that is equal for equal values."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, bytes):
        return {"sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json"))
    if is_dataclass(value) and not isinstance(value, type):
        # `asdict` would copy an image's megabytes; and the kind of a part is in its fields.
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {str(key): _plain(each) for key, each in items}
    if isinstance(value, Sequence):
        return [_plain(each) for each in cast("Sequence[Any]", value)]
    if isinstance(value, AbstractSet):  # whose order is another one in each process
        return sorted(canonical(each) for each in cast("AbstractSet[Any]", value))
    return _ADDRESS.sub("", repr(value))


def _schema(format: Any) -> Any:
    if format is None:
        return None
    formattable = getattr(format, "formattable", format)
    try:
        return {
            "mode": getattr(format, "mode", None),
            "schema": TypeAdapter(formattable).json_schema(),
        }
    except Exception:  # noqa: BLE001, an output parser is a function and has no schema
        return _source(formattable) or _ADDRESS.sub("", repr(formattable))


def _source(fn: Any) -> str:
    """A function's text, so that an edited function is another one."""
    try:
        return inspect.getsource(inspect.unwrap(getattr(fn, "func", fn)))
    except (OSError, TypeError):
        return ""
