"""One reading of annotations, for what is a context and for what a model fills in."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BaseModel

from mirascope_nb import llm
from mirascope_nb.llm.annotations import resolve
from mirascope_nb.llm.context import takes_context

if TYPE_CHECKING:
    from decimal import Decimal


class Deps(BaseModel):
    """A name that tests hide behind one of their own."""

    outer: int


def test_local_dependencies_make_a_context_and_leave_the_schema() -> None:
    @dataclass
    class Library:
        name: str

    class Shelf(BaseModel):
        number: int

    @llm.tool
    def find(ctx: llm.Context[Library], shelf: Shelf, day: dt.date) -> str:
        """Find."""
        return f"{ctx.deps.name} {shelf.number} {day.year}"

    assert isinstance(find, llm.ContextTool)
    assert list(find.parameters.properties) == ["shelf", "day"]
    call = llm.ToolCall(id="1", name="find", args='{"shelf": {"number": 4}, "day": "2025-01-02"}')
    ctx = llm.Context(deps=Library(name="city"))
    assert find.execute(ctx, call).output == "city 4 2025"


def test_a_local_subclass_of_the_context_is_one() -> None:
    class Mine(llm.Context[str]):
        pass

    @llm.call("openai/m")
    def ask(ctx: Mine) -> str:
        return ctx.deps

    @llm.prompt
    def prompt(ctx: Annotated[Mine, "noted"]) -> str:
        return ctx.deps

    assert type(ask) is llm.ContextCall
    assert type(prompt) is llm.ContextPrompt


def test_an_inner_name_hides_the_outer_one() -> None:
    class Deps(BaseModel):  # pyright: ignore[reportUnusedClass]
        inner: int

    def use(deps: Deps) -> int:
        value: Any = deps
        return value.inner

    tool = llm.tool(use)
    assert list((tool.parameters.defs or {})["Deps"]["properties"]) == ["inner"]
    assert tool.execute(llm.ToolCall(id="1", name="use", args='{"deps": {"inner": 3}}')).output == 3


def test_names_of_a_class_around_are_known() -> None:
    class Holder:
        class Item(BaseModel):
            size: int

        @llm.tool
        def keep(self, item: Item) -> int:
            """Keep."""
            return item.size

    call = llm.ToolCall(id="1", name="keep", args='{"item": {"size": 2}}')
    assert Holder().keep.execute(call).output == 2


def test_an_annotation_that_cannot_be_resolved_hides_no_context() -> None:
    def use(ctx: llm.Context[int], amount: Decimal) -> str:
        return f"{ctx.deps} {amount}"

    assert takes_context(use)
    with pytest.raises(NameError, match="Decimal"):
        llm.tool(use)
    assert type(llm.prompt(use)) is llm.ContextPrompt


def test_what_only_looks_like_a_context_is_none() -> None:
    def other(ctx: int) -> str:
        return str(ctx)

    def nowhere(ctx: Nowhere) -> str:  # pyright: ignore[reportUndefinedVariable, reportUnknownParameterType] # noqa: F821
        return ""

    def bare(ctx) -> str:  # pyright: ignore[reportUnknownParameterType, reportMissingParameterType]
        return ""

    def named(context: llm.Context[int]) -> str:
        return str(context)

    anything: list[Any] = [other, nowhere, bare, named, lambda: "", len, dict, 3]
    assert [takes_context(fn) for fn in anything] == [False] * len(anything)


def test_names_that_the_body_uses_are_known_when_the_function_around_is_over() -> None:
    def around() -> Any:
        class Library(BaseModel):
            name: str

        def use(ctx: llm.Context[Library]) -> str:
            return Library.model_validate(ctx.deps).name

        return use

    assert takes_context(around())


def test_a_name_that_is_bound_later_is_looked_for_elsewhere() -> None:
    decorate: Any = llm.tool

    def around() -> Any:
        def use(day: Later) -> str:  # pyright: ignore[reportInvalidTypeForm, reportUnknownParameterType]
            return f"{day}{Later}"

        with pytest.raises(NameError, match="Later"):
            decorate(use)
        Later = dt.date  # noqa: N806, a class by another name
        return decorate(use)

    assert around().parameters.properties["day"]["format"] == "date"


def test_a_callable_objects_own_annotations_count() -> None:
    class Finder:
        """Find."""

        __name__ = "find"

        def __call__(self, day: dt.date) -> int:
            return day.year

    finder: Any = Finder()
    call = llm.ToolCall(id="1", name="find", args='{"day": "2025-01-02"}')
    decorate: Any = llm.tool
    tool = decorate(finder)
    assert tool.execute(call).output == 2025


def test_what_is_written_in_c_is_read_as_it_is() -> None:
    assert resolve(dict.fromkeys, "x", int) is int
    with pytest.raises(NameError, match="Nowhere"):
        resolve(takes_context, "x", "Nowhere")


def test_an_unset_name_of_the_body_does_not_hide_the_others() -> None:
    kept: list[Any] = []

    def around() -> None:
        def use(day: dt.date) -> str:
            return f"{day}{unset}"

        kept.append(llm.tool(use))
        unset = "set"

    around()
    call = llm.ToolCall(id="1", name="use", args='{"day": "2025-01-02"}')
    assert kept[0].execute(call).output == "2025-01-02set"


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are read late from 3.14 on")
def test_a_name_that_does_not_exist_yet_hides_no_context_where_annotations_are_late() -> None:
    scope: dict[str, Any] = {"llm": llm}
    source = "def use(ctx: llm.Context[int], x: Nowhere) -> str: return str(x)"
    exec(compile(source, "late", "exec", dont_inherit=True), scope)  # noqa: S102
    assert takes_context(scope["use"])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is that of Python 3.12")
def test_type_parameters_are_known() -> None:
    scope: dict[str, Any] = {"llm": llm}
    source = "def use[T: int](ctx: 'llm.Context[T]', x: 'T') -> str: return str(x)"
    exec(source, scope)  # noqa: S102, what Python 3.11 cannot read
    assert takes_context(scope["use"])
