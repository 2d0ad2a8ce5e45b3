"""The parameters of a tool function, with their annotations resolved."""

from __future__ import annotations

import inspect
import typing
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import Field
from pydantic.fields import FieldInfo

__all__ = ["Parameter", "Signature", "tool_signature"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A parameter that a model fills in."""

    name: str
    type: Any
    """Its annotation, resolved, with its metadata; `Any` where there is none."""
    description: str | None
    """From `Annotated[..., Field(description=...)]`, if that is how it is described."""
    default: Any
    """The default of the signature, or `inspect.Parameter.empty` if it is required."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """What a model may pass to a tool."""

    parameters: tuple[Parameter, ...]
    takes_more: bool
    """Whether the function has `**kwargs`."""


def tool_signature(fn: Callable[..., Any], *, is_context_tool: bool = False) -> Signature:
    """What a model may pass to a function.

    Args:
        fn: The function. `self` and `cls` are passed over, and so is `*args`.
        is_context_tool: Whether the first parameter is the context, which no model fills in.

    Raises:
        NameError: If an annotation names something that cannot be found.
        TypeError: If a parameter is positional-only, as arguments are passed by name, or has a
            `Field` for its default.
    """
    parameters = list(inspect.signature(fn).parameters.values())
    if parameters and parameters[0].name in {"self", "cls"}:
        parameters = parameters[1:]
    if is_context_tool:
        parameters = parameters[1:]
    hints = _type_hints(fn)
    found: list[Parameter] = []
    takes_more = False
    for parameter in parameters:
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise TypeError(
                f"A tool's arguments are passed by name, but '{parameter.name}' of "
                f"'{getattr(fn, '__name__', fn)}' is positional-only"
            )
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_more = True
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            found.append(_parameter(parameter, hints.get(parameter.name, Any)))
    return Signature(parameters=tuple(found), takes_more=takes_more)


def _parameter(parameter: inspect.Parameter, annotation: Any) -> Parameter:
    if isinstance(parameter.default, FieldInfo):
        raise TypeError(
            f"The default of '{parameter.name}' is a Field, which the function would be given as "
            f"its value; write {parameter.name}: Annotated[..., Field(...)]"
        )
    annotation, description = _without_field_names(annotation)
    return Parameter(
        name=parameter.name,
        type=annotation,
        description=description,
        default=parameter.default,
    )


def _without_field_names(annotation: Any) -> tuple[Any, str | None]:
    """An annotation whose `Field`s only describe and constrain, and their description.

    The signature alone says what a parameter is called and what its default is, so aliases and
    defaults of a `Field` are dropped.
    """
    if get_origin(annotation) is not Annotated:
        return annotation, None
    base, *metadata = get_args(annotation)
    description: str | None = None
    kept: list[Any] = []
    for item in metadata:
        if not isinstance(item, FieldInfo):
            kept.append(item)
            continue
        description = item.description or description
        kept.extend(item.metadata)
        kept.append(
            Field(
                title=item.title,
                description=item.description,
                examples=item.examples,
                discriminator=item.discriminator,
                deprecated=item.deprecated,
                json_schema_extra=item.json_schema_extra,
            )
        )
    return Annotated[(base, *kept)], description


# Annotations that were resolved with the help of a frame that is gone by the time of a call.
_resolved: weakref.WeakKeyDictionary[Callable[..., Any], dict[str, Any]] = (
    weakref.WeakKeyDictionary()
)


def _type_hints(fn: Callable[..., Any]) -> dict[str, Any]:
    target = inspect.unwrap(fn)
    target = getattr(target, "__func__", target)
    try:
        return typing.get_type_hints(target, include_extras=True)
    except NameError as error:
        hints = _resolved.get(target) or _hints_from_frames(target, error.name)
        if hints is None:
            raise
        _resolved[target] = hints
        return hints
    except TypeError:  # a callable object: the annotations are those of its method
        return typing.get_type_hints(type(target).__call__, include_extras=True)


def _hints_from_frames(fn: Callable[..., Any], missing: str | None) -> dict[str, Any] | None:
    """The annotations of a function that name something of a function around it.

    Postponed annotations know the module's names only. Names of an enclosing function are in its
    frame, which is still there while a decorator runs.
    """
    names: dict[str, Any] = {}
    frame = inspect.currentframe()
    while frame is not None and missing is not None:
        is_ours = str(frame.f_globals.get("__name__")).startswith("mirascope_nb.")
        if missing in frame.f_locals and missing not in names and not is_ours:
            names[missing] = frame.f_locals[missing]
            try:
                return typing.get_type_hints(fn, localns=names, include_extras=True)
            except NameError as error:
                missing = error.name
                continue  # in the same frame
        frame = frame.f_back
    return None
