"""Which types are models, and a model around those that are not, so that JSON can carry them."""

from __future__ import annotations

import functools
import inspect
import sys
import types
import typing
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import TypeIs

__all__ = [
    "PrimitiveType",
    "create_wrapper_model",
    "is_bare_model",
    "is_model",
    "is_primitive_type",
    "type_name",
]

PrimitiveType: TypeAlias = (
    str
    | int
    | float
    | bool
    | bytes
    | list[Any]
    | set[Any]
    | tuple[Any, ...]
    | dict[Any, Any]
    | Enum
    | None
)
"""A value of a type that is wrapped; `Literal`, unions and `Annotated` types are too."""

_PRIMITIVES = frozenset({str, int, float, bool, bytes, list, set, tuple, dict, frozenset})
_PRIMITIVE_ORIGINS = _PRIMITIVES | {Literal, Union, types.UnionType, Annotated}


def is_primitive_type(formattable: object) -> bool:
    """Whether a type is one that has to be wrapped: no model, parser or `Format`."""
    origin = typing.get_origin(formattable)
    if origin is not None:
        return origin in _PRIMITIVE_ORIGINS
    if isinstance(formattable, type):
        return formattable in _PRIMITIVES or issubclass(formattable, Enum)
    return False


def is_model(formattable: object) -> TypeIs[type[BaseModel]]:
    """Whether a value is a pydantic model class."""
    if "pydantic" not in sys.modules:  # then nobody has defined one
        return False
    from pydantic import BaseModel

    # A generic alias such as `list[int]` is a `type` to `isinstance` and an error to `issubclass`.
    return inspect.isclass(formattable) and issubclass(formattable, BaseModel)


def is_bare_model(model: type[BaseModel]) -> bool:
    """Whether a model stands for a bare value, with no name around it: a `RootModel`."""
    from pydantic import RootModel

    return issubclass(model, RootModel)


def type_name(formattable: object) -> str:
    """How a type is called: `str`, `list` for `list[Book]`, `int | str`."""
    name = getattr(formattable, "__name__", None)
    return name if isinstance(name, str) else str(formattable)


def create_wrapper_model(primitive: object) -> type[BaseModel]:
    """A model with the one required field `output`, of the given type.

    The same type gives the same model, where the type is hashable.
    """
    try:
        # With its `repr`: `int | str` and `str | int` are equal, and their schemas are not.
        return _cached_wrapper_model(primitive, repr(primitive))
    except TypeError:
        if _is_hashable(primitive):
            raise
        return _wrapper_model(primitive)  # such as `Annotated[int, []]`


@functools.lru_cache(maxsize=256)
def _cached_wrapper_model(primitive: object, _: str, /) -> type[BaseModel]:
    return _wrapper_model(primitive)


def _wrapper_model(primitive: object) -> type[BaseModel]:
    from pydantic import create_model

    name = type_name(primitive)
    fields: dict[str, Any] = {"output": (primitive, ...)}
    return create_model(f"{name}Output", __doc__=f"Wrapper for primitive type {name}", **fields)


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
