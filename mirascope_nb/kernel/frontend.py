"""Who is at the other end of this process: a notebook page, a terminal, nobody.

Only what is loaded already is looked at. IPython that was never imported means a plain script.
"""

import asyncio
import sys
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "FrontEnd",
    "Kind",
    "describe",
    "detect",
    "find_cell",
    "find_kernel",
    "find_shell",
    "kernel_version",
    "names_cell",
]

Kind = Literal["widget", "terminal", "headless", "script"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FrontEnd:
    """The front end of the request being run, as far as the kernel can know it."""

    kind: Kind
    """`widget`: a page that can show live widgets; `terminal`: IPython without a kernel;
    `headless`: a kernel run by a program, nobody is watching; `script`: no IPython at all."""

    allow_stdin: bool
    """Whether questions by `input()` are possible: the request allows them, or there is a tty."""

    kernel: tuple[int, int] | None
    """Major and minor version of ipykernel, or `None` when no ipykernel runs this."""

    loop: asyncio.AbstractEventLoop | None
    """The event loop that runs the caller, or `None` in a synchronous cell or script."""

    execution_count: int | None
    """The number in the prompt of the running cell, or `None` in a script."""


def detect() -> Kind:
    """Say what kind of front end the running request came from.

    A page sends its execute requests with `allow_stdin` true (JupyterLab, Notebook, VS Code and
    Colab do); nbclient, nbconvert and papermill send false, which is how they are told apart.
    A detached task gets the answer of the cell that started it where the kernel keeps its requests
    in context variables (ipykernel 7 and later), and of the latest cell before.
    """
    shell = find_shell()
    if shell is None:
        return "script"
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return "terminal"
    return "widget" if _request_allows_stdin(kernel) else "headless"


def describe() -> FrontEnd:
    """Describe the front end of the running request in full."""
    shell = find_shell()
    kernel = getattr(shell, "kernel", None)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    return FrontEnd(
        kind=detect(),
        allow_stdin=_has_tty() if kernel is None else _request_allows_stdin(kernel),
        kernel=kernel_version(kernel),
        loop=loop,
        # Not the shell's own count, which some versions of IPython raise before the cell runs.
        execution_count=getattr(getattr(shell, "displayhook", None), "prompt_count", None),
    )


def find_shell() -> Any | None:
    """Return the IPython shell of this process, or `None`; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    get_ipython = getattr(ipython, "get_ipython", None)
    return None if get_ipython is None else get_ipython()


def find_kernel() -> Any | None:
    """Return the kernel of this process, or `None`; ipykernel is not imported for it."""
    return getattr(find_shell(), "kernel", None)


def find_cell() -> str | None:
    """Return the id of the cell that what is displayed here appears under, or `None`."""
    publisher = getattr(find_shell(), "display_pub", None)
    try:
        header: Any = publisher.parent_header  # pyright: ignore[reportOptionalMemberAccess]
        return str(header["msg_id"])
    except (AttributeError, KeyError, LookupError, TypeError):
        return None


def names_cell() -> bool:
    """Whether the running request says which cell of a notebook it is, as those of pages do.

    A console's (`jupyter console`, Qt) does not, and a console shows no changes of an output.
    """
    kernel = find_kernel()
    return False if kernel is None else bool(_parent(kernel).get("metadata"))


def kernel_version(kernel: Any | None) -> tuple[int, int] | None:
    """Return ipykernel's major and minor version when `kernel` is one of its kernels."""
    module = sys.modules.get("ipykernel")
    if kernel is None or module is None:
        return None
    numbers = str(getattr(module, "__version__", "")).split(".")
    try:
        return int(numbers[0]), int(numbers[1])
    except (IndexError, ValueError):
        return None


def _request_allows_stdin(kernel: Any) -> bool:
    """Whether the request being run, or the cell behind it, lets the kernel ask questions."""
    try:
        return bool(_parent(kernel)["content"]["allow_stdin"])
    except (KeyError, TypeError):
        # A comm message, or a thread of the user's: the latest cell's own answer stands.
        return bool(getattr(kernel, "_allow_stdin", False))


def _parent(kernel: Any) -> dict[str, Any]:
    """The message of the request being run; empty where the kernel does not tell."""
    try:
        return kernel.get_parent("shell") or {}
    except (AttributeError, LookupError, TypeError):
        return {}


def _has_tty() -> bool:
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):  # no stdin (pythonw), or it was closed
        return False
