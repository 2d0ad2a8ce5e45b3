"""When to try again, and after how long; pure."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import TypedDict

from mirascope_nb.llm.exceptions import (
    ConnectionError,
    ProviderError,
    RateLimitError,
    ServerError,
    TimeoutError,
)
from mirascope_nb.llm.params import Params, unknown_keyword

if TYPE_CHECKING:
    from mirascope_nb.llm.models import Model

__all__ = ["RetryArgs", "RetryConfig", "RetryFailure", "RetryModelParams", "next_delay"]

DEFAULT_RETRY_ON: tuple[type[Exception], ...] = (
    ConnectionError,
    RateLimitError,
    ServerError,
    TimeoutError,
)


@dataclass(kw_only=True)
class RetryFailure:
    """An attempt that failed, and the model that it asked."""

    model: Model
    """The plain model that was asked."""
    exception: Exception
    """Why it failed."""


@dataclass(frozen=True, kw_only=True)
class RetryConfig:
    """How often, on what, and after how long to try again."""

    max_retries: int = 3
    """Attempts after the first, for each model."""
    retry_on: tuple[type[Exception], ...] = DEFAULT_RETRY_ON
    """Errors worth another attempt. Others pass at once."""
    fallback_models: Sequence[str | Model] = ()
    """Models to ask, in order, when the first has failed for good."""
    initial_delay: float = 0.5
    """Seconds before the first retry of a model."""
    max_delay: float = 60.0
    """The longest delay of our own choosing, in seconds."""
    backoff_multiplier: float = 2.0
    """What each further delay is multiplied by."""
    jitter: float = 0.0
    """Share of a delay, 0 to 1, by which it is varied at random."""
    max_retry_after: float = 60.0
    """The longest wait, in seconds, that a server may ask for; else the next model is asked."""
    max_elapsed: float = 120.0
    """Seconds after which no further attempt is begun."""

    def __post_init__(self) -> None:
        # Lists are what people write; a config can be hashed all the same.
        object.__setattr__(self, "retry_on", _classes(self.retry_on))
        object.__setattr__(self, "fallback_models", _models(self.fallback_models))
        for name in _NUMBERS:
            number: Any = getattr(self, name)
            is_number = isinstance(number, int | float) and not isinstance(number, bool)
            if not is_number or math.isnan(number):
                raise TypeError(f"{name} must be a number, not {number!r}")
        if not isinstance(self.max_retries, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"max_retries must be a whole number, not {self.max_retries!r}")
        for name in _NUMBERS[:5]:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be non-negative")
        if self.backoff_multiplier < 1:
            raise ValueError("backoff_multiplier must be >= 1")
        if not 0.0 <= self.jitter <= 1.0:
            raise ValueError("jitter must be between 0.0 and 1.0")

    @classmethod
    def from_args(cls, **args: Any) -> RetryConfig:
        """A config from keywords; what is `None` or not given keeps its default.

        Raises:
            ValueError: If a value is out of its range.
            TypeError: If a keyword is unknown, or a value is not a number.
        """
        for name in args:
            if name not in RETRY_ARGS:
                raise unknown_keyword(name, RETRY_ARGS)
        return cls(**{name: value for name, value in args.items() if value is not None})

    def retries(self, error: Exception) -> bool:
        """Whether an error is worth another attempt.

        What is known of the error itself counts before its class: exhausted quota and TLS failures
        are never worth one.
        """
        known = error.should_retry if isinstance(error, ProviderError) else None
        if known is not None:
            usual = any(issubclass(each, ProviderError) for each in self.retry_on)
            return known and usual
        return isinstance(error, self.retry_on)


_NUMBERS = (
    "max_retries",
    "initial_delay",
    "max_delay",
    "max_retry_after",
    "max_elapsed",
    "backoff_multiplier",
    "jitter",
)


def _models(given: object) -> tuple[str | Model, ...]:
    """Models or their ids, all of which name a provider."""
    from mirascope_nb.llm.models import Model

    if isinstance(given, str | Model) or not isinstance(given, Iterable):
        raise ValueError(f"fallback_models must be a list of models, not {given!r}")  # noqa: TRY004, as the others
    models = tuple(cast("Iterable[str | Model]", given))
    for model in models:
        Model.of(model)
    return models


def _classes(given: object) -> tuple[type[Exception], ...]:
    classes = (given,) if isinstance(given, type) else tuple(cast("Sequence[object]", given))
    for each in classes:
        if not (isinstance(each, type) and issubclass(each, Exception)):
            raise ValueError(f"retry_on must hold exception classes, not {each!r}")  # noqa: TRY004
    return cast("tuple[type[Exception], ...]", classes)


RETRY_ARGS = tuple(field.name for field in fields(RetryConfig))


class RetryArgs(TypedDict, total=False):
    """The fields of `RetryConfig`, as keywords."""

    max_retries: int
    retry_on: tuple[type[Exception], ...]
    fallback_models: Sequence[Any]
    initial_delay: float
    max_delay: float
    backoff_multiplier: float
    jitter: float
    max_retry_after: float
    max_elapsed: float


class RetryModelParams(RetryArgs, Params, total=False):
    """The keywords of `retry_model`: those of `RetryConfig` and those of a model."""


def split_params(args: RetryModelParams) -> tuple[RetryConfig, Params]:
    """A config, and what is left for the model."""
    given = cast("dict[str, Any]", args)
    known = [*RETRY_ARGS, *Params.__annotations__]
    for name in given:
        if name not in known:
            raise unknown_keyword(name, known)
    config = RetryConfig.from_args(
        **{name: value for name, value in given.items() if name in RETRY_ARGS}
    )
    return config, cast(
        "Params", {name: value for name, value in given.items() if name not in RETRY_ARGS}
    )


def next_delay(config: RetryConfig, retry: int, error: Exception) -> float | None:
    """Seconds to wait before a model's next attempt, or `None` if it is not worth waiting.

    What the server asked for wins over the config's own delay, and is waited for in full.

    Args:
        config: The policy.
        retry: Which retry of this model comes next, from 1.
        error: Why the last attempt failed.
    """
    asked = error.retry_after if isinstance(error, ProviderError) else None
    if asked is not None:
        if asked > config.max_retry_after:
            return None
        return asked + random.uniform(0, min(1.0, asked * 0.1))  # noqa: S311, no secret
    try:
        grown = config.initial_delay * config.backoff_multiplier ** (retry - 1)
    except OverflowError:
        grown = config.max_delay if config.initial_delay else 0.0
    delay = min(grown, config.max_delay)
    if config.jitter:
        spread = delay * config.jitter
        delay += random.uniform(-spread, spread)  # noqa: S311, no secret
    return max(0.0, delay)
