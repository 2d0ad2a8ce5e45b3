"""One scenario through all four faces, whole and streamed, gives equal results."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BaseModel

from mirascope_nb import llm

if TYPE_CHECKING:
    from conftest import ScriptedProvider

FACES = ["sync", "async", "context", "async_context"]
CTX = llm.Context(deps="library")


class Book(BaseModel):
    title: str


@llm.tool
def plain_shelf(title: str) -> str:
    """Find a shelf."""
    return f"shelf of {title}"


@llm.tool
async def async_shelf(title: str) -> str:
    """Find a shelf."""
    return f"shelf of {title}"


@llm.tool
def context_shelf(ctx: llm.Context[str], title: str) -> str:
    """Find a shelf."""
    return f"{ctx.deps} shelf of {title}"


@llm.tool
async def async_context_shelf(ctx: llm.Context[str], title: str) -> str:
    """Find a shelf."""
    return f"{ctx.deps} shelf of {title}"


async def settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def find(what: str) -> str:
    return f"Find {what}"


async def find_async(what: str) -> str:
    return f"Find {what}"


def find_from(ctx: llm.Context[str], what: str) -> str:
    assert ctx is CTX
    return f"Find {what}"


async def find_from_async(ctx: llm.Context[str], what: str) -> str:
    assert ctx is CTX
    return f"Find {what}"


PROMPTS: dict[str, Any] = {
    "sync": find,
    "async": find_async,
    "context": find_from,
    "async_context": find_from_async,
}


class Face:
    """Calls one face as if there were only one."""

    def __init__(self, name: str, *, streamed: bool) -> None:
        self.name = name
        self.given: tuple[Any, ...] = (CTX,) if name.endswith("context") else ()
        self.streamed = streamed
        self.tool = {
            "sync": plain_shelf,
            "async": async_shelf,
            "context": context_shelf,
            "async_context": async_context_shelf,
        }[name]

    def call(self, **options: Any) -> Any:
        decorate: Any = llm.call("scripted/m", **options)
        return decorate(PROMPTS[self.name])

    async def ask(self, call: Any, what: str) -> Any:
        if self.streamed:
            response = await settled(call.stream(*self.given, what))
            await settled(response.finish())
            return response
        return await settled(call(*self.given, what))

    async def do(self, method: Any, *args: Any) -> Any:
        return await settled(method(*self.given, *args))


@pytest.fixture(params=[(name, streamed) for name in FACES for streamed in (False, True)], ids=str)
def face(request: pytest.FixtureRequest) -> Face:
    name, streamed = request.param
    return Face(name, streamed=streamed)


async def test_a_reply_has_its_parts_and_its_conversation(
    face: Face, scripted: ScriptedProvider
) -> None:
    scripted.script = [[llm.Thought(thought="hm"), llm.Text(text="here"), llm.Text(text="there")]]
    response = await face.ask(face.call(temperature=0.5), "it")
    assert response.text(" ") == "here there"
    assert [part.type for part in response.content] == ["thought", "text", "text"]
    assert response.thoughts == [llm.Thought(thought="hm")]
    assert response.messages[0] == llm.messages.user("Find it")
    assert list(response.messages[-1].content) == list(response.content)
    assert response.pretty() == "**Thinking:**\n  hm\n\nhere\n\nthere"
    assert response.usage == llm.Usage(input_tokens=3, output_tokens=3)
    assert (response.provider_id, response.model_id) == ("scripted", "scripted/m")
    assert response.params == {"temperature": 0.5}
    assert response.finish_reason is None


async def test_tools_run_in_order_and_the_conversation_goes_on(
    face: Face, scripted: ScriptedProvider
) -> None:
    name = face.tool.name
    scripted.script = [
        [
            llm.ToolCall(id="1", name=name, args='{"title": "A"}'),
            llm.ToolCall(id="2", name="unknown", args="{}"),
            llm.ToolCall(id="3", name=name, args='{"title": "B"}'),
            llm.ToolCall(id="4", name=name, args='{"title": 5}'),
        ],
        [llm.Text(text="found")],
    ]
    response = await face.ask(face.call(tools=[face.tool]), "it")
    outputs = await face.do(response.execute_tools)
    assert [output.id for output in outputs] == ["1", "2", "3", "4"]
    assert [str(output.result)[-10:] for output in outputs[::2]] == ["shelf of A", "shelf of B"]
    assert outputs[1].error == llm.ToolNotFoundError("unknown")
    assert isinstance(outputs[3].error, llm.ToolExecutionError)
    answer = await face.do(response.resume, outputs)
    assert type(answer) is type(response)
    await settled(answer.finish()) if face.streamed else None
    assert answer.text() == "found"
    assert len(answer.messages) == 4
    assert scripted.requests[1]["toolkit"] is response.toolkit


async def test_validate_asks_again_until_the_reply_parses(
    face: Face, scripted: ScriptedProvider
) -> None:
    scripted.script = [[llm.Text(text="{}")], [llm.Text(text='{"title": "T"}')]]
    response = await face.ask(face.call(format=Book), "it")
    book, last = await face.do(response.validate)
    assert book == Book(title="T")
    assert last is not response
    assert "failed schema validation" in last.messages[2].content[0].text


async def test_validate_gives_up_with_the_last_error(
    face: Face, scripted: ScriptedProvider
) -> None:
    scripted.script = [[llm.Text(text="no")]]
    response = await face.ask(face.call(format=Book), "it")
    with pytest.raises(llm.ParseError, match="Failed to parse response"):
        await face.do(response.validate, 0)
    with pytest.raises(ValueError, match="max_retries must be non-negative"):
        await face.do(response.validate, -1)


async def test_without_a_format_there_is_nothing_to_validate(
    face: Face, scripted: ScriptedProvider
) -> None:
    scripted.script = [[llm.Text(text="no")]]
    response = await face.ask(face.call(), "it")
    assert await face.do(response.validate) == (None, response)
    assert response.parse() is None


async def test_the_context_model_wins_over_the_decorator(
    face: Face, scripted: ScriptedProvider
) -> None:
    scripted.script = [[llm.Text(text="a")], [llm.Text(text="b")], [llm.Text(text="c")]]
    call = face.call(temperature=0.1)
    other = llm.model("other/n", seed=4)
    with other:
        first = await face.ask(call, "it")
        with other, llm.model("other/inner"):
            assert (await face.ask(call, "it")).model_id == "other/inner"
        assert llm.model_from_context() is other
    assert llm.model_from_context() is None
    assert (first.model_id, first.params) == ("other/n", {"seed": 4})
    assert first.model.model_id == "other/n"
    with llm.model("scripted/later"):
        assert (await face.do(first.resume, "more")).model_id == "scripted/later"


async def test_an_error_of_the_client_becomes_the_error_it_stands_for(
    face: Face, scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        type(scripted), "error_map", {LookupError: llm.NotFoundError, OSError: llm.ConnectionError}
    )
    scripted.script = [KeyError("m"), OSError("gone"), ValueError("unknown")]
    with pytest.raises(llm.NotFoundError) as missing:
        await face.ask(face.call(), "it")
    assert isinstance(missing.value.original_exception, KeyError)
    assert missing.value.status_code == 404
    with pytest.raises(llm.ConnectionError, match="gone"):
        await face.ask(face.call(), "it")
    with pytest.raises(ValueError, match="unknown"):
        await face.ask(face.call(), "it")


async def test_an_error_inside_a_custom_stream_is_translated_and_keeps_the_text(
    scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(scripted), "error_map", {OSError: llm.ConnectionError})
    scripted.script = [[llm.Text(text="one two"), OSError("gone")]]
    stream = await llm.Model("scripted/m").stream_async("hello")
    with pytest.raises(llm.ConnectionError, match="gone"):
        await stream.finish()
    assert stream.text() == "onetwo"
    assert not stream.consumed
    with pytest.raises(llm.ConnectionError, match="gone"):
        await stream.finish()


async def test_fields_that_the_caller_knows_are_filled_from_the_calls_arguments(
    scripted: ScriptedProvider,
) -> None:
    class Summary(BaseModel):
        what: Annotated[str, llm.formatting.FromCallArgs()]
        headline: str

    @llm.call("scripted/m", format=Summary)
    async def summarize(what: str, *, loud: bool = False) -> str:
        return f"Summarize {what}{'!' * loud}"

    scripted.script = [[llm.Text(text='{"headline": "H"}')], [llm.Text(text='{"headline": "I"}')]]
    response = await summarize(what="entropy")
    assert response.parse() == Summary(what="entropy", headline="H")
    assert "what" not in str(response.messages[0])
    assert (await response.resume("again")).parse() == Summary(what="entropy", headline="I")


async def test_what_the_caller_knows_is_filled_in_wherever_a_format_nests(
    scripted: ScriptedProvider,
) -> None:
    class Source(BaseModel):
        what: Annotated[str, llm.formatting.FromCallArgs()]
        page: int
        earlier: list[Source] = []

    class Report(BaseModel):
        first: Annotated[Source, "noted"]
        others: dict[str, Source]
        last: Source | None = None

    @llm.call("scripted/m", format=Report)
    def report(what: str) -> str:
        return what

    text = (
        '{"first": {"page": 1, "earlier": [{"page": 3}]}, "others": {"a": {"page": 2}}, '
        '"last": {"page": 4}}'
    )
    scripted.script = [[llm.Text(text=text)], [llm.Text(text='{"first": [], "others": {}}')]]
    parsed = report("x").parse()
    found = [parsed.first, parsed.first.earlier[0], parsed.others["a"], parsed.last]
    assert [(each.what, each.page) for each in found if each] == [
        ("x", 1),
        ("x", 3),
        ("x", 2),
        ("x", 4),
    ]
    with pytest.raises(llm.ParseError, match=r"first"):
        report("x").parse()
