"""Replies of models that retry: the plain ones, and what failed on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeAlias, TypeVar, cast

from mirascope_nb.llm.context import DepsT
from mirascope_nb.llm.current import model_from_context
from mirascope_nb.llm.exceptions import StreamRestarted
from mirascope_nb.llm.formatting import FormatT
from mirascope_nb.llm.models import Model
from mirascope_nb.llm.responses import (
    AsyncContextResponse,
    AsyncContextStreamResponse,
    AsyncResponse,
    AsyncStreamResponse,
    BaseStreamResponse,
    ContextResponse,
    ContextStreamResponse,
    Response,
    RootResponse,
    StreamResponse,
)
from mirascope_nb.llm.retries.attempts import Attempts
from mirascope_nb.llm.retries.config import RetryConfig, RetryFailure
from mirascope_nb.llm.retries.models import RetryModel

__all__ = [
    "AsyncContextRetryResponse",
    "AsyncContextRetryStreamResponse",
    "AsyncRetryResponse",
    "AsyncRetryStreamResponse",
    "ContextRetryResponse",
    "ContextRetryStreamResponse",
    "RetryResponse",
    "RetryStreamResponse",
]

Reopen: TypeAlias = Callable[[Model], Awaitable[BaseStreamResponse[Any]]]
ResponseT = TypeVar("ResponseT", bound=RootResponse[Any])


class Retried(RootResponse[FormatT]):
    """What replies of retrying models have beyond the attributes of plain ones."""

    retry_failures: list[RetryFailure]
    """The attempts that failed before this reply; empty if the first succeeded."""
    _retry_model: RetryModel

    def adopt(self, model: RetryModel, attempts: Attempts, reopen: Reopen | None) -> None:  # noqa: ARG002, for streams
        """Add what a plain reply does not have."""
        self.retry_failures = attempts.failures
        self._retry_model = model

    @property
    def retry_config(self) -> RetryConfig:
        """How the model retries."""
        return self._retry_model.retry_config

    @property
    def model(self) -> RetryModel:
        """The model that resumes: the context's with this config, or the one that answered."""
        current = model_from_context()
        if current is None:
            return self._retry_model
        if isinstance(current, RetryModel):
            return current
        return RetryModel(current, self.retry_config)


class RetriedStream(Retried[FormatT], BaseStreamResponse[FormatT]):
    """A stream that starts over with the next attempt when it breaks.

    Until its first content that goes unnoticed; after it, `StreamRestarted` tells whoever iterates
    to begin again. Two attempts are never spliced.
    """

    _attempts: Attempts
    _reopen: Reopen
    _of_the_reading = BaseStreamResponse._of_the_reading | {"_attempts", "_reopen"}  # noqa: SLF001, pyright: ignore[reportPrivateUsage]

    def adopt(self, model: RetryModel, attempts: Attempts, reopen: Reopen | None) -> None:
        """Add what a plain reply does not have, and how to start over."""
        super().adopt(model, attempts, reopen)
        self._attempts = attempts
        self._reopen = cast("Reopen", reopen)

    async def _failed(self, error: Exception) -> bool:
        if not self.retry_config.retries(error):
            return await super()._failed(error)
        begun = self._reply.has_begun
        try:
            failure = await self._attempts.failed(error)
            fresh = await self._attempts.run(self._reopen)
        except Exception as final:  # noqa: BLE001, whatever ended the attempts ends the stream
            return await super()._failed(final)
        self._begin_as(fresh)
        self._retry_model = self._retry_model.with_active(self._attempts.model)
        if begun:
            raise StreamRestarted(failure)
        return True


class RetryResponse(Retried[FormatT], Response[FormatT]):
    """The reply to a synchronous call that retries."""


class AsyncRetryResponse(Retried[FormatT], AsyncResponse[FormatT]):
    """The reply to an asynchronous call that retries."""


class ContextRetryResponse(
    Retried[FormatT], ContextResponse[DepsT, FormatT], Generic[DepsT, FormatT]
):
    """The reply to a synchronous call with a context that retries."""


class AsyncContextRetryResponse(
    Retried[FormatT], AsyncContextResponse[DepsT, FormatT], Generic[DepsT, FormatT]
):
    """The reply to an asynchronous call with a context that retries."""


class RetryStreamResponse(RetriedStream[FormatT], StreamResponse[FormatT]):
    """The streaming reply to a synchronous call that retries."""


class AsyncRetryStreamResponse(RetriedStream[FormatT], AsyncStreamResponse[FormatT]):
    """The streaming reply to an asynchronous call that retries."""


class ContextRetryStreamResponse(
    RetriedStream[FormatT], ContextStreamResponse[DepsT, FormatT], Generic[DepsT, FormatT]
):
    """The streaming reply to a synchronous call with a context that retries."""


class AsyncContextRetryStreamResponse(
    RetriedStream[FormatT], AsyncContextStreamResponse[DepsT, FormatT], Generic[DepsT, FormatT]
):
    """The streaming reply to an asynchronous call with a context that retries."""


_KINDS: dict[type[RootResponse[Any]], type[Retried[Any]]] = {
    Response: RetryResponse,
    AsyncResponse: AsyncRetryResponse,
    ContextResponse: ContextRetryResponse,
    AsyncContextResponse: AsyncContextRetryResponse,
    StreamResponse: RetryStreamResponse,
    AsyncStreamResponse: AsyncRetryStreamResponse,
    ContextStreamResponse: ContextRetryStreamResponse,
    AsyncContextStreamResponse: AsyncContextRetryStreamResponse,
}


def retried(
    response: ResponseT, model: RetryModel, attempts: Attempts, reopen: Reopen | None
) -> ResponseT:
    """A plain reply as the reply of a retrying model."""
    kind = next(_KINDS[base] for base in type(response).__mro__ if base in _KINDS)
    wrapped = object.__new__(kind)
    wrapped.__dict__.update(response.__dict__)
    wrapped.adopt(model.with_active(attempts.model), attempts, reopen)
    return cast("ResponseT", wrapped)
