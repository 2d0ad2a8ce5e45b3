"""Fields of a format that the caller knows, and the model is not asked for."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, NoReturn, Union, cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticOmit

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


def _fill_inside(annotation: object, value: object, call_args: Mapping[str, object]) -> None:
    if isinstance(value, list):
        for item in cast("list[object]", value):
            _fill_inside(annotation, item, call_args)
    elif isinstance(value, dict):
        # Of several models that it may be, all that have the field agree on what it holds.
        for model in _models_in(annotation):
            fill_from_call_args(model, cast("object", value), call_args)
        if typing.get_origin(annotation) is dict:
            for item in cast("dict[str, object]", value).values():
                _fill_inside(annotation, item, call_args)


def _is_marked(field: FieldInfo) -> bool:
    return any(item is FromCallArgs or isinstance(item, FromCallArgs) for item in field.metadata)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The model classes that an annotation is made of."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        yield from _models_in(typing.get_args(annotation)[0])
    elif origin in {Union, types.UnionType, list, dict, set, frozenset, tuple}:
        for argument in typing.get_args(annotation):
            yield from _models_in(argument)
    elif isinstance(annotation, type) and origin is None and issubclass(annotation, BaseModel):
        yield annotation
