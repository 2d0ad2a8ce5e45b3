"""What a function's annotations mean: one resolver for context detection and tool schemas."""

from __future__ import annotations

import importlib
import inspect
import typing
import weakref
from collections.abc import Callable, Iterator
from types import CodeType, SimpleNamespace
from typing import Any

__all__ = ["parameters_of", "resolve"]

# What was resolved with the help of a frame that is gone by the time of a call.
_resolved: weakref.WeakKeyDictionary[Callable[..., Any], dict[str, Any]] = (
    weakref.WeakKeyDictionary()
)


def parameters_of(fn: Callable[..., Any]) -> list[inspect.Parameter]:
    """A function's parameters without `self` or `cls`, annotations as they stand.

    Raises:
        TypeError: If it is not callable.
        ValueError: If it is a builtin that does not say.
    """
    try:
        signature = inspect.signature(fn)
    except NameError:
        # From Python 3.14 on annotations are evaluated here, and a name may not exist yet.
        annotationlib: Any = importlib.import_module("annotationlib")
        lazy: dict[str, Any] = {"annotation_format": annotationlib.Format.FORWARDREF}
        signature = inspect.signature(fn, **lazy)
    parameters = list(signature.parameters.values())
    return parameters[1:] if parameters and parameters[0].name in {"self", "cls"} else parameters


def resolve(fn: Callable[..., Any], name: str, annotation: object) -> Any:
    """What one parameter's annotation means, metadata included.

    Postponed annotations know the module's names only. Those of the functions and classes around
    are in their frames, which are still there while a decorator runs; what they gave is kept.
    Each annotation is resolved by itself: one that cannot be does not hide another.

    Args:
        fn: The function.
        name: The parameter.
        annotation: What its signature says, which may be text.

    Raises:
        NameError: If the annotation names something that cannot be found.
    """
    target: Any = inspect.unwrap(fn)
    target = getattr(target, "__func__", target)
    if not hasattr(target, "__code__"):  # a callable object or a class: its method's names count
        target = target.__init__ if isinstance(target, type) else type(target).__call__
    if not hasattr(target, "__code__"):  # written in C, or made by a metaclass
        return annotation
    known = _resolved.get(target, {})
    if name in known:
        return known[name]
    holder = SimpleNamespace(__annotations__={name: annotation})
    module: dict[str, Any] = getattr(target, "__globals__", {})
    names = dict(_names_around(target))
    used_frames = bool(names)
    names.update(_closure(target))
    while True:
        try:
            found = typing.get_type_hints(holder, module, names, include_extras=True)[name]
        except NameError as error:
            if error.name is None or error.name in names:
                raise
            names[error.name] = _in_callers(error)
            used_frames = True
        else:
            if used_frames:
                _resolved.setdefault(target, {})[name] = found
            return found


def _closure(fn: Any) -> Iterator[tuple[str, Any]]:
    """Names of enclosing functions that the body uses, and the type parameters of its own."""
    for cell_name, cell in zip(
        getattr(getattr(fn, "__code__", None), "co_freevars", ()),
        getattr(fn, "__closure__", None) or (),
        strict=False,
    ):
        try:
            yield cell_name, cell.cell_contents
        except ValueError:  # a name that the enclosing function has not bound yet
            continue
    for parameter in getattr(fn, "__type_params__", ()):
        yield parameter.__name__, parameter


def _names_around(fn: Any) -> dict[str, Any]:
    """The locals of the functions and classes that a definition stands in, the inner ones winning.

    A frame is around a function whose code is among the constants of the frame's.
    """
    code: CodeType | None = getattr(fn, "__code__", None)
    frame = inspect.currentframe()
    scopes: list[dict[str, Any]] = []
    while frame is not None and code is not None:
        if any(constant is code for constant in frame.f_code.co_consts):
            if frame.f_locals is frame.f_globals:
                break
            scopes.append(frame.f_locals)
            code = frame.f_code
        frame = frame.f_back
    return {name: value for scope in reversed(scopes) for name, value in scope.items()}


def _in_callers(error: NameError) -> Any:
    """The value of a missing name in the nearest frame outside this package that has it."""
    frame = inspect.currentframe()
    while frame is not None:
        is_ours = str(frame.f_globals.get("__name__")).startswith("mirascope_nb.")
        if not is_ours and error.name in frame.f_locals:
            return frame.f_locals[error.name]
        frame = frame.f_back
    raise error
