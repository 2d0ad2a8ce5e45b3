"""What a call passes to its prompt and its tools besides their arguments."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

from typing_extensions import TypeVar

__all__ = ["Context", "DepsT", "takes_context"]

DepsT = TypeVar("DepsT", default=None)
"""The type of a context's dependencies."""


@dataclass(kw_only=True)
class Context(Generic[DepsT]):
    """Dependencies handed to prompts and tools whose first parameter is `ctx: Context[...]`."""

    deps: DepsT
    """Whatever the prompt and the tools need: a connection, a user, a configuration."""


def takes_context(fn: Callable[..., Any]) -> bool:
    """Whether a function's first parameter is named `ctx` and annotated as a `Context`.

    `self` and `cls` are passed over. An annotation that cannot be resolved counts as another type.
    """
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        return False
    if parameters and parameters[0].name in {"self", "cls"}:
        parameters = parameters[1:]
    if not parameters or parameters[0].name != "ctx":
        return False
    annotation = parameters[0].annotation
    if isinstance(annotation, str):
        annotation = _resolve(fn, annotation)
    origin = typing.get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, Context)


def _resolve(fn: Callable[..., Any], annotation: str) -> object:
    """The object that a string annotation names, or `None`.

    Only this one annotation is evaluated, so that another parameter's forward reference to a name
    that does not exist yet does not hide the context.
    """
    target = inspect.unwrap(fn)
    target = getattr(target, "__func__", target)
    names = dict(getattr(target, "__globals__", {}))
    closure = getattr(target, "__closure__", None)
    if closure:
        for name, cell in zip(target.__code__.co_freevars, closure, strict=True):
            try:
                names[name] = cell.cell_contents
            except ValueError:  # a name that the enclosing function has not bound yet
                continue
    names.update(
        {parameter.__name__: parameter for parameter in getattr(target, "__type_params__", ())}
    )
    try:
        return eval(annotation, names)  # noqa: S307, the user's own annotation, as typing does it
    except Exception:  # noqa: BLE001, whatever evaluating it raises, it is not a context
        return None
