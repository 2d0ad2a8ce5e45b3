"""Prompts: functions whose result is what a model is asked."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import (
    Any,
    ClassVar,
    Concatenate,
    Generic,
    ParamSpec,
    Self,
    TypeVar,
    cast,
    overload,
)

from mirascope_nb._loop import run_now
from mirascope_nb.llm.context import Context, DepsT, takes_context
from mirascope_nb.llm.formatting import FormatSpec, FormatT, check_format, format_name
from mirascope_nb.llm.messages import Content, Message, promote
from mirascope_nb.llm.models import Model, ModelId
from mirascope_nb.llm.responses import (
    ASYNC_CONTEXT_FACE,
    ASYNC_FACE,
    CONTEXT_FACE,
    SYNC_FACE,
    AsyncContextResponse,
    AsyncContextStreamResponse,
    AsyncResponse,
    AsyncStreamResponse,
    ContextResponse,
    ContextStreamResponse,
    Face,
    Response,
    StreamResponse,
)
from mirascope_nb.llm.tools import AnyTools, BaseToolkit
from mirascope_nb.llm.wrapping import (
    Bindable,
    Method,
    function_of,
    is_async,
    look_like,
    short_name,
)

__all__ = [
    "AsyncContextPrompt",
    "AsyncPrompt",
    "BasePrompt",
    "ContextPrompt",
    "Prompt",
    "PromptDecorator",
    "prompt",
]

P = ParamSpec("P")
BoundP = ParamSpec("BoundP")
"""What is left of `P` when `self` is bound."""
OwnerT = TypeVar("OwnerT")
GivenT = TypeVar("GivenT")
"""A context's dependencies in a function, where `DepsT` with its default may not precede `P`."""


class BasePrompt(Bindable, Generic[FormatT]):
    """A function that builds what a model is asked, with the tools and the format of the call."""

    face: ClassVar[Face]

    fn: Callable[..., Any]
    toolkit: BaseToolkit[Any]
    format: FormatSpec[FormatT] | None

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        tools: AnyTools | None = None,
        format: FormatSpec[FormatT] | None = None,
    ) -> None:
        """Make a prompt of a function.

        Raises:
            TypeError: If it is not a function, or the tools or the format are not valid.
            ValueError: If two tools have the same name, or one cannot run in such a call.
        """
        self.fn = function_of(fn)
        if not callable(self.fn):
            raise TypeError(f"A prompt must be a function, not {fn!r}")
        if isinstance(self.fn, Bindable):
            raise TypeError(
                f"{fn!r} is decorated already: decorate it once, or give {short_name(fn)}.fn"
            )
        self.toolkit = self.face.toolkit.of(tools)
        check_format(format)
        self.format = format
        look_like(self, fn)

    def bind(self, fn: Callable[..., Any], instance: object, owner: type | None) -> Self:
        """The prompt of an instance, with the tools that are methods of the same."""
        bound = super().bind(fn, instance, owner)
        bound.toolkit = self.toolkit.bound_to(instance, owner)
        return bound

    def __repr__(self) -> str:
        return f"{type(self).__name__}({short_name(self)}{self.options})"

    @property
    def options(self) -> str:
        """Tools and format as they are shown behind a name."""
        tools = f", tools={self.toolkit.names}" if self.toolkit.tools else ""
        form = "" if self.format is None else f", format={format_name(self.format)}"
        return tools + form

    async def do_messages(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Message]:
        """What the function asks when it is called with these arguments."""
        content = self.fn(*args, **kwargs)
        return promote(await content if self.face.io.is_async else content)

    async def do_call(
        self,
        model: Model | ModelId,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        streamed: bool = False,
    ) -> Any:
        """The reply of a model; with a context, `args` begin with it."""
        asked = Model.of(model)
        ctx = _context_of(args, kwargs) if self.face.takes_context else None
        messages = await self.do_messages(args, kwargs)
        do = asked.do_stream if streamed else asked.do_call
        response = await do(self.face, ctx, messages, self.toolkit, self.format)
        if self.format is not None:
            response.call_args = inspect.signature(self.fn).bind(*args, **kwargs).arguments
        return response


