"""What is refused where it is written: params, timeouts, tools, formats, names."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel

from mirascope_nb import llm

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from conftest import ScriptedProvider


class Book(BaseModel):
    title: str


@llm.tool
def shelf(title: str) -> str:
    """Find a shelf."""
    return title


def plain(title: str) -> str:
    """Find."""
    return title


PARAMS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"temprature": 1}, TypeError, r"'temprature' is not .*Did you mean 'temperature'\?"),
    ({"max_token": 5}, TypeError, r"Did you mean 'max_tokens'\?"),
    ({"api_key": "k"}, TypeError, "Known are .*temperature, max_tokens"),
    ({"temperature": "hot"}, TypeError, "temperature must be a number, not 'hot'"),
    ({"temperature": True}, TypeError, "temperature must be a number"),
    ({"max_tokens": 1.5}, TypeError, "max_tokens must be a whole number, not 1.5"),
    ({"top_p": math.nan}, ValueError, "top_p must be finite"),
    ({"stop_sequences": "END"}, TypeError, r"a list of texts, such as \['END'\]"),
    ({"stop_sequences": [1]}, TypeError, "a list of texts"),
    ({"thinking": {"level": "low", "include": True}}, TypeError, "'include' is not .*include_thou"),
    ({"timeout": "5"}, ValueError, "positive number of seconds .*not '5'"),
    ({"timeout": -1}, ValueError, "positive number of seconds"),
    ({"timeout": math.nan}, ValueError, "positive number of seconds"),
    ({"timeout": True}, ValueError, "positive number of seconds"),
]


@pytest.mark.parametrize(("params", "error", "told"), PARAMS)
def test_a_wrong_param_is_refused_wherever_it_is_given(
    params: dict[str, Any], error: type[Exception], told: str
) -> None:
    for make in (llm.Model, llm.model, llm.use_model, llm.call, llm.retry_model):
        with pytest.raises(error, match=told):
            make("scripted/m", **params)


@pytest.mark.parametrize("wrong", [None, 3, llm.Text(text="scripted/m")])
def test_what_names_no_model_is_refused_wherever_it_is_given(wrong: Any) -> None:
    for make in (llm.Model, llm.model, llm.use_model, llm.call, llm.retry_model):
        with pytest.raises(TypeError, match=r"named by an id such as|needs a model"):
            make(wrong)
    with llm.model("scripted/m") as model:  # whose block decides, whatever else is given
        assert llm.use_model(wrong) is model


def test_params_that_are_none_or_from_arrays_are_plain_in_the_end() -> None:
    numpy: Any = pytest.importorskip("numpy")
    nothing: Any = None
    model = llm.Model(
        "scripted/m",
        seed=numpy.int64(3),
        temperature=numpy.float32(0.5),
        top_k=nothing,
        max_tokens=7,
    )
    assert model.params == {"seed": 3, "temperature": 0.5, "top_k": None, "max_tokens": 7}
    assert [type(value) for value in model.params.values()][:2] == [int, float]


def test_a_misspelled_setting_of_retries_is_named() -> None:
    wrong: Any = {"max_retry": 2}
    for make in (llm.retry, functools.partial(llm.retry_model, "scripted/m")):
        with pytest.raises(TypeError, match=r"Did you mean 'max_retries'\?"):
            make(**wrong)


@pytest.mark.parametrize("seconds", ["5", 0, -1, True])
def test_limits_that_are_no_positive_seconds_are_refused(seconds: Any) -> None:
    with pytest.raises(ValueError, match="idle must be a positive number of seconds"):
        llm.Timeouts(idle=seconds)
    for name in ("timeout", "max_output"):
        with pytest.raises((ValueError, TypeError), match=f"A tool's {name}"):
            llm.tool(**{name: seconds})(plain)
    assert llm.tool(timeout=None, max_output=None)(plain).timeout is None


@pytest.mark.parametrize("model", [None, 5, b"openai/m", plain, ["openai/m"]])
def test_what_is_no_model_is_refused(model: Any) -> None:
    @llm.prompt
    def ask() -> str:
        return "x"

    for make in (llm.Model, llm.model, llm.call, ask, ask.stream):
        with pytest.raises(TypeError, match=r"named by an id|needs a model"):
            make(model)


@pytest.mark.parametrize("name", ["", "openai", "openai/", "/m"])
def test_an_id_that_lacks_a_half_is_refused(name: str) -> None:
    for make in (llm.Model, llm.call):
        with pytest.raises(ValueError, match=r"^Invalid model_id format: .*such as"):
            make(name)


TOOLS: list[tuple[Any, str]] = [
    (shelf, r"write tools=\[shelf\]"),
    (llm.WebSearchTool(), r"write tools=\[web_search\]"),
    (plain, "of tools, not plain"),
    ("shelf", "of tools, not 'shelf'"),
    ({"shelf": shelf}, "tools must be a list of tools"),
    ([plain], r"plain is not a tool: decorate the function with @llm\.tool"),
    ([3], r"3 is not a tool: give functions"),
    ([llm.ToolSchema.from_function(plain)], "is not a tool: a schema only describes"),
]


@pytest.mark.parametrize(("tools", "told"), TOOLS, ids=[told for _, told in TOOLS])
def test_what_is_no_list_of_tools_is_refused(
    tools: Any, told: str, scripted: ScriptedProvider
) -> None:
    with pytest.raises(TypeError, match=told):
        llm.prompt(tools=tools)(plain)
    with pytest.raises(TypeError, match=told):
        llm.Model("scripted/m").call("x", tools=tools)
    assert scripted.requests == []


def test_tools_may_come_in_any_iterable() -> None:
    tools: Any = (each for each in (shelf,))
    assert llm.Toolkit(tools).names == ["shelf"]


NAMELESS: list[tuple[Any, str]] = [
    (lambda title: title, "a lambda lacks"),  # pyright: ignore[reportUnknownLambdaType]
    (functools.partial(plain, "x"), "a partial lacks"),
]


@pytest.mark.parametrize(("fn", "told"), NAMELESS)
def test_a_tool_without_a_name_is_refused(fn: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        llm.tool(fn)


def test_a_tool_that_yields_is_refused() -> None:
    def count(limit: int) -> Iterator[int]:
        yield from range(limit)

    async def count_slowly(limit: int) -> AsyncIterator[int]:
        for number in range(limit):
            yield number

    for fn in (count, count_slowly):
        with pytest.raises(TypeError, match=r"A tool returns its result, and 'count\w*' yields"):
            llm.tool(fn)


def test_a_prompt_without_a_name_is_shown_by_what_it_is() -> None:
    assert repr(llm.prompt(functools.partial(plain, "x"))) == "Prompt(partial)"


def test_what_is_no_function_is_not_decorated() -> None:
    wrong: Any = "text"
    for decorate in (llm.tool, llm.prompt, llm.call("scripted/m")):
        with pytest.raises(TypeError, match="must be a function, not 'text'"):
            decorate(wrong)


FORMATS: list[tuple[Any, str]] = [
    ("Book", "the class or type itself"),
    (Book(title="x"), "give a model class"),
    ({"type": "object"}, "give a model class"),
    (plain, r"decorate a function that parses with @llm\.output_parser"),
]


@pytest.mark.parametrize(("form", "told"), FORMATS)
def test_what_is_no_format_is_refused_before_anything_is_sent(
    form: Any, told: str, scripted: ScriptedProvider
) -> None:
    with pytest.raises(TypeError, match=told):
        llm.format(form, mode="json")
    with pytest.raises(TypeError, match=told):
        llm.call("scripted/m", format=form)
    with pytest.raises(TypeError, match=told):
        llm.prompt(format=form)(plain)
    with pytest.raises(TypeError, match=told):
        llm.Model("scripted/m").call("x", format=form)


def test_a_mode_that_is_none_is_refused() -> None:
    mode: Any = "foo"
    with pytest.raises(ValueError, match="one of strict, json, tool, parser, got 'foo'"):
        llm.format(int, mode=mode)


def test_a_timeout_is_no_param_of_the_reply_and_stays_for_the_next(
    scripted: ScriptedProvider,
) -> None:
    scripted.script = [[llm.Text(text=letter)] for letter in "abc"]
    model = llm.Model("scripted/m", timeout=30, seed=1)
    response = model.call("x")
    assert response.params == {"seed": 1}
    assert response.model.timeout == 30
    streamed = model.stream("x")
    assert streamed.params == {"seed": 1}
    response.resume("more")
    assert [request["timeout"] for request in scripted.requests] == [30, 30, 30]
    retried = llm.retry_model("scripted/m", timeout=30)
    assert retried.get_active_model().timeout == 30


def test_reprs_name_what_there_is_and_no_more() -> None:
    @llm.call("openai/gpt-5-mini", tools=[shelf], format=Book, temperature=0.5)
    def recommend(genre: str, key: str = "sk-canary") -> str:
        return genre + key

    @llm.prompt(format=list[Book])
    async def ask() -> str:
        return ""

    choose_format: Any = llm.format

    @llm.prompt(format=choose_format(Literal["a"], mode="tool"))
    def choose() -> str:
        return ""

    strict = llm.tool(strict=True, requires_approval=True)(plain)
    found = [
        repr(recommend),
        repr(ask),
        repr(choose),
        repr(strict),
        repr(llm.Toolkit([shelf, llm.WebSearchTool()])),
        repr(llm.Model("a/b", timeout=5)),
        repr(llm.retry(recommend)),
    ]
    model = "Model('openai/gpt-5-mini', temperature=0.5), tools=['shelf'], format=Book"
    assert found == [
        f"Call(recommend, {model})",
        f"AsyncPrompt(ask, format=list[{__name__}.Book])",
        "Prompt(choose, format=Literal[tool])",
        "Tool(plain, strict=True, requires_approval=True)",
        "Toolkit(['shelf', 'web_search'])",
        "Model('a/b', timeout=5)",
        f"RetryCall(recommend, {model})",
    ]


async def test_a_call_with_a_context_says_so_when_it_gets_none(scripted: ScriptedProvider) -> None:
    @llm.call("scripted/m")
    def ask(ctx: llm.Context[str], what: str) -> str:
        return ctx.deps + what

    asked: Any = ask
    nothing: Any = None
    with pytest.raises(TypeError, match=r"first argument must be a context.*deps=\.\.\."):
        asked("x")
    with pytest.raises(TypeError, match=r"ctx must be a context.*not None"):
        llm.Model("scripted/m").context_call("x", ctx=nothing)
    with pytest.raises(TypeError, match=r"ctx must be a context.*not None"):
        await llm.Model("scripted/m").context_stream_async("x", ctx=nothing)
    assert scripted.requests == []


@pytest.mark.parametrize("name", ["max_retries", "initial_delay", "jitter", "max_elapsed"])
def test_a_setting_of_retries_that_is_no_number_is_refused(name: str) -> None:
    for wrong in ("3", True, [1]):
        settings: dict[str, Any] = {name: wrong}
        with pytest.raises(TypeError, match=f"{name} must be a number"):
            llm.RetryConfig(**settings)


def test_a_class_may_be_a_tool(scripted: ScriptedProvider) -> None:
    call = llm.ToolCall(id="1", name="Book", args='{"title": "A"}')
    scripted.script = [[call]]
    response = llm.Model("scripted/m").call("x", tools=[llm.tool(Book)])
    assert response.execute_tools()[0].output == Book(title="A")
