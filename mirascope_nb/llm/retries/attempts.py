"""The attempts at one request: which model is next, and what has failed so far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from mirascope_nb.llm.exceptions import RetriesExhausted
from mirascope_nb.llm.io import IO
from mirascope_nb.llm.models import Model
from mirascope_nb.llm.retries.config import RetryConfig, RetryFailure, next_delay

__all__ = ["Attempts"]

T = TypeVar("T")


class Attempts:
    """A walk over models and their attempts; a stream that breaks continues it.

    The state is the model under way, how often it has been retried, and the failures.
    """

    def __init__(self, io: IO, config: RetryConfig, variants: Sequence[Model]) -> None:
        self._io = io
        self._config = config
        self._variants = list(variants)
        self._retry = 0
        self._started = io.now()
        self.failures: list[RetryFailure] = []

    @property
    def model(self) -> Model:
        """The model under way."""
        return self._variants[0]

    async def run(self, attempt: Callable[[Model], Awaitable[T]]) -> T:
        """The result of the first attempt that succeeds.

        Raises:
            RetriesExhausted: If none does.
        """
        while True:
            try:
                return await attempt(self.model)
            except Exception as error:
                if not self._config.retries(error):
                    raise
                failure = error
            await self.failed(failure)

    async def failed(self, error: Exception) -> RetryFailure:
        """Note a failure, and wait until the next attempt may begin.

        Raises:
            RetriesExhausted: If there is none.
        """
        failure = RetryFailure(model=self.model, exception=error)
        self.failures.append(failure)
        self._retry += 1
        delay = None
        if self._retry <= self._config.max_retries:
            delay = next_delay(self._config, self._retry, error)
        elapsed = self._io.now() - self._started
        if elapsed + (delay or 0) > self._config.max_elapsed:
            raise RetriesExhausted(self.failures)
        if delay is not None:
            await self._io.sleep(delay)
            return failure
        if len(self._variants) == 1:
            raise RetriesExhausted(self.failures)
        self._variants.pop(0)
        self._retry = 0
        return failure
