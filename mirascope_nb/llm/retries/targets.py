"""Calls and prompts that try again, as faces over those that do not."""

from __future__ import annotations

from typing import Any, Concatenate, Generic, ParamSpec, Self, overload

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
from mirascope_nb.llm.retries.config import RetryConfig
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
from mirascope_nb.llm.wrapping import Bindable

__all__ = [
    "AsyncContextRetryCall",
    "AsyncContextRetryPrompt",
    "AsyncRetryCall",
    "AsyncRetryPrompt",
    "ContextRetryCall",
    "ContextRetryPrompt",
    "RetryCall",
    "RetryPrompt",
]

P = ParamSpec("P")
BoundP = ParamSpec("BoundP")
"""What is left of `P` when `self` is bound."""


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
