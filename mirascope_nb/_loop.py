"""Finish a coroutine that never suspends: how one implementation serves sync and async faces."""

from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from mirascope_nb import _defaults

T = TypeVar("T")


def run_now(work: Coroutine[Any, Any, T]) -> T:
    """Finish a coroutine that never suspends, and return its result.

    A coroutine over blocking I/O ends in one step, also inside a notebook's running loop, with no
    nested loop and no thread.

    Raises:
        RuntimeError: If the coroutine awaited something that suspends.
    """
    try:
        work.send(None)
    except StopIteration as done:
        return cast("T", done.value)
    except KeyboardInterrupt as stop:
        if _defaults.shorten_stop is not None:
            _defaults.shorten_stop(stop)
        raise
    work.close()
    raise RuntimeError("a blocking call awaited something that suspends; use the async form")
