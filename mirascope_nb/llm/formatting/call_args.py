"""Format fields filled from the caller's arguments instead of by the model."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NoReturn, Union, cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticOmit

from mirascope_nb.llm.formatting.primitives import is_model

__all__ = ["FromCallArgs", "fill_from_call_args", "takes_call_args"]


@dataclass(frozen=True)
class FromCallArgs:
    """Marks a field of a format that is filled from the call's argument of the same name.

    The field is left out of the schema, so the model neither sees nor answers it. Where the model
    answers it all the same, the call's argument wins.

    Example:
        ```python
        class Summary(BaseModel):
            text: Annotated[str, FromCallArgs()]
            headline: str


        @llm.call("openai/gpt-4o", format=Summary)
        def summarize(text: str):
            return f"Summarize: {text}"
        ```
    """

    def __get_pydantic_json_schema__(self, schema: object, handler: object) -> NoReturn:
        """Leave the field out of every JSON schema."""
        raise PydanticOmit


def takes_call_args(model: type[BaseModel]) -> bool:
    """Whether a model, or one inside it, has a field that is marked `FromCallArgs`."""
    seen: set[type[BaseModel]] = set()
    waiting = [model]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for field in current.model_fields.values():
            if _is_marked(field):
                return True
            waiting.extend(_models_in(field.annotation))
    return False


def fill_from_call_args(
    model: type[BaseModel], value: object, call_args: Mapping[str, object]
) -> object:
    """Put the call's arguments where a model's marked fields are.

    Args:
        model: The model that will validate the value.
        value: A JSON value, which is changed in place.
        call_args: The call's arguments by name. A marked field that has none is left as it is,
            so that its default applies, or validation says it is missing.

    Returns:
        The same value.
    """
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, object]", value)
    for name, field in model.model_fields.items():
        key = field.validation_alias if isinstance(field.validation_alias, str) else name
        if not _is_marked(field):
            _fill_inside(field.annotation, members.get(key), call_args)
        elif name in call_args:
            members[key] = call_args[name]
    return members


_ARRAYS = frozenset({list, set, frozenset, tuple, Sequence})


def _fill_inside(annotation: object, value: object, call_args: Mapping[str, object]) -> None:
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if is_model(annotation):
        fill_from_call_args(annotation, value, call_args)
    elif origin is Annotated:
        _fill_inside(arguments[0], value, call_args)
    elif origin in {Union, types.UnionType}:
        # Of several models that it may be, all that have the field agree on what it holds.
        for each in arguments:
            _fill_inside(each, value, call_args)
    elif origin is dict and isinstance(value, dict):
        for member in cast("dict[str, object]", value).values():
            _fill_inside(arguments[1], member, call_args)
    elif origin in _ARRAYS and isinstance(value, list):
        for item in cast("list[object]", value):
            _fill_inside(arguments[0], item, call_args)


def _is_marked(field: FieldInfo) -> bool:
    return any(item is FromCallArgs or isinstance(item, FromCallArgs) for item in field.metadata)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The model classes that an annotation is made of."""
    if is_model(annotation):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)
