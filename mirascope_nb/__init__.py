"""LLM calls in Jupyter that stream, ask before they run tools, and keep their output.

Importing this package costs next to nothing: what needs IPython or widgets is imported when it is
first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mirascope_nb._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mirascope_nb import llm
    from mirascope_nb.cells import run, show
    from mirascope_nb.gathers import as_completed, gather, map

__all__ = [
    "__version__",
    "as_completed",
    "gather",
    "llm",
    "load_ipython_extension",
    "map",
    "run",
    "show",
    "unload_ipython_extension",
]

_HOMES = {
    "as_completed": "mirascope_nb.gathers",
    "gather": "mirascope_nb.gathers",
    "llm": "mirascope_nb.llm",
    "map": "mirascope_nb.gathers",
    "run": "mirascope_nb.cells",
    "show": "mirascope_nb.cells",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(home)
    return module if home.endswith(f".{name}") else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Add the magics: what `%load_ext mirascope_nb` calls."""
    from mirascope_nb import extension

    extension.load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Take everything away again: what `%unload_ext mirascope_nb` calls."""
    from mirascope_nb import extension

    extension.unload(ipython)


def _jupyter_labextension_paths() -> list[dict[str, str]]:  # pyright: ignore[reportUnusedFunction]
    """Where the prebuilt JupyterLab extension is: what `jupyter labextension develop` asks."""
    return [{"src": "labextension", "dest": "mirascope-nb"}]
