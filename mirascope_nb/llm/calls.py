"""Calls: prompts with a model of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Self,
    TypeVar,
    Unpack,
    cast,
    overload,
)

from mirascope_nb._loop import run_now
from mirascope_nb.llm.context import Context, DepsT
from mirascope_nb.llm.current import use_model
from mirascope_nb.llm.formatting import FormatSpec, FormatT, check_format
from mirascope_nb.llm.messages import Content
from mirascope_nb.llm.models import Model, ModelId
from mirascope_nb.llm.params import Params
from mirascope_nb.llm.prompts import (
    AsyncContextPrompt,
    AsyncPrompt,
    BasePrompt,
    ContextPrompt,
    Prompt,
    PromptDecorator,
)
from mirascope_nb.llm.responses import (
    AsyncContextResponse,
    AsyncContextStreamResponse,
    AsyncResponse,
    AsyncStreamResponse,
    ContextResponse,
    ContextStreamResponse,
    Response,
    StreamResponse,
)
from mirascope_nb.llm.tools import AnyTools
from mirascope_nb.llm.wrapping import Bindable, Method, look_like, short_name

if TYPE_CHECKING:
    from mirascope_nb.llm.io import Timeouts

__all__ = [
    "AsyncCall",
    "AsyncContextCall",
    "BaseCall",
    "Call",
    "CallDecorator",
    "ContextCall",
    "call",
]

P = ParamSpec("P")
BoundP = ParamSpec("BoundP")
"""What is left of `P` when `self` is bound."""
OwnerT = TypeVar("OwnerT")
GivenT = TypeVar("GivenT")
"""A context's dependencies in a function, where `DepsT` with its default may not precede `P`."""


class BaseCall(Bindable, Generic[FormatT]):
    """A prompt and the model that it asks unless the context has another."""

    default_model: Model
    """The model that was given to the decorator."""
    prompt: BasePrompt[FormatT]

    def __init__(self, *, default_model: Model, prompt: BasePrompt[FormatT]) -> None:
        self.default_model = default_model
        self.prompt = prompt
        self.fn = prompt.fn
        look_like(self, prompt.__wrapped__)

    def bind(self, fn: Callable[..., Any], instance: object, owner: type | None) -> Self:
        """The call of an instance."""
        bound = super().bind(fn, instance, owner)
        bound.prompt = self.prompt.bind(fn, instance, owner)
        return bound

    def __repr__(self) -> str:
        options = f"{self.default_model!r}{self.prompt.options}"
        return f"{type(self).__name__}({short_name(self)}, {options})"

    @property
    def model(self) -> Model:
        """The model that a call asks now: the context's, or the default."""
        return use_model(self.default_model)

    async def do_call(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, streamed: bool = False
    ) -> Any:
        """The reply of the model; with a context, `args` begin with it."""
        return await self.prompt.do_call(self.model, args, kwargs, streamed=streamed)


