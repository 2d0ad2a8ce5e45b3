"""What a running cell needs of the kernel: who is watching, stopping, clicks, questions, tasks.

Nothing here imports ipykernel or IPython: whatever of them is loaded is found in `sys.modules`, so
that a plain script pays for none of it.
"""

from mirascope_nb.kernel.ask import CannotAsk, ask, ask_blocking
from mirascope_nb.kernel.frontend import FrontEnd, Kind, describe, detect, find_cell
from mirascope_nb.kernel.pump import uninstall_pump
from mirascope_nb.kernel.running import Running, interruption, running
from mirascope_nb.kernel.tasks import Detached, cancel_all, detach, live

__all__ = [
    "CannotAsk",
    "Detached",
    "FrontEnd",
    "Kind",
    "Running",
    "ask",
    "ask_blocking",
    "cancel_all",
    "describe",
    "detach",
    "detect",
    "find_cell",
    "interruption",
    "live",
    "running",
    "uninstall_pump",
]
