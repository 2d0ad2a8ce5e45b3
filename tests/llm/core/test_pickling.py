"""What crosses to another process, or is copied: by name, or with all that it knows."""

from __future__ import annotations

import concurrent.futures
import copy
import json
import multiprocessing
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, ValidationError

from mirascope_nb import llm

if TYPE_CHECKING:
    from conftest import ScriptedProvider


class Book(BaseModel):
    title: str


class UnpicklableError(Exception):
    """An exception with arguments of its own."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}")


@llm.tool
def shelf(title: str) -> str:
    """Find a shelf."""
    return f"shelf of {title}"


@llm.tool
async def fetch(ctx: llm.Context[str], title: str) -> str:
    """Fetch a book."""
    return f"{ctx.deps} {title}"


@llm.prompt
def ask(what: str) -> str:
    return what


@llm.retry(max_retries=1)
@llm.call("scripted/m", tools=[shelf], format=Book)
def recommend(what: str) -> str:
    return what


def plain(title: str) -> str:
    """Find."""
    return title


found = llm.tool(plain)


@dataclass
class Desk:
    name: str

    @llm.tool
    def lookup(self, title: str) -> str:
        """Look up."""
        return f"{self.name} {title}"

    @llm.call("scripted/m", tools=[lookup])
    def ask(self) -> str:
        return self.name


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301, our own bytes


@pytest.mark.parametrize("decorated", [shelf, fetch, ask, recommend, Desk.lookup], ids=repr)
def test_what_a_decorator_made_is_pickled_by_name_and_copied_as_it_is(decorated: Any) -> None:
    assert again(decorated) is decorated
    assert copy.copy(decorated) is decorated
    assert copy.deepcopy(decorated) is decorated


def test_a_bound_method_is_pickled_with_its_instance() -> None:
    desk = Desk("d")
    assert again(desk.lookup)("x") == "d x"
    assert again(desk.ask).__self__ == desk


def test_a_tool_of_another_name_than_its_function_is_pickled_by_value() -> None:
    call = llm.ToolCall(id="1", name="plain", args='{"title": "x"}')
    assert found.execute(call).output == "x"
    assert again(found) == found
    assert again(found).execute(call).output == "x"


def test_what_is_made_inside_a_function_says_why_it_is_not_pickled() -> None:
    @llm.tool
    def local() -> str:
        """Be local."""
        return ""

    with pytest.raises(pickle.PicklingError, match=r"Tool 'local' is pickled by its name"):
        pickle.dumps(local)
    assert copy.deepcopy([local]) == [local]
    retried = llm.retry(Desk("d").ask)
    with pytest.raises(pickle.PicklingError, match=r"RetryCall 'Desk.ask'"):
        pickle.dumps(retried)


def test_a_reply_with_tools_goes_on_where_it_arrives(scripted: ScriptedProvider) -> None:
    call = llm.ToolCall(id="1", name="shelf", args='{"title": "A"}')
    scripted.script = [[call], [llm.Text(text='{"title": "A"}')]]
    response = again(recommend("it"))
    outputs = response.execute_tools()
    assert outputs[0].output == "shelf of A"
    assert response.toolkit.tools == [shelf]
    assert again(response.resume(outputs)).parse() == Book(title="A")


async def test_a_stream_that_has_ended_is_pickled_and_copied(scripted: ScriptedProvider) -> None:
    scripted.script = [[llm.Text(text="one two")], [llm.Text(text="one two")]]
    stream = llm.Model("scripted/m", timeout=5).stream("go", tools=[shelf])
    stream.finish()
    awaited = await llm.Model("scripted/m").stream_async("go", tools=[shelf])
    await awaited.finish()
    for ended in (stream, awaited):
        for other in (again(ended), copy.deepcopy(ended)):
            assert other.text() == "onetwo"
            assert other.consumed
            assert other.messages == ended.messages
            assert other.toolkit.tools == [shelf]
    assert again(stream).model.timeout == 5


def failure_of(parse: Any) -> Exception:
    with pytest.raises(ValueError, match=r".") as caught:
        parse()
    return caught.value


FAILURE = llm.RetryFailure(
    model=llm.Model("openai/m", seed=1), exception=llm.ServerError("down", "openai", 502)
)
ERRORS: list[llm.Error] = [
    llm.Error("root"),
    llm.ProviderError("broken", "openai"),
    llm.RateLimitError("slow down", "openai"),
    llm.APIError("odd", "openai", 418),
    llm.ConnectionError("gone", "openai"),
    llm.ToolExecutionError(KeyError("x")),
    llm.ToolNotFoundError("x"),
    llm.ParseError("bad", failure_of(lambda: Book.model_validate({}))),
    llm.ParseError("bad", failure_of(lambda: json.loads("{"))),
    llm.FeatureNotSupportedError("audio", "p", "p/m"),
    llm.NoRegisteredProviderError("x/y"),
    llm.MissingAPIKeyError("openai", "OPENAI_API_KEY", has_mirascope_fallback=True),
    llm.RetriesExhausted([FAILURE]),
    llm.StreamRestarted(FAILURE),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_arrives_with_its_attributes(error: Any) -> None:
    if isinstance(error, llm.ProviderError):
        error.retry_after = 3.0
    other = again(error)
    assert type(other) is type(error)
    assert str(other) == str(error)
    for name, value in vars(error).items():
        assert repr(getattr(other, name)) == repr(value)
    assert repr(other.__cause__) == repr(error.__cause__)


def test_an_error_of_parsing_still_knows_what_to_tell_the_model() -> None:
    for error in ERRORS:
        if isinstance(error, llm.ParseError):
            assert again(error).retry_message() == error.retry_message()
            assert again(again(error)) == error
    strange = llm.ParseError("bad", UnpicklableError("of", "parser"))
    other = again(strange)
    assert "could not be parsed: of parser" in other.retry_message()
    assert isinstance(other.original_exception, RuntimeError)


def test_what_cannot_be_pickled_inside_an_error_is_told_in_words() -> None:
    error = again(llm.ToolExecutionError(UnpicklableError("a", "b")))
    assert repr(error.tool_exception) == repr(error.__cause__) == "RuntimeError('a b')"
    failure = llm.RetryFailure(model=FAILURE.model, exception=UnpicklableError("a", "b"))
    exhausted = again(llm.RetriesExhausted([failure]))
    assert str(exhausted.failures[0].exception) == "a b"
    assert exhausted.retry_after is None


def test_what_a_transport_raised_stays_where_it_was_raised() -> None:
    error = llm.ConnectionError("gone", "openai", OSError("with a request, and so a key"))
    assert again(error).original_exception is None
    assert again(error).__cause__ is None


def test_errors_cross_processes() -> None:
    spawned = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawned) as pool:
        asked = pool.submit(llm.providers.get_provider_for_model, "nowhere/m")
        with pytest.raises(llm.NoRegisteredProviderError, match="nowhere/m") as caught:
            asked.result()
    assert caught.value.model_id == "nowhere/m"


def test_pydantics_own_error_is_the_cause_where_it_arrives() -> None:
    error = again(next(each for each in ERRORS if isinstance(each, llm.ParseError)))
    assert isinstance(error.__cause__, ValidationError)
