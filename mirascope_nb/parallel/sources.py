"""What a function's result depends on besides its arguments, as far as can be read from it.

That is its text; what it was made with, be it a `partial`, a closure or a method's object; and what
it reads of its module: constants, models, calls, and functions and classes of the same module.
Values that change as a program runs, such as lists and what the function itself assigns, are left
out: they would make each run another one.
"""

from __future__ import annotations

import dis
import functools
import inspect
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType, NoneType
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel

from mirascope_nb import llm
from mirascope_nb.parallel.canonical import UntoldError, canonical

__all__ = ["describe_function"]

_CONSTANTS = (
    *(str, bytes, int, float, complex, NoneType, Decimal),
    *(date, time, timedelta, UUID, PurePath, Enum, re.Pattern),
)
_CALLS = (llm.Call, llm.AsyncCall, llm.ContextCall, llm.AsyncContextCall)
_PROMPTS = (llm.Prompt, llm.AsyncPrompt, llm.ContextPrompt, llm.AsyncContextPrompt)


def describe_function(fn: Any) -> Any:
    """A function as JSON values, which differ when it is edited or made with other values."""
    return _Reader(getattr(fn, "__module__", None)).read(fn)


class _Reader:
    """Reads each function once, however often it is named."""

    def __init__(self, module: str | None) -> None:
        self._module = module
        self._seen: set[int] = set()

    def read(self, fn: Any) -> Any:
        if isinstance(fn, functools.partial):
            self._module = getattr(fn.func, "__module__", None)
            given = [*enumerate(fn.args), *sorted(fn.keywords.items())]
            return [self.read(fn.func), [[name, self._argument(each)] for name, each in given]]
        if isinstance(fn, MethodType):
            return [self.read(fn.__func__), self._state(fn.__self__)]
        if isinstance(fn, _CALLS):
            call = cast("Any", fn)
            return [self._value(call.model), self.read(call.prompt)]
        if isinstance(fn, _PROMPTS):
            prompt = cast("Any", fn)
            tools = [getattr(tool, "name", None) for tool in prompt.toolkit.tools]
            return [tools, self._value(prompt.format), self.read(prompt.fn)]
        fn = inspect.unwrap(fn)
        if id(fn) in self._seen:
            return fn.__qualname__
        self._seen.add(id(fn))
        if isinstance(fn, FunctionType):
            return [_text(fn), self._known(_read_names(fn))]
        if isinstance(fn, type):
            return [fn.__qualname__, _fields(fn), self._known(_members(fn))]
        return [self.read(type(fn)), self._state(fn)]

    def _argument(self, value: object) -> Any:
        """What a `partial` was given, be it a list: only its maker can have changed that."""
        if isinstance(value, llm.Context):
            return None
        try:
            return self._value(value) or canonical(value)
        except UntoldError:
            return type(value).__qualname__

    def _state(self, owner: object) -> Any:
        if isinstance(owner, llm.Model | type):
            return self._value(owner)
        try:
            named = vars(owner)
        except TypeError:
            return None
        return self._known(named.items())

    def _known(self, named: Iterable[tuple[str, object]]) -> Any:
        values = ((name, self._value(each)) for name, each in sorted(named, key=_first))
        return {name: value for name, value in values if value is not None}

    def _value(self, value: object) -> Any:
        """What stays the same as a program runs; `None` for anything else."""
        if isinstance(value, _CONSTANTS):
            return canonical(value)
        if isinstance(value, tuple | frozenset):
            each = [self._value(each) for each in cast("Iterable[object]", value)]
            return sorted(each, key=repr) if isinstance(value, frozenset) else each
        if isinstance(value, llm.Model):
            return canonical([value.model_id, dict(value.params)])
        if isinstance(value, (*_CALLS, *_PROMPTS)):
            return self.read(value)
        if isinstance(value, FunctionType | type) and value.__module__ == self._module:
            return self.read(value)
        return None


def _fields(kind: type[Any]) -> Any:
    """The fields of a class. Its text is not to be had where a notebook's cell has defined it."""
    if issubclass(kind, BaseModel):
        return kind.model_json_schema()
    with suppress(NameError):
        return sorted((name, str(each)) for name, each in inspect.get_annotations(kind).items())
    return None


def _members(kind: type[Any]) -> Iterable[tuple[str, object]]:
    """The methods and values of a class, without those that Python or a decorator adds."""
    for name, each in vars(kind).items():
        if name in {"__new__", "__init__", "__call__"} or not name.startswith("__"):
            yield name, each


def _first(pair: tuple[str, object]) -> str:
    return pair[0]


def _read_names(fn: FunctionType) -> Iterable[tuple[str, object]]:
    """The values that a function reads of its closure and its module, and does not assign."""
    read: set[str] = set()
    assigned: set[str] = set()
    for code in _codes(fn.__code__):
        for step in dis.get_instructions(code):
            if step.opname in {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"}:
                read.add(str(step.argval))
            elif step.opname in {"STORE_GLOBAL", "STORE_DEREF"}:
                assigned.add(str(step.argval))
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
        if name in read - assigned:
            try:
                yield name, cell.cell_contents
            except ValueError:  # not assigned yet
                continue
    for name in read - assigned - set(fn.__code__.co_freevars):
        if name in fn.__globals__:
            yield name, fn.__globals__[name]
    yield "defaults", fn.__defaults__
    yield "named defaults", tuple(sorted((fn.__kwdefaults__ or {}).items(), key=_first))


def _codes(code: CodeType) -> Iterable[CodeType]:
    """A function's code, and that of the functions in it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _text(fn: FunctionType) -> Any:
    """A function's text; of a lambda, whose text is the whole line it stands in, its code."""
    if fn.__name__ != "<lambda>":
        with suppress(OSError, TypeError):
            return inspect.getsource(fn)
    return [_steps(code) for code in _codes(fn.__code__)]


def _steps(code: CodeType) -> list[str]:
    steps: list[str] = []
    for step in dis.get_instructions(code):
        value: object = step.argval
        told = "" if isinstance(value, CodeType) else step.argrepr
        if isinstance(value, frozenset):  # whose order is another one in each process
            told = canonical(value)
        steps.append(f"{step.opname} {told}")
    return steps
