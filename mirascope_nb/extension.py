"""What `%load_ext mirascope_nb` adds to IPython, and `%unload_ext` takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope_nb import _defaults, magics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mirascope_nb import llm

__all__ = ["load", "unload"]


def load(ipython: InteractiveShell) -> None:
    """Add the magics, and let cells ask before a tool runs that demands it. Idempotent."""
    magics.load(ipython)
    _defaults.make_approver = _approver
    _defaults.shorten_stop = _shorten_stop


def unload(ipython: InteractiveShell) -> None:
    """Undo `load`, and end what still runs in the background."""
    from mirascope_nb import kernel

    magics.unload(ipython)
    _defaults.make_approver = _defaults.shorten_stop = None
    kernel.cancel_all()
    kernel.uninstall_pump()


def _shorten_stop(stop: BaseException) -> None:
    from mirascope_nb.kernel.tracebacks import shorten

    shorten(stop)


def _approver() -> llm.Approver:
    from mirascope_nb.approvals import default_approver
    from mirascope_nb.widgets.live import LiveCard

    return default_approver(lambda: LiveCard(quiet=True))
