"""Model classes whose instances may be unfinished."""

from __future__ import annotations

import threading
import types
import typing
import warnings
from typing import TYPE_CHECKING, Annotated, Any, ForwardRef, NoReturn, TypeAlias, Union
from weakref import WeakKeyDictionary

import annotated_types
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, create_model
from pydantic.fields import FieldInfo

from mirascope_nb.llm.formatting.call_args import FromCallArgs
from mirascope_nb.llm.formatting.primitives import is_bare_model, is_model
from mirascope_nb.llm.formatting.types import FormatT

__all__ = ["Partial", "partial_model"]

if TYPE_CHECKING:
    # To a type checker it is the model itself, so that its fields can be got at.
    Partial: TypeAlias = Annotated[FormatT, "partial"]
else:

    class Partial:
        """`Partial[Book]` is a `Book` that is still arriving: any field may be `None`.

        It is a model class of its own, called `PartialBook`. Its fields have the types of the
        original's, or `None`, which is their default; and so have those of the models inside it.
        What can be asked of whole values only is not checked: lengths, ranges, patterns, and the
        validators of the model. The same model gives the same class, and anything that is
        not a model is returned unchanged.
        """

        def __new__(cls, *_: object, **__: object) -> NoReturn:
            """Refuse; there are only the classes that `Partial[...]` makes."""
            raise TypeError("Partial is not to be instantiated; write Partial[Model]")

        def __init_subclass__(cls, **_: object) -> NoReturn:
            raise TypeError("Partial is not to be subclassed; write Partial[Model]")

        def __class_getitem__(cls, model: object) -> object:
            """The partial form of a model class."""
            return partial_model(model) if is_model(model) else model


_partials: WeakKeyDictionary[type[BaseModel], type[BaseModel]] = WeakKeyDictionary()
_lock = threading.RLock()


def partial_model(model: type[BaseModel]) -> type[BaseModel]:
    """The class that `Partial[model]` is.

    A model around a bare value (`RootModel`) has no fields to be missing, and is its own.
    """
    if is_bare_model(model):
        return model
    with _lock:
        if model not in _partials:
            _Maker().make(model)
        return _partials[model]


# Settings that a partial model shares with its original: how fields are called and what fits them.
_KEPT_SETTINGS = (
    "allow_inf_nan",
    "arbitrary_types_allowed",
    "coerce_numbers_to_str",
    "extra",
    "frozen",
    "populate_by_name",
    "ser_json_bytes",
    "ser_json_inf_nan",
    "ser_json_timedelta",
    "serialize_by_alias",
    "use_enum_values",
    "val_json_bytes",
    "validate_by_alias",
    "validate_by_name",
)

# What goes with a whole value only. Discriminators go too, for a union is told apart by a field
# that may not have come yet.
_DROPPED_METADATA = (
    annotated_types.BaseMetadata,
    annotated_types.GroupedMetadata,
    Discriminator,
    FieldInfo,
    FromCallArgs,
    Tag,
)


class _Maker:
    """Makes the partial form of one model and of those inside it, which may refer to each other."""

    def __init__(self) -> None:
        self.made: dict[type[BaseModel], type[BaseModel]] = {}
        self.names: dict[type[BaseModel], str] = {}
        self.has_cycle = False

    def make(self, model: type[BaseModel]) -> None:
        """Make the partial form of a model, and remember all that were made on the way."""
        self._class_of(model)
        if self.has_cycle:
            namespace = {self.names[model]: made for model, made in self.made.items()}
            for made in self.made.values():
                made.model_rebuild(force=True, _types_namespace=namespace)
        _partials.update(self.made)

    def _class_of(self, model: type[BaseModel]) -> Any:
        if is_bare_model(model):
            return model
        if model in self.made:
            return self.made[model]
        if model in _partials:
            return _partials[model]
        if model in self.names:  # it is being made, further out
            self.has_cycle = True
            return ForwardRef(self.names[model])
        self.names[model] = f"Partial_{len(self.names)}"
        model.model_rebuild(raise_errors=False)  # it may have named a class that came after it
        fields: dict[str, Any] = {
            name: (self._field_type(field), self._field(field))
            for name, field in model.model_fields.items()
        }
        settings: dict[str, Any] = {
            name: value for name, value in model.model_config.items() if name in _KEPT_SETTINGS
        }
        with warnings.catch_warnings():
            # A name that shadows one of pydantic's was warned of when the original was defined.
            warnings.simplefilter("ignore", UserWarning)
            made = create_model(
                f"Partial{model.__name__}",
                __config__=ConfigDict(**settings, protected_namespaces=()),
                __module__=model.__module__,
                __doc__=model.__doc__,
                **fields,
            )
        self.made[model] = made
        return made

    def _field(self, field: FieldInfo) -> Any:
        return Field(
            default=None,
            alias=field.alias,
            validation_alias=field.validation_alias,
            serialization_alias=field.serialization_alias,
            title=field.title,
            description=field.description,
            examples=field.examples,
            exclude=field.exclude,
            repr=field.repr,
            json_schema_extra=field.json_schema_extra,
        )

    def _field_type(self, field: FieldInfo) -> Any:
        return Union[self._annotated(field.annotation, field.metadata), None]  # noqa: UP007

    def _annotated(self, base: object, metadata: typing.Iterable[object]) -> Any:
        partial = self._type(base)
        if partial is not base:
            # A function that goes with the original would be given the partial form instead.
            return partial
        kept = [item for item in metadata if not isinstance(item, _DROPPED_METADATA)]
        return Annotated[(base, *kept)] if kept else base

    def _type(self, annotation: Any) -> Any:
        """An annotation in which every model is partial; the same object if it holds none."""
        if is_model(annotation):
            return self._class_of(annotation)
        origin = typing.get_origin(annotation)
        arguments = typing.get_args(annotation)
        if origin is Annotated:
            return self._annotated(arguments[0], arguments[1:])
        if origin is typing.Literal or not arguments:
            return annotation
        partial = tuple(self._type(argument) for argument in arguments)
        if all(new is old for new, old in zip(partial, arguments, strict=True)):
            return annotation
        if origin in {Union, types.UnionType}:
            return Union[partial]  # noqa: UP007
        return origin[partial]
