"""Decorated methods: they bind to an instance as functions do."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, ConfigDict

from mirascope_nb import llm

if TYPE_CHECKING:
    from conftest import ScriptedProvider

CTX = llm.Context(deps="city")


class Desk:
    """A library's desk, every method of which is decorated."""

    def __init__(self, name: str) -> None:
        self.name = name

    @llm.tool
    def shelf(self, title: str) -> str:
        """Find a shelf.

        Args:
            title: Of the book.
        """
        return f"{self.name}: {title}"

    @llm.tool
    async def fetch(self, title: str) -> str:
        """Fetch a book."""
        return f"{self.name}: {title}"

    @llm.tool
    def lend(self, ctx: llm.Context[str], title: str) -> str:
        """Lend a book."""
        return f"{self.name} {ctx.deps}: {title}"

    @llm.tool
    @classmethod
    def count(cls, least: int = 1) -> str:
        """Count desks."""
        return f"{cls.__name__} {least}"

    @llm.tool
    @staticmethod
    def clock(zone: str) -> str:
        """Tell the time."""
        return f"noon in {zone}"

    @staticmethod
    @llm.tool
    def weather() -> str:
        """Tell the weather."""
        return "rain"

    @llm.prompt
    def ask(self, what: str) -> str:
        return f"{self.name} asks {what}"

    @llm.call("scripted/m", tools=[shelf, clock, weather, count])
    def sync(self, what: str) -> str:
        return f"{self.name} asks {what}"

    @llm.call("scripted/m", tools=[shelf, fetch])
    async def asynchronous(self, what: str) -> str:
        return f"{self.name} asks {what}"

    @llm.call("scripted/m", tools=[shelf, lend])
    def context(self, ctx: llm.Context[str], what: str) -> str:
        return f"{self.name} asks {what}" if ctx is CTX else "?"

    @llm.call("scripted/m", tools=[shelf, lend, fetch])
    async def async_context(self, ctx: llm.Context[str], what: str) -> str:
        return f"{self.name} asks {what}" if ctx is CTX else "?"

    @llm.retry(max_retries=2)
    @llm.call("scripted/m", tools=[shelf])
    def patient(self, what: str) -> str:
        return f"{self.name} asks {what}"

    @llm.retry
    @llm.prompt
    async def patient_prompt(self, ctx: llm.Context[str], what: str) -> str:
        return f"{self.name} asks {what}" if ctx is CTX else "?"

    @llm.call("scripted/m", tools=[count])
    @classmethod
    def of_the_class(cls, what: str) -> str:
        return f"{cls.__name__} asks {what}"

    @llm.call("scripted/m")
    @staticmethod
    def of_nobody(what: str) -> str:
        return f"somebody asks {what}"


class Branch(Desk):
    """A desk that inherits its methods."""


async def settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def called(name: str, args: str) -> llm.ToolCall:
    return llm.ToolCall(id="1", name=name, args=args)


