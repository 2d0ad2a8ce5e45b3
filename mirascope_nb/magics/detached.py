"""The handle of a reply that goes on after its cell has ended."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any

# The loop keeps only weak references to its tasks.
_running: set["asyncio.Task[Any]"] = set()


class Detached:
    """A reply under way. `await` it for the response; `stop()` ends it.

    Args:
        work: Runs the call and gives the response.
        model: The model asked, for the representation.
        partial: Gives the response as far as it has come, or `None`.
    """

    def __init__(
        self, work: Coroutine[Any, Any, Any], *, model: str, partial: Callable[[], Any]
    ) -> None:
        self._model = model
        self._partial = partial
        self._task = asyncio.ensure_future(work)
        _running.add(self._task)
        self._task.add_done_callback(_finish)

    @property
    def done(self) -> bool:
        """Whether the reply has ended, in whatever way."""
        return self._task.done()

    @property
    def response(self) -> Any:
        """The response, as far as it has come; `None` while the provider has not answered."""
        return self._partial()

    def text(self) -> str:
        """The text of the reply as far as it has come."""
        response = self._partial()
        return "" if response is None else str(response.text())

    def __getattr__(self, name: str) -> Any:
        """Whatever else the response has, once it has begun."""
        response = None if name.startswith("_") else self._partial()
        if response is None:
            raise AttributeError(f"the reply has no {name!r} yet; await it first")
        return getattr(response, name)

    def stop(self) -> None:
        """End the reply; what has arrived is kept."""
        self._task.cancel()

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the response. A failed call raises its error."""
        return asyncio.shield(self._task).__await__()

    def __repr__(self) -> str:
        return f"<reply of {self._model}, {self._state()}>"

    def _state(self) -> str:
        if not self.done:
            return "running: await it for the response"
        if self._task.cancelled():
            return "stopped"
        return "done" if self._task.exception() is None else "failed"


def _finish(task: "asyncio.Task[Any]") -> None:
    _running.discard(task)
    if not task.cancelled():
        # Its card has shown the error; nobody need await a handle.
        task.exception()
