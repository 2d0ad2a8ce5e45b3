"""`llm.retry`: a call or a prompt becomes one that tries again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, Unpack, cast, overload

from mirascope_nb.llm.calls import AsyncCall, AsyncContextCall, Call, ContextCall
from mirascope_nb.llm.prompts import AsyncContextPrompt, AsyncPrompt, ContextPrompt, Prompt
from mirascope_nb.llm.retries.config import RetryArgs, RetryConfig
from mirascope_nb.llm.retries.targets import (
    AsyncContextRetryCall,
    AsyncContextRetryPrompt,
    AsyncRetryCall,
    AsyncRetryPrompt,
    ContextRetryCall,
    ContextRetryPrompt,
    RetryCall,
    RetryPrompt,
)
from mirascope_nb.llm.wrapping import Method

__all__ = ["RetryDecorator", "retry"]

P = ParamSpec("P")
OwnerT = TypeVar("OwnerT")
GivenT = TypeVar("GivenT")
GivenFormatT = TypeVar("GivenFormatT")

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
        raise ValueError(
            f"Unsupported target type for retry: {type(target)}. "
            "Write @llm.retry above @llm.call or @llm.prompt."
        )


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
