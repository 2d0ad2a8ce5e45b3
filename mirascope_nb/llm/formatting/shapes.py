"""How the values of a type are read out of JSON that is still arriving.

A shape knows two ways. A closed value is read whole, by pydantic. An open container is read member
by member where its type says what the members are: arrays, objects with string names, models, and
values of any type. The rest, unions of models among it, is read whole even while it is open.
"""

from __future__ import annotations

import collections.abc
import functools
import types
import typing
from typing import Any, Union

from pydantic import BaseModel, TypeAdapter

from mirascope_nb.llm.formatting.primitives import is_bare_model, is_model

__all__ = ["Shape", "UnexpectedMemberError", "shape_of"]


class UnexpectedMemberError(ValueError):
    """A model that forbids extra members has one."""


class Shape:
    """A type whose open values are read whole."""

    reads: tuple[type, ...] = ()
    """The kinds of open container that are read member by member: `dict`, `list`, or both."""

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation

    @functools.cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.annotation)

    def whole(self, value: object) -> Any:
        """A JSON value as this type.

        Raises:
            pydantic.ValidationError: If it does not fit. Validators of the user's may raise more.
        """
        return self._adapter.validate_python(value)

    def item(self) -> Shape:
        """The shape of an array's items: anything, where the type does not say."""
        return shape_of(Any)

    def member(self, name: str) -> tuple[str, Shape] | None:
        """What an object's member is called here, and its shape; `None` if it is passed over.

        Where the type does not say, a member keeps its name and may be anything.

        Raises:
            UnexpectedMemberError: If there may be no such member.
        """
        return name, shape_of(Any)

    def assemble(self, members: dict[str, Any]) -> Any:
        """An open object from those of its members that have been read."""
        return members


class AnyShape(Shape):
    """JSON as it is."""

    reads = (dict, list)

    def whole(self, value: object) -> Any:
        """The value itself."""
        return value


class ArrayShape(Shape):
    """A list."""

    reads = (list,)

    def __init__(self, annotation: Any, item_type: Any) -> None:
        super().__init__(annotation)
        self.item_type = item_type

    def item(self) -> Shape:
        """The shape of the items."""
        return shape_of(self.item_type)


class MapShape(Shape):
    """A dictionary with names of any kind."""

    reads = (dict,)

    def __init__(self, annotation: Any, value_type: Any) -> None:
        super().__init__(annotation)
        self.value_type = value_type

    def member(self, name: str) -> tuple[str, Shape] | None:
        """The same for each name."""
        return name, shape_of(self.value_type)


class ModelShape(Shape):
    """A partial model, of which any member may be missing."""

    reads = (dict,)

    def __init__(self, annotation: Any, model: type[BaseModel]) -> None:
        super().__init__(annotation)
        self.model = model
        self._extra = model.model_config.get("extra", "ignore")
        self._fields = _fields_by_name(model)
        self._shapes: dict[str, Shape] = {}

    def member(self, name: str) -> tuple[str, Shape] | None:
        """A field, by its name in JSON."""
        field = self._fields.get(name)
        if field is not None:
            if field not in self._shapes:  # made when first met, as a model may hold itself
                self._shapes[field] = shape_of(self.model.model_fields[field].annotation)
            return field, self._shapes[field]
        if self._extra == "forbid":
            raise UnexpectedMemberError(name)
        return (name, shape_of(Any)) if self._extra == "allow" else None

    def assemble(self, members: dict[str, Any]) -> Any:
        """An instance, in which the fields that are missing are `None`."""
        return self.model.model_construct(**members)


def shape_of(annotation: Any) -> Shape:
    """The shape of a type, in which models are partial already."""
    try:
        return _cached_shape_of(annotation)
    except TypeError:  # unhashable, as `Annotated[int, []]` is
        return _new_shape_of(annotation)


@functools.lru_cache(maxsize=1024)
def _cached_shape_of(annotation: Any) -> Shape:
    return _new_shape_of(annotation)


def _new_shape_of(annotation: Any) -> Shape:
    inner = annotation
    if typing.get_origin(annotation) in {Union, types.UnionType}:
        arms = [arm for arm in typing.get_args(annotation) if arm is not type(None)]
        if len(arms) != 1:
            return Shape(annotation)
        inner = arms[0]
    origin = typing.get_origin(inner) or inner
    arguments = typing.get_args(inner)
    if origin in {Any, object}:
        return AnyShape(annotation)
    if origin in {list, collections.abc.Sequence}:
        return ArrayShape(annotation, arguments[0] if arguments else Any)
    if origin in {dict, collections.abc.Mapping} and arguments[:1] in {(), (str,)}:
        return MapShape(annotation, arguments[1] if arguments else Any)
    if is_model(inner) and _is_plain(inner):
        return ModelShape(annotation, inner)
    return Shape(annotation)


def _is_plain(model: type[BaseModel]) -> bool:
    """Whether a model's instances can be put together from their members, one by one."""
    if is_bare_model(model):
        return False
    fields = model.model_fields
    return all(
        # No path or choice of names, and no field that is called as another one's alias.
        field.validation_alias is None
        or (isinstance(field.validation_alias, str) and field.validation_alias not in fields)
        or field.validation_alias == name
        for name, field in fields.items()
    )


def _fields_by_name(model: type[BaseModel]) -> dict[str, str]:
    """The fields of a model by what they are called in JSON."""
    settings = model.model_config
    by_alias = settings.get("validate_by_alias", True)
    by_name = settings.get("validate_by_name", settings.get("populate_by_name", False))
    names: dict[str, str] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        if isinstance(alias, str) and by_alias:
            names[alias] = name
        if alias is None or by_name:
            names[name] = name
    return names