class Call(BaseCall[FormatT], Generic[P, FormatT]):
    """A synchronous call."""

    prompt: Prompt[P, FormatT]  # pyright: ignore[reportIncompatibleVariableOverride]

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: Call[Concatenate[Any, BoundP], FormatT],
        instance: object,
        owner: type | None = None,
        /,
    ) -> Call[BoundP, FormatT]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The call of an instance, as functions are methods."""
        return super().__get__(instance, owner)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Response[FormatT]:
        """Ask; see `Model.call`."""
        return self.call(*args, **kwargs)

    def call(self, *args: P.args, **kwargs: P.kwargs) -> Response[FormatT]:
        """Ask; see `Model.call`."""
        return run_now(self.do_call(args, kwargs))

    def stream(self, *args: P.args, **kwargs: P.kwargs) -> StreamResponse[FormatT]:
        """Ask for a streaming reply; see `Model.stream`."""
        return run_now(self.do_call(args, kwargs, streamed=True))


class AsyncCall(BaseCall[FormatT], Generic[P, FormatT]):
    """An asynchronous call."""

    prompt: AsyncPrompt[P, FormatT]  # pyright: ignore[reportIncompatibleVariableOverride]

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: AsyncCall[Concatenate[Any, BoundP], FormatT],
        instance: object,
        owner: type | None = None,
        /,
    ) -> AsyncCall[BoundP, FormatT]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The call of an instance, as functions are methods."""
        return super().__get__(instance, owner)

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResponse[FormatT]:
        """Ask; see `Model.call`."""
        return await self.do_call(args, kwargs)

    async def call(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResponse[FormatT]:
        """Ask; see `Model.call`."""
        return await self.do_call(args, kwargs)

    async def stream(self, *args: P.args, **kwargs: P.kwargs) -> AsyncStreamResponse[FormatT]:
        """Ask for a streaming reply; see `Model.stream`."""
        return await self.do_call(args, kwargs, streamed=True)


class ContextCall(BaseCall[FormatT], Generic[P, DepsT, FormatT]):
    """A synchronous call with a context."""

    prompt: ContextPrompt[P, DepsT, FormatT]  # pyright: ignore[reportIncompatibleVariableOverride]

    def __call__(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextResponse[DepsT, FormatT]:
        """Ask; see `Model.call`."""
        return self.call(ctx, *args, **kwargs)

    def call(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextResponse[DepsT, FormatT]:
        """Ask; see `Model.call`."""
        return run_now(self.do_call((ctx, *args), kwargs))

    def stream(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextStreamResponse[DepsT, FormatT]:
        """Ask for a streaming reply; see `Model.stream`."""
        return run_now(self.do_call((ctx, *args), kwargs, streamed=True))


class AsyncContextCall(BaseCall[FormatT], Generic[P, DepsT, FormatT]):
    """An asynchronous call with a context."""

    prompt: AsyncContextPrompt[P, DepsT, FormatT]  # pyright: ignore[reportIncompatibleVariableOverride]

    async def __call__(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextResponse[DepsT, FormatT]:
        """Ask; see `Model.call`."""
        return await self.do_call((ctx, *args), kwargs)

    async def call(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextResponse[DepsT, FormatT]:
        """Ask; see `Model.call`."""
        return await self.do_call((ctx, *args), kwargs)

    async def stream(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextStreamResponse[DepsT, FormatT]:
        """Ask for a streaming reply; see `Model.stream`."""
        return await self.do_call((ctx, *args), kwargs, streamed=True)


KINDS: dict[type[BasePrompt[Any]], type[BaseCall[Any]]] = {
    cast("type[BasePrompt[Any]]", Prompt): cast("type[BaseCall[Any]]", Call),
    cast("type[BasePrompt[Any]]", AsyncPrompt): cast("type[BaseCall[Any]]", AsyncCall),
    cast("type[BasePrompt[Any]]", ContextPrompt): cast("type[BaseCall[Any]]", ContextCall),
    cast("type[BasePrompt[Any]]", AsyncContextPrompt): cast(
        "type[BaseCall[Any]]", AsyncContextCall
    ),
}


class CallDecorator(Generic[FormatT]):
    """Makes calls of this model with these tools and this format."""

    def __init__(
        self,
        *,
        model: Model,
        tools: AnyTools | None = None,
        format: FormatSpec[FormatT] | None = None,
    ) -> None:
        self.model = model
        self.tools = tools
        self.format = format

    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]  # the first that fits counts
        self, fn: Callable[Concatenate[Context[GivenT], P], Awaitable[Content]]
    ) -> AsyncContextCall[P, GivenT, FormatT]: ...
    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]  # the first that fits counts
        self, fn: Callable[Concatenate[Context[GivenT], P], Content]
    ) -> ContextCall[P, GivenT, FormatT]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[OwnerT, Context[GivenT], P], Awaitable[Content]]
    ) -> Method[OwnerT, AsyncContextCall[P, GivenT, FormatT]]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[OwnerT, Context[GivenT], P], Content]
    ) -> Method[OwnerT, ContextCall[P, GivenT, FormatT]]: ...
    @overload
    def __call__(self, fn: Callable[P, Awaitable[Content]]) -> AsyncCall[P, FormatT]: ...
    @overload
    def __call__(self, fn: Callable[P, Content]) -> Call[P, FormatT]: ...
    def __call__(self, fn: Callable[..., Any]) -> Any:
        """The call that a function is, of the kind that its signature tells."""
        made = PromptDecorator(tools=self.tools, format=self.format).make(fn)
        return KINDS[type(made)](default_model=self.model, prompt=made)


@overload
def call(
    model: ModelId | Model,
    *,
    tools: AnyTools | None = None,
    format: None = None,
    timeout: float | Timeouts | None = None,
    **params: Unpack[Params],
) -> CallDecorator: ...
@overload
def call(
    model: ModelId | Model,
    *,
    tools: AnyTools | None = None,
    format: FormatSpec[FormatT],
    timeout: float | Timeouts | None = None,
    **params: Unpack[Params],
) -> CallDecorator[FormatT]: ...
def call(
    model: ModelId | Model,
    *,
    tools: AnyTools | None = None,
    format: Any = None,
    timeout: float | Timeouts | None = None,
    **params: Unpack[Params],
) -> CallDecorator[Any]:
    """Turn a function that returns a prompt into a function that asks a model.

    The function returns a string, a part, a sequence of both, or a list of messages. A coroutine
    function becomes an async call; a first parameter `ctx: llm.Context[...]` makes it a context
    call. Inside `with llm.model(...)` that model is asked instead.

    Args:
        model: A model, or an id such as `"openai/gpt-5-mini"`.
        tools: The tools that the model may call.
        format: The type of the answer, an output parser, or `llm.format(...)`.
        timeout: Seconds for a whole request, or `Timeouts`, for a model given by id.
        **params: Parameters such as `temperature`, for a model given by id; see `Params`.

    Raises:
        ValueError: If the id does not name a provider, or `thinking` has no known level.
        TypeError: If a parameter is unknown or has the wrong type, or `format` cannot be one.
    """
    if callable(model) and not isinstance(model, Model):
        raise TypeError("llm.call needs a model: write @llm.call('openai/gpt-5-mini').")
    check_format(format)
    made = Model(model, timeout=timeout, **params) if isinstance(model, str) else Model.of(model)
    return CallDecorator(model=made, tools=tools, format=format)
