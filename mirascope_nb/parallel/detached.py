"""The handle of a map that goes on after its cell has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any, Literal

from mirascope_nb.kernel import Detached, running
from mirascope_nb.parallel.mapping import Mapping
from mirascope_nb.parallel.results import Results

__all__ = ["DetachedMap"]


class DetachedMap:
    """A map that was left to itself. `await` it for its results."""

    def __init__(self, work: Detached[Results[Any]], mapping: Mapping) -> None:
        self._work = work
        self._mapping = mapping

    @property
    def results(self) -> Results[Any]:
        """The results so far. A row that is not finished counts as cancelled until it is."""
        return self._mapping.results

    @property
    def state(self) -> Literal["running", "done", "failed", "cancelled"]:
        """How far it is."""
        return self._work.state

    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._work.done()

    def cancel(self) -> bool:
        """Stop it. What is done stays, in `results`; false if it had ended already."""
        return self._work.cancel()

    def exception(self) -> BaseException | None:
        """Return the exception it ended with, or `None` if it ended well or was cancelled.

        Raises:
            asyncio.InvalidStateError: If it still runs.
        """
        return self._work.exception()

    async def settle(self) -> None:
        """Wait until it has ended, in whatever way; whoever is cancelled meanwhile cancels it."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        self._work.add_done_callback(lambda _: loop.call_soon_threadsafe(ended.set))
        try:
            with running():
                await ended.wait()
        finally:
            self.cancel()

    def __await__(self) -> Generator[Any, None, Results[Any]]:
        """Wait for its end. A stop of the cell that waits does not stop the map."""
        return self._work.__await__()

    def __repr__(self) -> str:
        return repr(self._work)
