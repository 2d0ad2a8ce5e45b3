from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from mirascope_nb.llm.tools.arguments import convert_arguments
from mirascope_nb.llm.tools.schema import ToolSchema
from mirascope_nb.llm.tools.signatures import tool_signature


def types_of(fn: Callable[..., Any]) -> dict[str, Any]:
    return {each.name: each.type for each in tool_signature(fn).parameters}


def test_postponed_annotations_are_resolved() -> None:
    def plan(day: dt.date, label: Annotated[str, "kept"]) -> None: ...

    assert types_of(plan) == {"day": dt.date, "label": Annotated[str, "kept"]}


def test_names_of_the_function_around_are_found_also_when_it_is_over() -> None:
    def around() -> tuple[type[BaseModel], ToolSchema[Any]]:
        class Local(BaseModel):
            x: int

        class Other(BaseModel):
            y: int

        def use(value: Local, other: list[Other], *, again: Local | None = None) -> None: ...

        return Local, ToolSchema.from_function(use)

    local, schema = around()
    assert list(schema.parameters.properties) == ["value", "other", "again"]
    assert schema.parameters.defs is not None
    assert list(schema.parameters.defs) == ["Local", "Other"]
    assert convert_arguments(schema, {"value": {"x": 1}}) == {"value": local(x=1)}


def test_a_name_that_is_nowhere_is_an_error() -> None:
    def use(value: Nowhere) -> None: ...  # pyright: ignore[reportUndefinedVariable, reportUnknownParameterType] # noqa: F821

    with pytest.raises(NameError, match="Nowhere"):
        tool_signature(use)  # pyright: ignore[reportUnknownArgumentType]


def test_a_wrapped_function_is_looked_through() -> None:
    def use(day: dt.date) -> None: ...

    @functools.wraps(use)
    def logged(*args: Any, **kwargs: Any) -> None:
        use(*args, **kwargs)

    assert types_of(logged) == {"day": dt.date}


def test_a_callable_object_has_the_signature_of_its_call() -> None:
    class Adder:
        def __call__(self, a: int, b: int) -> int:
            return a + b

    assert types_of(Adder()) == {"a": int, "b": int}
