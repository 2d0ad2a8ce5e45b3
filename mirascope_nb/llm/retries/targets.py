"""`llm.retry`: calls and prompts that try again, as faces over those that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import (
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
from mirascope_nb.llm.calls import AsyncCall, AsyncContextCall, BaseCall, Call, ContextCall
from mirascope_nb.llm.context import Context, DepsT
from mirascope_nb.llm.current import use_model
from mirascope_nb.llm.formatting import FormatT
from mirascope_nb.llm.models import Model, ModelId
from mirascope_nb.llm.prompts import (
    AsyncContextPrompt,
    AsyncPrompt,
    BasePrompt,
    ContextPrompt,
    Prompt,
)
from mirascope_nb.llm.retries.config import RetryArgs, RetryConfig
from mirascope_nb.llm.retries.models import RetryModel
from mirascope_nb.llm.retries.responses import (
    AsyncContextRetryResponse,
    AsyncContextRetryStreamResponse,
    AsyncRetryResponse,
    AsyncRetryStreamResponse,
    ContextRetryResponse,
    ContextRetryStreamResponse,
    RetryResponse,
    RetryStreamResponse,
)
from mirascope_nb.llm.wrapping import Bindable, Method

__all__ = [
    "AsyncContextRetryCall",
    "AsyncContextRetryPrompt",
    "AsyncRetryCall",
    "AsyncRetryPrompt",
    "ContextRetryCall",
    "ContextRetryPrompt",
    "RetryCall",
    "RetryPrompt",
    "retry",
]

P = ParamSpec("P")
BoundP = ParamSpec("BoundP")
"""What is left of `P` when `self` is bound."""
OwnerT = TypeVar("OwnerT")
T = TypeVar("T")
GivenT = TypeVar("GivenT")
GivenFormatT = TypeVar("GivenFormatT")


def retrying(model: Model | ModelId, config: RetryConfig) -> RetryModel:
    """A model that retries: its own way if it does already, else by this config."""
    return model if isinstance(model, RetryModel) else RetryModel(model, config)


class RetryingPrompt(BasePrompt[FormatT]):
    """A prompt whose models retry."""

    retry_config: RetryConfig

    async def do_call(
        self,
        model: Model | ModelId,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        streamed: bool = False,
    ) -> Any:
        """The reply of the first attempt that succeeds."""
        model = retrying(model, self.retry_config)
        return await super().do_call(model, args, kwargs, streamed=streamed)


class RetryingCall(BaseCall[FormatT]):
    """A call whose model retries."""

    retry_config: RetryConfig

    @property
    def model(self) -> RetryModel:
        """The model that a call asks now, which retries."""
        return retrying(use_model(self.default_model), self.retry_config)


class RetryPrompt(RetryingPrompt[FormatT], Prompt[P, FormatT], Generic[P, FormatT]):
    """A synchronous prompt that retries."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: RetryPrompt[Concatenate[Any, BoundP], FormatT],
        instance: object,
        owner: type | None = None,
        /,
    ) -> RetryPrompt[BoundP, FormatT]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The prompt of an instance, as functions are methods."""
        return Bindable.__get__(self, instance, owner)

    def __call__(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> RetryResponse[FormatT]:
        """Ask a model; see `Model.call`."""
        return run_now(self.do_call(model, args, kwargs))

    def call(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> RetryResponse[FormatT]:
        """Ask a model; see `Model.call`."""
        return run_now(self.do_call(model, args, kwargs))

    def stream(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> RetryStreamResponse[FormatT]:
        """Ask a model for a streaming reply; see `Model.stream`."""
        return run_now(self.do_call(model, args, kwargs, streamed=True))


class AsyncRetryPrompt(RetryingPrompt[FormatT], AsyncPrompt[P, FormatT], Generic[P, FormatT]):
    """An asynchronous prompt that retries."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: AsyncRetryPrompt[Concatenate[Any, BoundP], FormatT],
        instance: object,
        owner: type | None = None,
        /,
    ) -> AsyncRetryPrompt[BoundP, FormatT]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The prompt of an instance, as functions are methods."""
        return Bindable.__get__(self, instance, owner)

    async def __call__(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncRetryResponse[FormatT]:
        """Ask a model; see `Model.call`."""
        return await self.do_call(model, args, kwargs)

    async def call(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncRetryResponse[FormatT]:
        """Ask a model; see `Model.call`."""
        return await self.do_call(model, args, kwargs)

    async def stream(
        self, model: Model | ModelId, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncRetryStreamResponse[FormatT]:
        """Ask a model for a streaming reply; see `Model.stream`."""
        return await self.do_call(model, args, kwargs, streamed=True)


class ContextRetryPrompt(
    RetryingPrompt[FormatT], ContextPrompt[P, DepsT, FormatT], Generic[P, DepsT, FormatT]
):
    """A synchronous prompt with a context that retries."""

    def __call__(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextRetryResponse[DepsT, FormatT]:
        """Ask a model; see `Model.call`."""
        return run_now(self.do_call(model, (ctx, *args), kwargs))

    def call(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextRetryResponse[DepsT, FormatT]:
        """Ask a model; see `Model.call`."""
        return run_now(self.do_call(model, (ctx, *args), kwargs))

    def stream(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextRetryStreamResponse[DepsT, FormatT]:
        """Ask a model for a streaming reply; see `Model.stream`."""
        return run_now(self.do_call(model, (ctx, *args), kwargs, streamed=True))


class AsyncContextRetryPrompt(
    RetryingPrompt[FormatT], AsyncContextPrompt[P, DepsT, FormatT], Generic[P, DepsT, FormatT]
):
    """An asynchronous prompt with a context that retries."""

    async def __call__(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextRetryResponse[DepsT, FormatT]:
        """Ask a model; see `Model.call`."""
        return await self.do_call(model, (ctx, *args), kwargs)

    async def call(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextRetryResponse[DepsT, FormatT]:
        """Ask a model; see `Model.call`."""
        return await self.do_call(model, (ctx, *args), kwargs)

    async def stream(
        self, model: Model | ModelId, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextRetryStreamResponse[DepsT, FormatT]:
        """Ask a model for a streaming reply; see `Model.stream`."""
        return await self.do_call(model, (ctx, *args), kwargs, streamed=True)


class RetryCall(RetryingCall[FormatT], Call[P, FormatT], Generic[P, FormatT]):
    """A synchronous call that retries."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: RetryCall[Concatenate[Any, BoundP], FormatT],
        instance: object,
        owner: type | None = None,
        /,
    ) -> RetryCall[BoundP, FormatT]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The call of an instance, as functions are methods."""
        return Bindable.__get__(self, instance, owner)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> RetryResponse[FormatT]:
        """Ask; see `Model.call`."""
        return run_now(self.do_call(args, kwargs))

    def call(self, *args: P.args, **kwargs: P.kwargs) -> RetryResponse[FormatT]:
        """Ask; see `Model.call`."""
        return run_now(self.do_call(args, kwargs))

    def stream(self, *args: P.args, **kwargs: P.kwargs) -> RetryStreamResponse[FormatT]:
        """Ask for a streaming reply; see `Model.stream`."""
        return run_now(self.do_call(args, kwargs, streamed=True))


class AsyncRetryCall(RetryingCall[FormatT], AsyncCall[P, FormatT], Generic[P, FormatT]):
    """An asynchronous call that retries."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: AsyncRetryCall[Concatenate[Any, BoundP], FormatT],
        instance: object,
        owner: type | None = None,
        /,
    ) -> AsyncRetryCall[BoundP, FormatT]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The call of an instance, as functions are methods."""
        return Bindable.__get__(self, instance, owner)

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> AsyncRetryResponse[FormatT]:
        """Ask; see `Model.call`."""
        return await self.do_call(args, kwargs)

    async def call(self, *args: P.args, **kwargs: P.kwargs) -> AsyncRetryResponse[FormatT]:
        """Ask; see `Model.call`."""
        return await self.do_call(args, kwargs)

    async def stream(self, *args: P.args, **kwargs: P.kwargs) -> AsyncRetryStreamResponse[FormatT]:
        """Ask for a streaming reply; see `Model.stream`."""
        return await self.do_call(args, kwargs, streamed=True)


class ContextRetryCall(
    RetryingCall[FormatT], ContextCall[P, DepsT, FormatT], Generic[P, DepsT, FormatT]
):
    """A synchronous call with a context that retries."""

    def __call__(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextRetryResponse[DepsT, FormatT]:
        """Ask; see `Model.call`."""
        return run_now(self.do_call((ctx, *args), kwargs))

    def call(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextRetryResponse[DepsT, FormatT]:
        """Ask; see `Model.call`."""
        return run_now(self.do_call((ctx, *args), kwargs))

    def stream(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> ContextRetryStreamResponse[DepsT, FormatT]:
        """Ask for a streaming reply; see `Model.stream`."""
        return run_now(self.do_call((ctx, *args), kwargs, streamed=True))


class AsyncContextRetryCall(
    RetryingCall[FormatT], AsyncContextCall[P, DepsT, FormatT], Generic[P, DepsT, FormatT]
):
    """An asynchronous call with a context that retries."""

    async def __call__(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextRetryResponse[DepsT, FormatT]:
        """Ask; see `Model.call`."""
        return await self.do_call((ctx, *args), kwargs)

    async def call(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextRetryResponse[DepsT, FormatT]:
        """Ask; see `Model.call`."""
        return await self.do_call((ctx, *args), kwargs)

    async def stream(
        self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncContextRetryStreamResponse[DepsT, FormatT]:
        """Ask for a streaming reply; see `Model.stream`."""
        return await self.do_call((ctx, *args), kwargs, streamed=True)


_KINDS: tuple[tuple[type[Any], type[Any]], ...] = (
    (Prompt, RetryPrompt),
    (AsyncPrompt, AsyncRetryPrompt),
    (ContextPrompt, ContextRetryPrompt),
    (AsyncContextPrompt, AsyncContextRetryPrompt),
    (Call, RetryCall),
    (AsyncCall, AsyncRetryCall),
    (ContextCall, ContextRetryCall),
    (AsyncContextCall, AsyncContextRetryCall),
)


class RetryDecorator:
    """Makes targets retry by this config."""

    def __init__(self, config: RetryConfig) -> None:
        self.config = config

    @overload
    def __call__(
        self, target: AsyncContextCall[P, GivenT, GivenFormatT]
    ) -> AsyncContextRetryCall[P, GivenT, GivenFormatT]: ...
    @overload
    def __call__(
        self, target: ContextCall[P, GivenT, GivenFormatT]
    ) -> ContextRetryCall[P, GivenT, GivenFormatT]: ...
    @overload
    def __call__(self, target: AsyncCall[P, GivenFormatT]) -> AsyncRetryCall[P, GivenFormatT]: ...
    @overload
    def __call__(self, target: Call[P, GivenFormatT]) -> RetryCall[P, GivenFormatT]: ...
    @overload
    def __call__(
        self, target: AsyncContextPrompt[P, GivenT, GivenFormatT]
    ) -> AsyncContextRetryPrompt[P, GivenT, GivenFormatT]: ...
    @overload
    def __call__(
        self, target: ContextPrompt[P, GivenT, GivenFormatT]
    ) -> ContextRetryPrompt[P, GivenT, GivenFormatT]: ...
    @overload
    def __call__(
        self, target: AsyncPrompt[P, GivenFormatT]
    ) -> AsyncRetryPrompt[P, GivenFormatT]: ...
    @overload
    def __call__(self, target: Prompt[P, GivenFormatT]) -> RetryPrompt[P, GivenFormatT]: ...
    @overload
    def __call__(
        self, target: Method[OwnerT, AsyncContextCall[P, GivenT, GivenFormatT]]
    ) -> Method[OwnerT, AsyncContextRetryCall[P, GivenT, GivenFormatT]]: ...
    @overload
    def __call__(
        self, target: Method[OwnerT, ContextCall[P, GivenT, GivenFormatT]]
    ) -> Method[OwnerT, ContextRetryCall[P, GivenT, GivenFormatT]]: ...
    @overload
    def __call__(
        self, target: Method[OwnerT, AsyncContextPrompt[P, GivenT, GivenFormatT]]
    ) -> Method[OwnerT, AsyncContextRetryPrompt[P, GivenT, GivenFormatT]]: ...
    @overload
    def __call__(
        self, target: Method[OwnerT, ContextPrompt[P, GivenT, GivenFormatT]]
    ) -> Method[OwnerT, ContextRetryPrompt[P, GivenT, GivenFormatT]]: ...
    def __call__(self, target: Any) -> Any:
        """The target with retries; one that has them gets this config instead."""
        for kind, retry_kind in _KINDS:
            if isinstance(target, kind):
                made: Any = object.__new__(retry_kind)
                made.__dict__.update(target.__dict__)
                made.retry_config = self.config
                return made
        raise ValueError(f"Unsupported target type for retry: {type(target)}")


@overload
def retry(
    target: AsyncContextCall[P, GivenT, GivenFormatT], /
) -> AsyncContextRetryCall[P, GivenT, GivenFormatT]: ...
@overload
def retry(
    target: ContextCall[P, GivenT, GivenFormatT], /
) -> ContextRetryCall[P, GivenT, GivenFormatT]: ...
@overload
def retry(target: AsyncCall[P, GivenFormatT], /) -> AsyncRetryCall[P, GivenFormatT]: ...
@overload
def retry(target: Call[P, GivenFormatT], /) -> RetryCall[P, GivenFormatT]: ...
@overload
def retry(
    target: AsyncContextPrompt[P, GivenT, GivenFormatT], /
) -> AsyncContextRetryPrompt[P, GivenT, GivenFormatT]: ...
@overload
def retry(
    target: ContextPrompt[P, GivenT, GivenFormatT], /
) -> ContextRetryPrompt[P, GivenT, GivenFormatT]: ...
@overload
def retry(target: AsyncPrompt[P, GivenFormatT], /) -> AsyncRetryPrompt[P, GivenFormatT]: ...
@overload
def retry(target: Prompt[P, GivenFormatT], /) -> RetryPrompt[P, GivenFormatT]: ...
@overload
def retry(
    target: Method[OwnerT, AsyncContextCall[P, GivenT, GivenFormatT]], /
) -> Method[OwnerT, AsyncContextRetryCall[P, GivenT, GivenFormatT]]: ...
@overload
def retry(
    target: Method[OwnerT, ContextCall[P, GivenT, GivenFormatT]], /
) -> Method[OwnerT, ContextRetryCall[P, GivenT, GivenFormatT]]: ...
@overload
def retry(
    target: Method[OwnerT, AsyncContextPrompt[P, GivenT, GivenFormatT]], /
) -> Method[OwnerT, AsyncContextRetryPrompt[P, GivenT, GivenFormatT]]: ...
@overload
def retry(
    target: Method[OwnerT, ContextPrompt[P, GivenT, GivenFormatT]], /
) -> Method[OwnerT, ContextRetryPrompt[P, GivenT, GivenFormatT]]: ...
@overload
def retry(target: None = None, /, **config: Unpack[RetryArgs]) -> RetryDecorator: ...
def retry(target: Any = None, /, **config: Unpack[RetryArgs]) -> Any:
    """Let a call or a prompt try again when a provider fails, and then ask other models.

    Used as a decorator above `@llm.call` or `@llm.prompt`, with or without arguments. What is sent
    again is one model request: a tool that ran is not run again.

    Args:
        target: The call or prompt, when used without arguments.
        **config: The fields of `RetryConfig`.

    Raises:
        ValueError: If the target is neither a call nor a prompt, or a value is out of its range.
    """
    decorator = RetryDecorator(RetryConfig.from_args(**config))
    return decorator if target is None else cast("Callable[[Any], Any]", decorator)(target)
