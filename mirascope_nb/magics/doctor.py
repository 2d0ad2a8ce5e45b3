"""`%llm doctor`: what a person who helps with a problem asks first. Keys are named, never shown."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from mirascope_nb.magics.catalogue import providers
from mirascope_nb.magics.report import Report
from mirascope_nb.magics.transformer import can_await

_PACKAGES: Final = (
    "ipython",
    "ipykernel",
    "jupyterlab",
    "notebook",
    "ipywidgets",
    "anywidget",
    "httpx2",
    "pydantic",
    "mcp",
)
_PROXIES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE")
_EXTENSION: Final = Path("share", "jupyter", "labextensions", "mirascope-nb")


def doctor_report(shell: Any) -> Report:
    """Versions, the kernel and its front end, the transport, and which keys are set."""
    from mirascope_nb import __version__, llm

    rows = [
        ("mirascope_nb", __version__),
        ("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        *((name, _version(name)) for name in _PACKAGES),
        ("front end", _front_end()),
        ("cells", _cells(shell)),
        ("JupyterLab extension", _extension()),
        ("transport", _transport()),
        ("event loop", _loop()),
        *((server.name, _server(server)) for server in llm.providers.diagnose().servers),
        *((f"key for {entry.id}", _key(entry)) for entry in providers()),
    ]
    return Report(
        title="What this kernel has",
        columns=("item", "state"),
        rows=tuple(rows),
        notes=("Keys are read from the environment of the kernel and are never shown.",),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _front_end() -> str:
    from mirascope_nb.kernel import describe

    end = describe()
    kernel = "" if end.kernel is None else f", ipykernel {end.kernel[0]}.{end.kernel[1]}"
    stdin = "can ask on stdin" if end.allow_stdin else "cannot ask on stdin"
    return f"{end.kind}{kernel}, {stdin}"


def _cells(shell: Any) -> str:
    # Asked from within a running cell, so only the shell's settings count here.
    awaits = getattr(shell, "autoawait", False) and (
        can_await(shell) or getattr(shell.displayhook, "exec_result", None) is not None
    )
    return "await on the kernel's loop" if awaits else "block, since %autoawait is off"


def _extension() -> str:
    roots = [Path(sys.prefix), Path.home() / ".local", Path("/usr/local"), Path("/usr")]
    return "installed" if any((root / _EXTENSION).is_dir() for root in roots) else "not installed"


def _transport() -> str:
    set_here = [name for name in _PROXIES if os.environ.get(name) or os.environ.get(name.lower())]
    return "httpx2" + (f", with {', '.join(set_here)} set" if set_here else ", no proxy set")


def _loop() -> str:
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return "none is running here"
    name = f"{type(loop).__module__}.{type(loop).__qualname__}"
    patched = getattr(type(loop), "_nest_patched", False) or hasattr(loop, "_nest_patched")
    return f"{name}, patched by nest_asyncio" if patched else name


def _server(server: Any) -> str:
    if server.state != "running":
        return f"{server.state} at {server.address}"
    models = f", with {', '.join(server.models)}" if server.models else ", without a model"
    return f"{server.state} at {server.address}{models}"


def _key(entry: Any) -> str:
    if entry.key_variable is None:
        return "none needed"
    if entry.has_key:
        return f"{entry.key_variable} is set"
    return f"{entry.key_variable} is not set" + ("" if entry.needs_key else ", and not needed")
