# ruff: noqa: INP001, T201 - a script, which prints
"""Run a notebook on a real kernel, print what each cell answers, and save it with its outputs.

Usage: python tools/run_notebook.py NOTEBOOK SAVED
"""

from __future__ import annotations

import re
import sys
import textwrap
import time
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

_SECONDS_A_CELL = 120
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_BOLD, _DIM, _RED, _END = (
    ("\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m") if sys.stdout.isatty() else ("", "", "", "")
)


class Progress:
    """Prints a line for each code cell when it starts, and its answer when it has ended."""

    def __init__(self, notebook: nbformat.NotebookNode) -> None:
        cells = [at for at, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self._number = {at: number for number, at in enumerate(cells, start=1)}
        self._started = 0.0

    def start(self, cell: nbformat.NotebookNode, cell_index: int) -> None:
        """Say which cell runs now; nbclient calls this for prose as well."""
        if cell_index in self._number:
            count = f"[{self._number[cell_index]}/{len(self._number)}]"
            print(f"\n{_BOLD}{count}{_END} {_title(cell.source)}", flush=True)
            self._started = time.monotonic()

    def end(self, cell: nbformat.NotebookNode, **_: Any) -> None:
        """Print the answer of the cell that has just ended."""
        for kind, outputs in groupby(cell.outputs, key=lambda output: output.output_type):
            # What a cell printed piece by piece is one text.
            answer = ("" if kind == "stream" else "\n").join(map(answer_of, outputs)).rstrip()
            if answer:
                print(textwrap.indent(answer, "    "))
        print(f"    {_DIM}{time.monotonic() - self._started:.1f} s{_END}", flush=True)


def answer_of(output: nbformat.NotebookNode) -> str:
    """The output as plain text."""
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return f"{_RED}{_ANSI.sub('', chr(10).join(output.traceback)).rstrip()}{_END}"
    return str(output.data.get("text/plain", ""))


def run(source: Path, saved: Path) -> int:
    """Run the notebook and save it, also when a cell fails; the exit status says which it was."""
    notebook = nbformat.read(source, as_version=4)
    progress = Progress(notebook)
    client = NotebookClient(
        notebook,
        timeout=_SECONDS_A_CELL,
        # Not its notes about transports: nobody listens on this machine's loopback.
        extra_arguments=["--log-level=ERROR"],
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(source.parent)}},
        on_cell_start=progress.start,
        on_cell_executed=progress.end,
    )
    print(f"Running {source} on a kernel of its own", flush=True)
    failed = ""
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        failed = type(error).__name__
    saved.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, saved)
    if failed:
        print(f"\n{_RED}The notebook did not run to its end ({failed}); see above.{_END}")
        return 1
    print(f"\nAll cells ran. The notebook with its answers is {saved}")
    return 0


def _title(source: str) -> str:
    """The first line that says what a cell does, without the imports."""
    lines = [line for line in source.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("import ", "from ", "#"))]
    first = (telling or lines or ["(empty)"])[0]
    return textwrap.shorten(first, 80) + (" …" if len(lines) > 1 else "")


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004
        sys.exit((__doc__ or "").strip())
    sys.exit(run(Path(sys.argv[1]), Path(sys.argv[2])))