def _context_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Context[Any]:
    """The context among a call's arguments: the first, or the second behind a bound `self`."""
    for given in (*args[:2], kwargs.get("ctx")):
        if isinstance(given, Context):
            return cast("Context[Any]", given)
    raise TypeError("the first argument must be a context, as in llm.Context(deps=...)")


class Prompt(BasePrompt[FormatT], Generic[P, FormatT]):
    """A synchronous prompt."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: Prompt[Concatenate[Any, BoundP], FormatT],
        instance: object,
        owner: type | None = None,
        /,
    ) -> Prompt[BoundP, FormatT]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The prompt of an instance, as functions are methods."""
        return super().__get__(instance, owner)

    def messages(self, *args: P.args, **kwargs: P.kwargs) -> list[Message]:
        """What would be asked, without asking."""
        return run_now(self.do_messages(args, kwargs))

    def __call__(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> Response[FormatT]:
        """Ask a model; see `Model.call`."""
        return self.call(model, *args, **kwargs)

    def call(self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs) -> Response[FormatT]:
        """Ask a model; see `Model.call`."""
        return run_now(self.do_call(model, args, kwargs))

    def stream(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> StreamResponse[FormatT]:
        """Ask a model for a streaming reply; see `Model.stream`."""
        return run_now(self.do_call(model, args, kwargs, streamed=True))


class AsyncPrompt(BasePrompt[FormatT], Generic[P, FormatT]):
    """An asynchronous prompt."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: AsyncPrompt[Concatenate[Any, BoundP], FormatT],
        instance: object,
        owner: type | None = None,
        /,
    ) -> AsyncPrompt[BoundP, FormatT]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The prompt of an instance, as functions are methods."""
        return super().__get__(instance, owner)

    async def messages(self, *args: P.args, **kwargs: P.kwargs) -> list[Message]:
        """What would be asked, without asking."""
        return await self.do_messages(args, kwargs)

    async def __call__(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncResponse[FormatT]:
        """Ask a model; see `Model.call`."""
        return await self.do_call(model, args, kwargs)

    async def call(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncResponse[FormatT]:
        """Ask a model; see `Model.call`."""
        return await self.do_call(model, args, kwargs)

    async def stream(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncStreamResponse[FormatT]:
        """Ask a model for a streaming reply; see `Model.stream`."""
        return await self.do_call(model, args, kwargs, streamed=True)


class ContextPrompt(BasePrompt[FormatT], Generic[P, DepsT, FormatT]):
    """A synchronous prompt with a context."""

    def messages(self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs) -> list[Message]:
        """What would be asked, without asking."""
        return run_now(self.do_messages((ctx, *args), kwargs))

    def __call__(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextResponse[DepsT, FormatT]:
        """Ask a model; see `Model.call`."""
        return self.call(model, ctx, *args, **kwargs)

    def call(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextResponse[DepsT, FormatT]:
        """Ask a model; see `Model.call`."""
        return run_now(self.do_call(model, (ctx, *args), kwargs))

    def stream(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextStreamResponse[DepsT, FormatT]:
        """Ask a model for a streaming reply; see `Model.stream`."""
        return run_now(self.do_call(model, (ctx, *args), kwargs, streamed=True))


class AsyncContextPrompt(BasePrompt[FormatT], Generic[P, DepsT, FormatT]):
    """An asynchronous prompt with a context."""

    async def messages(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> list[Message]:
        """What would be asked, without asking."""
        return await self.do_messages((ctx, *args), kwargs)

    async def __call__(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextResponse[DepsT, FormatT]:
        """Ask a model; see `Model.call`."""
        return await self.do_call(model, (ctx, *args), kwargs)

    async def call(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextResponse[DepsT, FormatT]:
        """Ask a model; see `Model.call`."""
        return await self.do_call(model, (ctx, *args), kwargs)

    async def stream(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextStreamResponse[DepsT, FormatT]:
        """Ask a model for a streaming reply; see `Model.stream`."""
        return await self.do_call(model, (ctx, *args), kwargs, streamed=True)


Prompt.face = SYNC_FACE
AsyncPrompt.face = ASYNC_FACE
ContextPrompt.face = CONTEXT_FACE
AsyncContextPrompt.face = ASYNC_CONTEXT_FACE

KINDS: dict[tuple[bool, bool], type[BasePrompt[Any]]] = {
    (False, False): cast("type[BasePrompt[Any]]", Prompt),
    (True, False): cast("type[BasePrompt[Any]]", AsyncPrompt),
    (False, True): cast("type[BasePrompt[Any]]", ContextPrompt),
    (True, True): cast("type[BasePrompt[Any]]", AsyncContextPrompt),
}


class PromptDecorator(Generic[FormatT]):
    """Makes prompts with these tools and this format."""

    def __init__(
        self, *, tools: AnyTools | None = None, format: FormatSpec[FormatT] | None = None
    ) -> None:
        self.tools = tools
        self.format = format

    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]  # the first that fits counts
        self, fn: Callable[Concatenate[Context[GivenT], P], Awaitable[Content]]
    ) -> AsyncContextPrompt[P, GivenT, FormatT]: ...
    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]  # the first that fits counts
        self, fn: Callable[Concatenate[Context[GivenT], P], Content]
    ) -> ContextPrompt[P, GivenT, FormatT]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[OwnerT, Context[GivenT], P], Awaitable[Content]]
    ) -> Method[OwnerT, AsyncContextPrompt[P, GivenT, FormatT]]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[OwnerT, Context[GivenT], P], Content]
    ) -> Method[OwnerT, ContextPrompt[P, GivenT, FormatT]]: ...
    @overload
    def __call__(self, fn: Callable[P, Awaitable[Content]]) -> AsyncPrompt[P, FormatT]: ...
    @overload
    def __call__(self, fn: Callable[P, Content]) -> Prompt[P, FormatT]: ...
    def __call__(self, fn: Callable[..., Any]) -> Any:
        """The prompt that a function is."""
        return self.make(fn)

    def make(self, fn: Callable[..., Any]) -> BasePrompt[FormatT]:
        """The prompt that a function is, of the kind that its signature tells."""
        plain = function_of(fn)
        kind = KINDS[is_async(plain), takes_context(plain)]
        return kind(fn, tools=self.tools, format=self.format)


@overload
def prompt(  # pyright: ignore[reportOverlappingOverload]  # the first that fits counts
    fn: Callable[Concatenate[Context[GivenT], P], Awaitable[Content]], /
) -> AsyncContextPrompt[P, GivenT]: ...
@overload
def prompt(  # pyright: ignore[reportOverlappingOverload]  # the first that fits counts
    fn: Callable[Concatenate[Context[GivenT], P], Content], /
) -> ContextPrompt[P, GivenT]: ...
@overload
def prompt(
    fn: Callable[Concatenate[OwnerT, Context[GivenT], P], Awaitable[Content]], /
) -> Method[OwnerT, AsyncContextPrompt[P, GivenT]]: ...
@overload
def prompt(
    fn: Callable[Concatenate[OwnerT, Context[GivenT], P], Content], /
) -> Method[OwnerT, ContextPrompt[P, GivenT]]: ...
@overload
def prompt(fn: Callable[P, Awaitable[Content]], /) -> AsyncPrompt[P]: ...
@overload
def prompt(fn: Callable[P, Content], /) -> Prompt[P]: ...
@overload
def prompt(*, tools: AnyTools | None = None, format: None = None) -> PromptDecorator: ...
@overload
def prompt(
    *, tools: AnyTools | None = None, format: FormatSpec[FormatT]
) -> PromptDecorator[FormatT]: ...
def prompt(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    tools: AnyTools | None = None,
    format: Any = None,
) -> Any:
    """Turn a function into a prompt, which is called with a model and the function's arguments.

    The function returns a string, a part, a sequence of both, or a list of messages. A coroutine
    function becomes an async prompt; a first parameter `ctx: llm.Context[...]` makes it a context
    prompt.

    Args:
        fn: The function, when used without parentheses.
        tools: The tools that the model may call.
        format: The type of the answer, an output parser, or `llm.format(...)`.
    """
    decorator: PromptDecorator[Any] = PromptDecorator(tools=tools, format=format)
    return decorator if fn is None else decorator.make(fn)
