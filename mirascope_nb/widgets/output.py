"""The output of a cell: shown once, replaced in place, always under the cell that began it.

What is displayed names the request that caused it, its parent. A task that outlives its cell would
name whichever cell runs at that moment, so the parent is kept from the beginning and put back
around each message.

A console such as `jupyter console` takes what is displayed and no changes of it. It does not say
so, but a page names the cell of a notebook with each request.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Generator
from typing import Any, Protocol

from mirascope_nb.kernel.frontend import find_shell, names_cell


class Output(Protocol):
    """Where something is shown, and shown again."""

    def show(self, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Show a mime bundle, in the place of the one before."""
        ...

    def begin_anew(self) -> None:
        """Show the next bundle by itself, if the front end may be one that takes no changes."""
        ...


class CellOutput:
    """One display output of the running cell.

    Args:
        replaceable: Whether it will be shown more than once. An output that never changes carries
            no id, so that two runs give the same message.
    """

    def __init__(self, *, replaceable: bool) -> None:
        self._id = uuid.uuid4().hex if replaceable else None
        self._shown = False
        self._publisher: Any = getattr(find_shell(), "display_pub", None)
        self._takes_changes = names_cell()
        self._parent: Any = getattr(self._publisher, "parent_header", None)

    def show(self, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Show a mime bundle, in the place of the one before.

        The raw data is published: the display classes of IPython take a text for a file name.
        """
        if self._publisher is None:
            return
        transient = {} if self._id is None else {"display_id": self._id}
        with self._as_our_cell():
            self._publisher.publish(data, metadata, transient=transient, update=self._shown)
        self._shown = self._id is not None

    def begin_anew(self) -> None:
        """Show the next bundle by itself, if the front end may be one that takes no changes."""
        if not self._takes_changes:
            self._shown = False

    @contextlib.contextmanager
    def _as_our_cell(self) -> Generator[None]:
        publisher = self._publisher
        if self._parent is None or publisher.parent_header is self._parent:
            yield
            return
        before = publisher.parent_header
        publisher.parent_header = self._parent
        try:
            yield
        finally:
            publisher.parent_header = before
