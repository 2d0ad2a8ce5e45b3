"""What an editor says of every face. Read by pyright and mypy, never run."""

from typing import Any, Literal, assert_type

from pydantic import BaseModel

from mirascope_nb import llm


class Book(BaseModel):
    title: str


class Library(BaseModel):
    name: str


class Office(BaseModel):
    floor: int


@llm.tool
def shelf(title: str) -> int:
    """Find a book's shelf."""
    return len(title)


@llm.tool
async def fetch(title: str) -> str:
    """Fetch a book."""
    return title


@llm.tool(requires_approval=True, timeout=5.0)
def remove(title: str) -> bool:
    """Remove a book."""
    return bool(title)


@llm.tool
def lend(ctx: llm.Context[Library], title: str) -> str:
    """Lend a book."""
    return f"{title} of {ctx.deps.name}"


@llm.tool
async def order(ctx: llm.Context[Library], title: str) -> str:
    """Order a book."""
    return f"{title} for {ctx.deps.name}"


assert_type(shelf(title="x"), int)
assert_type(remove("x"), bool)
assert_type(shelf("x"), int)
assert_type(shelf.execute(llm.ToolCall(id="1", name="shelf", args="{}")), llm.ToolOutput[int])

ctx = llm.Context(deps=Library(name="city"))
office = llm.Context(deps=Office(floor=1))
assert_type(ctx, llm.Context[Library])
assert_type(lend(ctx, "x"), str)

