"""Tells the pages that show it what the session has spent."""

from __future__ import annotations

import asyncio
from typing import Any

from mirascope_nb.spending.ledger import Ledger, Spent

__all__ = ["TARGET", "Meter", "totals"]

TARGET = "mirascope_nb.spending"
"""The name under which a page opens a comm to be told."""
INTERVAL = 0.5
"""Seconds between two messages."""
PATIENCE = 20
"""How many times a stream is looked at again that brings nothing new."""


def totals(spent: Spent) -> dict[str, Any]:
    """A sum as a page is told of it. `cost` is in US dollars, `None` if no price is known."""
    return {
        "calls": spent.calls,
        "tokens": spent.input + spent.output,
        "cost": None if spent.unpriced == spent.calls else f"{spent.cost:f}",
        "unpriced": spent.unpriced,
    }


class Meter:
    """Tells the pages that ask what has been spent, whenever that has changed.

    A page opens a comm to `TARGET` and is sent `totals`. Nothing is sent to one that does not.
    """

    def __init__(self, counted: Ledger, manager: Any) -> None:
        self._ledger = counted
        self._manager = manager
        self._comms: list[Any] = []
        self._told: dict[str, Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looks = 0
        counted.on_note = self._wake
        manager.register_target(TARGET, self._opened)

    def close(self) -> None:
        """Take no further comm, and close those that are open."""
        self._ledger.on_note = None
        self._manager.unregister_target(TARGET, self._opened)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for comm in self._comms:
            comm.close()
        self._comms.clear()

    def tell(self) -> None:
        """Send the figures, if they have changed."""
        if not self._comms:
            return
        figures = totals(self._ledger.total)
        if figures != self._told:
            self._told = figures
            self._looks = 0
            for comm in self._comms:
                comm.send(figures)

    def _opened(self, comm: Any, _: object) -> None:
        def forget(_: object) -> None:
            if comm in self._comms:
                self._comms.remove(comm)

        comm.on_close(forget)
        self._comms.append(comm)
        comm.send(totals(self._ledger.total))

    def _wake(self) -> None:
        """Look soon. From a thread nothing is begun: the end of the cell tells."""
        if self._timer is not None or not self._comms:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._looks = 0
        self._timer = loop.call_later(INTERVAL, self._look)

    def _look(self) -> None:
        self._timer = None
        self.tell()
        self._looks += 1
        if self._ledger.under_way and self._looks < PATIENCE:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(INTERVAL, self._look)