@pytest.mark.parametrize("name", ["sync", "asynchronous", "context", "async_context", "patient"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_method_asks_as_its_instance_and_its_tools_are_the_instances(
    name: str, scripted: ScriptedProvider, *, streamed: bool
) -> None:
    scripted.script = [[called("shelf", '{"title": "A"}')], [llm.Text(text="found")]]
    given: tuple[Any, ...] = (CTX,) if "context" in name else ()
    call = getattr(Branch("b"), name)
    response = await settled((call.stream if streamed else call)(*given, what="it"))
    outputs = await settled(response.execute_tools(*given))
    assert response.messages[0] == llm.messages.user("b asks it")
    assert [output.output for output in outputs] == ["b: A"]
    answer = await settled(response.resume(*given, outputs))
    await settled(answer.finish()) if streamed else None
    assert answer.text() == "found"
    assert call.model.model_id == "scripted/m"


async def test_a_prompt_and_a_retried_one_are_methods_too(scripted: ScriptedProvider) -> None:
    scripted.script = [[llm.Text(text="x")], llm.ServerError("down", "p"), [llm.Text(text="y")]]
    desk = Desk("d")
    assert desk.ask.messages("it") == [llm.messages.user("d asks it")]
    assert desk.ask("scripted/m", "it").text() == "x"
    eager = llm.retry(initial_delay=0)(desk.patient_prompt)
    response = await eager("scripted/m", CTX, "it")
    assert response.messages[0] == llm.messages.user("d asks it")
    assert len(response.retry_failures) == 1


def test_a_tool_of_an_instance_is_offered_without_self_and_run_with_it(
    scripted: ScriptedProvider,
) -> None:
    desk = Desk("d")
    scripted.script = [[called("shelf", '{"title": "A"}'), called("count", "{}")]]
    response = llm.Model("scripted/m").call("go", tools=[desk.shelf, desk.count])
    assert [output.output for output in response.execute_tools()] == ["d: A", "Desk 1"]
    assert list(desk.shelf.parameters.properties) == ["title"]
    assert desk.shelf.signature_text == Desk.shelf.signature_text == "(title: str)"
    assert desk.shelf("B") == Desk.shelf(desk, "B") == "d: B"


def test_class_methods_and_static_methods_bind_as_they_do_by_themselves(
    scripted: ScriptedProvider,
) -> None:
    scripted.script = [[called("count", '{"least": 2}')], [llm.Text(text="x")]]
    branch: Any = Branch  # type checkers see the function in a `classmethod`, and not its binding
    response = branch.of_the_class("it")
    assert response.messages[0] == llm.messages.user("Branch asks it")
    assert response.execute_tools()[0].output == "Branch 2"
    assert branch("b").of_nobody("it").messages[0] == llm.messages.user("somebody asks it")
    assert branch.clock("Rome") == branch("b").clock("Rome") == "noon in Rome"
    assert branch("b").weather() == Desk.weather() == "rain"


def test_bound_objects_are_equal_when_instance_and_method_are() -> None:
    one, two = Desk("d"), Desk("d")
    for name in ("shelf", "ask", "sync", "patient"):
        bound = getattr(one, name)
        assert bound == getattr(one, name)
        assert hash(bound) == hash(getattr(one, name))
        assert bound not in (getattr(two, name), getattr(Desk, name))
        assert bound.__self__ is one
        assert bound.__name__ == name
        assert not hasattr(getattr(Desk, name), "__self__")
        assert list(inspect.signature(bound).parameters) in (["title"], ["what"])
    assert one.sync != one.patient
    assert {one.sync, one.sync} == {one.sync}


def test_a_method_without_its_instance_is_refused_before_anything_is_sent(
    scripted: ScriptedProvider,
) -> None:
    tools: Any = [Desk.shelf]
    with pytest.raises(TypeError, match=r"'shelf' is a method.*tools=\[self\.shelf\]"):
        llm.Model("scripted/m").call("go", tools=tools)
    assert scripted.requests == []


def test_a_method_of_another_class_is_not_bound_to_an_instance_of_this(
    scripted: ScriptedProvider,
) -> None:
    class Other:
        @llm.call("scripted/m", tools=[Desk.shelf])
        def ask(self) -> str:
            return "x"

    with pytest.raises(TypeError, match="'shelf' is a method"):
        Other().ask()
    assert scripted.requests == []


def test_a_function_that_is_put_into_a_class_is_a_method_from_then_on() -> None:
    def ask(self: object, what: str) -> str:
        return f"{self} {what}"

    decorate: Any = llm.prompt

    class Late:
        later = decorate(ask)

        def __repr__(self) -> str:
            return "Late"

    assert Late().later.messages("x") == [llm.messages.user("Late x")]


def test_arguments_that_the_caller_knows_are_told_without_self(scripted: ScriptedProvider) -> None:
    scripted.script = [[llm.Text(text='{"output": 3}')]]

    class Counter:
        @llm.call("scripted/m", format=int)
        def count(self, what: str) -> str:
            return what

    response = Counter().count("x")
    assert response.parse() == 3
    assert response.call_args == {"what": "x"}


def test_a_tool_that_a_subclass_replaces_is_the_one_that_runs(scripted: ScriptedProvider) -> None:
    class Lower(Desk):
        @llm.tool
        def shelf(  # pyright: ignore[reportIncompatibleVariableOverride]
            self, title: str
        ) -> str:
            """Find a shelf."""
            return f"{super().shelf(title)} below"

    scripted.script = [[called("shelf", '{"title": "A"}')]]
    assert Lower("d").sync("it").execute_tools()[0].output == "d: A below"


def test_classes_that_other_libraries_make_have_such_methods_too(
    scripted: ScriptedProvider,
) -> None:
    @dataclass(slots=True)
    class Slotted:
        name: str

        @llm.tool
        def shelf(self, title: str) -> str:
            """Find a shelf."""
            return f"{self.name}: {title}"

        @llm.call("scripted/m", tools=[shelf])
        def ask(self) -> str:
            return self.name

    class Checked(BaseModel):
        model_config = ConfigDict(ignored_types=(llm.Call, llm.Tool))
        name: str

        @llm.tool
        def shelf(self, title: str) -> str:
            """Find a shelf."""
            return f"{self.name}: {title}"

        @llm.call("scripted/m", tools=[shelf])
        def ask(self) -> str:
            return self.name

    scripted.script = [[called("shelf", '{"title": "A"}')]] * 2
    for desk in (Slotted("d"), Checked(name="d")):
        assert desk.ask().execute_tools()[0].output == "d: A"
