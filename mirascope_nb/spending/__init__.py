"""What the session has spent: every reply of this kernel, whoever asked for it, by model.

`%llm cost` reports it and JupyterLab's status bar shows it, so both say the same. It counts from
`%load_ext mirascope_nb`, or from the first card or progress bar.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mirascope_nb import _defaults
from mirascope_nb.spending.ledger import Ledger, Spent

if TYPE_CHECKING:
    from mirascope_nb.spending.meter import Meter

__all__ = ["Ledger", "Spent", "forget", "session", "tell", "watch"]

_ledger = Ledger()
_meter: Meter | None = None


def session() -> Ledger:
    """What this process has spent since it is watched."""
    return _ledger


def watch() -> None:
    """Count from now on, and in a kernel tell the pages that ask. Idempotent."""
    global _meter  # noqa: PLW0603 - one process is one session
    _defaults.note_reply, _defaults.note_end = _ledger.note, _ledger.note_end
    if _meter is None and (manager := _comm_manager()) is not None:
        from mirascope_nb.spending.meter import Meter

        _meter = Meter(_ledger, manager)


def tell() -> None:
    """Send the pages what has changed."""
    if _meter is not None:
        _meter.tell()


def forget() -> None:
    """Count no more, and forget what was counted."""
    global _ledger, _meter
    _defaults.note_reply = _defaults.note_end = None
    if _meter is not None:
        _meter.close()
    _ledger, _meter = Ledger(), None


def _comm_manager() -> Any | None:
    """What takes comms from pages; `None` outside a kernel."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell: Any = None if get_ipython is None else get_ipython()
    if getattr(shell, "kernel", None) is None:
        return None
    import comm

    return comm.get_comm_manager()
