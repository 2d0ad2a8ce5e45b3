"""What `%load_ext mirascope_nb` adds to IPython, and `%unload_ext` takes away."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mirascope_nb import _defaults, magics

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from mirascope_nb import llm

__all__ = ["load", "unload"]


def load(ipython: InteractiveShell) -> None:
    """Add the magics, and let cells ask before a tool runs that demands it. Idempotent."""
    magics.load(ipython)
    _defaults.make_approver = _approver
    _defaults.shorten_stop = _shorten_stop
    ipython.events.register("pre_run_cell", _shorten_failures)


def unload(ipython: InteractiveShell) -> None:
    """Undo `load`, and end what still runs in the background."""
    from mirascope_nb import kernel

    magics.unload(ipython)
    _defaults.make_approver = _defaults.shorten_stop = None
    if _shorten_failures in ipython.events.callbacks["pre_run_cell"]:
        ipython.events.unregister("pre_run_cell", _shorten_failures)
    while _undo:
        _undo.pop()()
    kernel.cancel_all()
    kernel.uninstall_pump()


def _shorten_stop(stop: BaseException) -> None:
    from mirascope_nb.kernel.tracebacks import shorten

    shorten(stop)


_undo: list[Callable[[], None]] = []


def _shorten_failures(_: object = None) -> None:
    """Show a failed call as its cause and its remedy, once the core is there to fail."""
    core = sys.modules.get("mirascope_nb.llm")
    error = getattr(core, "Error", None)
    if error is None or _undo:
        return
    from mirascope_nb.display.errors import explain
    from mirascope_nb.kernel.tracebacks import shorten_all

    def say(failure: BaseException) -> str:
        explanation = explain(failure)
        return "\n".join(filter(None, [explanation.cause, explanation.remedy]))

    _undo.append(shorten_all(error, say))


def _approver() -> llm.Approver:
    from mirascope_nb.approvals import default_approver
    from mirascope_nb.widgets.live import LiveCard

    return default_approver(lambda: LiveCard(quiet=True))
