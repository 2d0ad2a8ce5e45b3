"""Objects that stand for a function: they look like it, are methods where it is, and pickle as it.

What a decorator of ours makes is such an object. As an attribute of a class it binds to an
instance by the rules of functions, `classmethod` and `staticmethod` included, whichever of them the
decorator stands above. It is pickled by reference to the name that the decorator gave it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS
from types import MethodType
from typing import Any, Protocol, Self, TypeVar, cast, overload

__all__ = ["Bindable", "Method", "function_of", "is_async", "look_like", "short_name"]

OwnerT = TypeVar("OwnerT", contravariant=True)  # noqa: PLC0105, the published convention of ours
BoundT = TypeVar("BoundT", covariant=True)  # noqa: PLC0105


class Method(Protocol[OwnerT, BoundT]):
    """What type checkers see of a decorated method whose second parameter is a context.

    The attribute of an instance is the bound object.
    """

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(self, instance: OwnerT, owner: type | None = None, /) -> BoundT: ...


class Bindable:
    """An object that stands for the function `fn`."""

    fn: Callable[..., Any]
    __qualname__: str
    __wrapped__: Any
    """What was decorated: the function, or a `classmethod` or `staticmethod` around it."""
    _unbound: Self | None = None
    """What a bound object was bound from; `None` for one that is not bound."""

    def bind(self, fn: Callable[..., Any], instance: object, owner: type | None) -> Self:  # noqa: ARG002, for what holds more that binds
        """A copy that stands for a bound method."""
        bound = object.__new__(type(self))
        vars(bound).update(vars(self))
        bound._unbound = self
        bound.fn = fn
        bound.__wrapped__ = fn
        return bound

    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        # A `classmethod` or `staticmethod` under the decorator knows best what it binds to.
        wrapped = self.__wrapped__
        getter = getattr(cast("type[Any]", type(wrapped)), "__get__", None)
        fn = wrapped if getter is None else getter(wrapped, instance, owner)
        return self if fn is self.fn or fn is wrapped else self.bind(fn, instance, owner)

    @property
    def __self__(self) -> object:
        """The instance, or class, that the object is bound to, as a method has it."""
        if self._unbound is None:
            raise AttributeError(f"{short_name(self)!r} is not bound to an instance")
        return cast("MethodType", self.fn).__self__

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or None in (self._unbound, other._unbound):
            return NotImplemented
        return self._unbound == other._unbound and self.fn == other.fn

    def __hash__(self) -> int:
        return object.__hash__(self) if self._unbound is None else hash((self._unbound, self.fn))

    def __getstate__(self) -> dict[str, Any]:
        return vars(self)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        if self._unbound is not None:
            instance, name = self.__self__, self.__qualname__.rpartition(".")[2]
            if getattr(instance, name, None) == self:
                return getattr, (instance, name)
        elif _found(self) is self:
            return self.__qualname__
        elif _found(self) is self.fn:  # decorated under another name than the function's
            return _made_again, (type(self), self.__getstate__())
        import pickle

        raise pickle.PicklingError(
            f"{type(self).__name__} '{short_name(self)}' is pickled by its name, as functions are: "
            "define and decorate it at the top level of a module."
        )


def _made_again(cls: type[Bindable], state: dict[str, Any]) -> Bindable:
    wrapper = object.__new__(cls)
    vars(wrapper).update(state)
    return wrapper


def _found(wrapper: Bindable) -> object:
    """What is at a wrapper's name in its module."""
    found: Any = sys.modules.get(wrapper.__module__)
    for part in wrapper.__qualname__.split("."):
        # Not by `getattr`, which would bind what a class holds.
        found = inspect.getattr_static(found, part, None)
        if isinstance(found, staticmethod):
            found = cast("Any", found).__func__
    return found


def function_of(fn: Any) -> Any:
    """The function behind a `classmethod` or `staticmethod`, else what is given."""
    return cast("Any", fn).__func__ if isinstance(fn, classmethod | staticmethod) else fn


def is_async(fn: Callable[..., Any]) -> bool:
    """Whether calling it gives a coroutine: a coroutine function, or an object that calls one."""
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(
        getattr(type(fn), "__call__", None)  # noqa: B004, the method itself is asked about
    )


def short_name(wrapper: object) -> str:
    """A function's name with its classes, and without the functions around it."""
    name = getattr(wrapper, "__qualname__", None) or getattr(wrapper, "__name__", None)
    if name is None:  # a `functools.partial`, or an object that is called
        name = type(getattr(wrapper, "__wrapped__", wrapper)).__name__
    return str(name).rpartition("<locals>.")[2]


def look_like(wrapper: object, fn: Any) -> None:
    """Give an object a function's name, docstring and annotations, and the function itself."""
    for attribute in WRAPPER_ASSIGNMENTS:
        if hasattr(fn, attribute):
            setattr(wrapper, attribute, getattr(fn, attribute))
    setattr(wrapper, "__wrapped__", fn)  # noqa: B010, `object` declares no such attribute
