"""The parameters of a tool function, with their annotations resolved."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import Field
from pydantic.fields import FieldInfo

from mirascope_nb.llm.annotations import parameters_of, resolve

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
    parameters = parameters_of(fn)
    if is_context_tool:
        parameters = parameters[1:]
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
            found.append(_parameter(fn, parameter))
    return Signature(parameters=tuple(found), takes_more=takes_more)


def _parameter(fn: Callable[..., Any], parameter: inspect.Parameter) -> Parameter:
    annotation: Any = Any
    if parameter.annotation is not parameter.empty:
        annotation = resolve(fn, parameter.name, parameter.annotation)
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
