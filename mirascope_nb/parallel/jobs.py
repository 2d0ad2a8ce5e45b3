"""A piece of work, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

__all__ = ["Job", "Outcome", "job_of", "perform", "unpacked"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Job: TypeAlias = Callable[[], Awaitable[T]]
"""Begins a piece of work: called when there is room for it."""


def job_of(awaitable: Awaitable[T]) -> Job[T]:
    """What is there to be awaited, as a job."""
    return lambda: awaitable


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T_co]):
    """What came of a job: a value, or the exception that ended it."""

    value: T_co | None = None
    error: BaseException | None = None


class _Packed(Exception):  # noqa: N818, it is no error of its own
    """Carries what must not end a task: asyncio passes it through the loop, and the kernel ends."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


async def perform(job: Job[T]) -> T:
    """Await a job; `unpacked` says what it has raised."""
    try:
        return await job()
    except (KeyboardInterrupt, SystemExit) as error:
        raise _Packed(error) from None


def unpacked(error: BaseException | None) -> BaseException | None:
    """The error of a task that performed a job."""
    return error.error if isinstance(error, _Packed) else error
