"""The handle of a reply that goes on after its cell has ended, as `--detach` gives it."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mirascope_nb import kernel


class DetachedReply:
    """A reply under way. `await` it for the response; `stop()` ends it.

    Once the reply has begun, the handle has all that the response has, such as `usage`.

    Args:
        work: Runs the call and gives the response.
        partial: Gives the response as far as it has come, or `None`.
    """

    def __init__(self, work: "kernel.Detached[Any]", *, partial: Callable[[], Any]) -> None:
        self._work = work
        self._partial = partial

    @property
    def response(self) -> Any:
        """The response, as far as it has come; `None` while the provider has not answered."""
        return self._partial()

    def done(self) -> bool:
        """Whether the reply has ended, in whatever way."""
        return self._work.done()

    def text(self) -> str:
        """The text of the reply as far as it has come."""
        response = self._partial()
        return "" if response is None else str(response.text())

    def stop(self) -> None:
        """End the reply; what has arrived is kept."""
        self._work.cancel()

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the response. A failed call raises its error."""
        return self._work.__await__()

    def __getattr__(self, name: str) -> Any:
        """Whatever else the response has."""
        response = None if name.startswith("_") else self._partial()
        if response is None:
            raise AttributeError(f"the reply has no {name!r} yet; await it first")
        return getattr(response, name)

    def __repr__(self) -> str:
        return repr(self._work)