shelf(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
lend(office, "x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Calls


@llm.call("openai/gpt-5-mini")
def recommend(genre: str) -> str:
    return f"Recommend a {genre} book."


@llm.call("openai/gpt-5-mini")
async def recommend_async(genre: str) -> str:
    return f"Recommend a {genre} book."


@llm.call("openai/gpt-5-mini")
def recommend_from(ctx: llm.Context[Library], genre: str) -> str:
    return f"Recommend a {genre} book of {ctx.deps.name}."


@llm.call("openai/gpt-5-mini")
async def recommend_from_async(ctx: llm.Context[Library], genre: str) -> str:
    return f"Recommend a {genre} book of {ctx.deps.name}."


@llm.call("openai/gpt-5-mini", format=Book, tools=[shelf])
def book(genre: str) -> list[llm.UserContentPart]:
    return [llm.Text(text=genre)]


@llm.call("openai/gpt-5-mini", format=llm.format(Book, mode="tool"), tools=[fetch, shelf])
async def book_async(genre: str) -> list[llm.Message]:
    return [llm.messages.user(genre)]


@llm.call("openai/gpt-5-mini", format=list[Book], temperature=0.5)
async def books_from(ctx: llm.Context[Library], genre: str) -> str:
    return f"{genre} of {ctx.deps.name}"


def sync_calls() -> None:
    assert_type(recommend("fantasy"), llm.Response[None])
    assert_type(recommend.stream("fantasy"), llm.StreamResponse[None])
    assert_type(recommend("fantasy").resume("more"), llm.Response[None])
    assert_type(recommend_from(ctx, "fantasy"), llm.ContextResponse[Library, None])
    assert_type(recommend_from.stream(ctx, "x"), llm.ContextStreamResponse[Library, None])
    assert_type(book("fantasy"), llm.Response[Book])
    assert_type(book("fantasy").parse(), Book)
    assert_type(book("fantasy").validate(), tuple[Book, llm.Response[Book]])
    assert_type(book("fantasy").resume("more").parse(), Book)
    assert_type(book("fantasy").execute_tools(), list[llm.ToolOutput[Any]])
    for partial in book.stream("fantasy").structured_stream():
        assert_type(partial, Book)
    for text in recommend.stream("fantasy").text_stream():
        assert_type(text, str)
    for part in recommend.stream("fantasy").streams():
        assert_type(part, llm.TextStream | llm.ThoughtStream | llm.ToolCallStream)


async def async_calls() -> None:
    assert_type(await fetch("x"), str)
    response = await recommend_async("fantasy")
    assert_type(response, llm.AsyncResponse[None])
    same: llm.AsyncResponse = response
    assert_type(await same.resume("more"), llm.AsyncResponse[None])
    stream = await recommend_async.stream("fantasy")
    assert_type(stream, llm.AsyncStreamResponse[None])
    async for text in stream.text_stream():
        assert_type(text, str)
    async for chunk in stream.chunk_stream():
        plain: llm.AssistantContentChunk = chunk
        plain.content_type.upper()
    parsed = await book_async("fantasy")
    assert_type(parsed, llm.AsyncResponse[Book])
    assert_type(parsed.parse(), Book)
    assert_type(await parsed.validate(), tuple[Book, llm.AsyncResponse[Book]])
    assert_type(await recommend_from_async(ctx, "x"), llm.AsyncContextResponse[Library, None])
    many = await books_from(ctx, "fantasy")
    assert_type(many, llm.AsyncContextResponse[Library, list[Book]])
    assert_type(many.parse(), list[Book])
    assert_type(await many.resume(ctx, "more"), llm.AsyncContextResponse[Library, list[Book]])


def misused_calls() -> None:
    recommend(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    recommend_from("fantasy")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    recommend_from(office, "x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    recommend("x").resume(ctx, "more")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    llm.call("openai/gpt-5-mini", temprature=1.0)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


# Prompts


@llm.prompt
def ask(topic: str) -> str:
    return topic


@llm.prompt(format=Book)
async def ask_book(topic: str) -> str:
    return topic


@llm.prompt
def ask_from(ctx: llm.Context[Library], topic: str) -> str:
    return topic + ctx.deps.name


async def prompts() -> None:
    assert_type(ask("openai/gpt-5-mini", "x"), llm.Response[None])
    assert_type(ask(llm.Model("openai/gpt-5-mini"), "x"), llm.Response[None])
    assert_type(ask.stream("openai/gpt-5-mini", "x"), llm.StreamResponse[None])
    assert_type(ask.messages("x"), list[llm.Message])
    assert_type(await ask_book("openai/gpt-5-mini", "x"), llm.AsyncResponse[Book])
    assert_type(ask_from("openai/gpt-5-mini", ctx, "x"), llm.ContextResponse[Library, None])
    ask("x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


# Models


async def models() -> None:
    model = llm.model("openai/gpt-5-mini", temperature=0.2, thinking={"level": "low"})
    assert_type(model, llm.Model)
    assert_type(model.call("hello"), llm.Response[None])
    assert_type(model.call("hello", format=Book), llm.Response[Book])
    image = llm.Image.from_url("https://example.org/a.png")
    assert_type(model.call(["hello", image]), llm.Response[None])
    assert_type(model.call([llm.messages.user("hello")]), llm.Response[None])
    assert_type(await model.call_async("hello", tools=[shelf, fetch]), llm.AsyncResponse[None])
    assert_type(model.stream("hello", format=Book), llm.StreamResponse[Book])
    assert_type(await model.stream_async("hello"), llm.AsyncStreamResponse[None])
    assert_type(
        model.context_call("hello", ctx=ctx, tools=[lend, shelf]),
        llm.ContextResponse[Library, None],
    )
    response = model.call("hello", format=Book)
    assert_type(model.resume(response=response, content="more"), llm.Response[Book])
    model.call("hello", tools=[fetch])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    model.context_call("hello", ctx=office, tools=[lend])  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    with model as current:
        assert_type(current, llm.Model)


# Retries


@llm.retry
@llm.call("openai/gpt-5-mini")
def patient(genre: str) -> str:
    return genre


@llm.retry(max_retries=5)
@llm.call("openai/gpt-5-mini", format=Book)
async def patient_async(genre: str) -> str:
    return genre


async def retries() -> None:
    assert_type(patient("x"), llm.RetryResponse[None])
    assert_type(patient.stream("x"), llm.RetryStreamResponse[None])
    assert_type(patient("x").resume("y"), llm.RetryResponse[None])
    assert_type(await patient_async("x"), llm.AsyncRetryResponse[Book])
    assert_type((await patient_async("x")).parse(), Book)
    model = llm.retry_model("openai/gpt-5-mini", max_retries=1, seed=1)
    assert_type(model, llm.RetryModel)
    assert_type(model.call("x"), llm.RetryResponse[None])
    assert_type(await model.stream_async("x", format=Book), llm.AsyncRetryStreamResponse[Book])
    assert_type(model.context_call("x", ctx=ctx), llm.ContextRetryResponse[Library, None])
    patient(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Methods


class Desk:
    @llm.tool
    def lookup(self, title: str) -> int:
        """Look a book up."""
        return len(title)

    @llm.tool
    async def fetch(self, title: str) -> str:
        """Fetch a book."""
        return title

    @llm.tool
    def lend(self, ctx: llm.Context[Library], title: str) -> str:
        """Lend a book."""
        return title + ctx.deps.name

    @llm.tool(strict=True)
    async def order(self, ctx: llm.Context[Library], title: str) -> str:
        """Order a book."""
        return title + ctx.deps.name

    @llm.prompt
    def ask(self, topic: str) -> str:
        return topic

    @llm.prompt(format=Book)
    async def ask_async(self, ctx: llm.Context[Library], topic: str) -> str:
        return topic + ctx.deps.name

    @llm.call("openai/gpt-5-mini", tools=[lookup, lend])
    def recommend(self, genre: str) -> str:
        return genre

    @llm.call("openai/gpt-5-mini", format=Book)
    async def recommend_async(self, genre: str) -> str:
        return genre

    @llm.call("openai/gpt-5-mini", format=Book)
    def recommend_from(self, ctx: llm.Context[Library], genre: str) -> str:
        return genre + ctx.deps.name

    @llm.retry(max_retries=2)
    @llm.call("openai/gpt-5-mini")
    def patient(self, genre: str) -> str:
        return genre

    @llm.retry
    @llm.call("openai/gpt-5-mini")
    async def patient_from(self, ctx: llm.Context[Library], genre: str) -> str:
        return genre + ctx.deps.name

    @llm.call("openai/gpt-5-mini")
    @classmethod
    def recommend_any(cls, genre: str) -> str:
        return genre

    @staticmethod
    @llm.call("openai/gpt-5-mini")
    def recommend_all(genre: str) -> str:
        return genre


async def methods(desk: Desk) -> None:
    assert_type(desk.lookup("x"), int)
    assert_type(desk.lookup(title="x"), int)
    assert_type(Desk.lookup(desk, "x"), int)
    assert_type(await desk.fetch("x"), str)
    assert_type(desk.lend(ctx, "x"), str)
    assert_type(await desk.order(ctx, title="x"), str)
    assert_type(desk.lend.execute(ctx, llm.ToolCall(id="1", name="l", args="{}")).output, str)
    assert_type(desk.ask("openai/gpt-5-mini", "x"), llm.Response[None])
    assert_type(desk.ask.messages("x"), list[llm.Message])
    assert_type(
        await desk.ask_async("openai/gpt-5-mini", ctx, "x"),
        llm.AsyncContextResponse[Library, Book],
    )
    assert_type(desk.recommend("x"), llm.Response[None])
    assert_type(desk.recommend.stream("x"), llm.StreamResponse[None])
    assert_type(desk.recommend.model, llm.Model)
    assert_type(Desk.recommend(desk, "x"), llm.Response[None])
    assert_type(await desk.recommend_async(genre="x"), llm.AsyncResponse[Book])
    assert_type(desk.recommend_from(ctx, "x"), llm.ContextResponse[Library, Book])
    assert_type(desk.patient("x"), llm.RetryResponse[None])
    assert_type(desk.patient.model, llm.RetryModel)
    assert_type(await desk.patient_from(ctx, "x"), llm.AsyncContextRetryResponse[Library, None])
    assert_type(Desk.recommend_all("x"), llm.Response[None])
    assert_type(
        llm.Model("openai/gpt-5-mini").call("x", tools=[desk.lookup, shelf]), llm.Response[None]
    )
    desk.recommend(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    desk.recommend(desk, "x")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    desk.recommend_from("x")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    await desk.patient_from(office, "x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Of types that are no classes mypy knows only what it is told to with `TypeForm`.
asked = llm.Model("x/y").call("x", format=Literal["a", "b"])  # type: ignore[call-overload]
assert_type(asked, llm.Response[Literal["a", "b"]])  # type: ignore[assert-type]
assert_type(asked.parse(), Literal["a", "b"])  # type: ignore[assert-type]
