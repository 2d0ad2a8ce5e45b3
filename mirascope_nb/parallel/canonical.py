"""Values as JSON text that is equal for equal values, in every process; pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from types import BuiltinFunctionType, FunctionType
from typing import Any, cast

from pydantic import BaseModel

__all__ = ["UntoldError", "canonical"]

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class UntoldError(TypeError):
    """A value cannot be told from others of its kind."""


def canonical(value: Any) -> str:
    """JSON text that is equal for equal values.

    An object that is none of the usual values is what `pickle` would take of it.

    Raises:
        UntoldError: If there is no telling what a value is, such as an open socket.
    """
    try:
        return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        raise UntoldError(f"a {type(value).__name__} that holds itself") from None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, bytes | bytearray):
        return {"sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, type | FunctionType | BuiltinFunctionType):
        return [value.__module__, value.__qualname__]
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json"))
    if is_dataclass(value):
        # `asdict` would copy an image's megabytes; and the kind of a part is in its fields.
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {str(key): _plain(each) for key, each in items}
    if isinstance(value, Sequence):
        return [_plain(each) for each in cast("Sequence[Any]", value)]
    if isinstance(value, AbstractSet):  # whose order is another one in each process
        return sorted(canonical(each) for each in cast("AbstractSet[Any]", value))
    return _parts(value)


def _parts(value: object) -> Any:
    """What an object is made of. Its `repr` may leave out most of it, as that of an array does."""
    try:
        reduced = value.__reduce_ex__(4)
    except Exception as error:
        text = repr(value)
        if type(value).__repr__ is object.__repr__ or _ADDRESS.search(text):
            raise UntoldError(f"a {type(value).__qualname__}") from error
        return text
    if isinstance(reduced, str):
        return [type(value).__qualname__, reduced]
    make, arguments, *more = reduced
    state, items, pairs = (*more, None, None, None)[:3]
    return [_plain(each) for each in (make, arguments, state, list(items or ()), list(pairs or ()))]
