"""What a call passes to its prompt and its tools besides their arguments."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

from typing_extensions import TypeVar

from mirascope_nb.llm.annotations import parameters_of, resolve

__all__ = ["Context", "DepsT", "require_context", "takes_context"]

DepsT = TypeVar("DepsT", default=None)
"""The type of a context's dependencies."""


@dataclass(kw_only=True)
class Context(Generic[DepsT]):
    """Dependencies handed to prompts and tools whose first parameter is `ctx: Context[...]`."""

    deps: DepsT
    """Whatever the prompt and the tools need: a connection, a user, a configuration."""


def require_context(given: object) -> None:
    """Refuse anything other than a context.

    Raises:
        TypeError: If it is not an `llm.Context`.
    """
    if not isinstance(given, Context):
        raise TypeError(f"ctx must be a context, as in llm.Context(deps=...), not {given!r}")


def takes_context(fn: Callable[..., Any]) -> bool:
    """Whether a function's first parameter is named `ctx` and annotated as a `Context`.

    `self` and `cls` are passed over. An annotation that cannot be resolved counts as another type.
    """
    try:
        parameters = parameters_of(fn)
    except (TypeError, ValueError):
        return False
    if not parameters or parameters[0].name != "ctx":
        return False
    annotation = parameters[0].annotation
    if not isinstance(annotation, type) and typing.get_origin(annotation) is None:
        try:
            annotation = resolve(fn, "ctx", annotation)
        except Exception:  # noqa: BLE001, whatever evaluating it raises, it is not a context
            return False
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    origin = typing.get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, Context)
