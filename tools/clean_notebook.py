"""Take out of notebooks what differs from run to run; their outputs stay, as they are tested.

Usage: python tools/clean_notebook.py NOTEBOOK...

It fails when it changed one, as pre-commit expects.
"""
# ruff: noqa: INP001 - a script

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def clean(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook without execution times, editor settings and the Python version it ran on."""
    cells = [_clean_cell(cell) for cell in notebook["cells"]]
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return {**notebook, "cells": cells, "metadata": metadata}


def _clean_cell(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in cell["metadata"].items() if name == "tags"}
    cleaned = {**cell, "metadata": kept}
    if "outputs" in cell:
        cleaned["outputs"] = [_clean_output(output) for output in cell["outputs"]]
    return cleaned


def _clean_output(output: dict[str, Any]) -> dict[str, Any]:
    # Ours holds times and random ids, which a reader of the file has no use for.
    return {**output, "metadata": {}} if "metadata" in output else output


def main(paths: list[str]) -> int:
    """Clean these files in place; 1 if any of them changed."""
    changed = 0
    for path in map(Path, paths):
        before = path.read_text(encoding="utf-8")
        after = json.dumps(clean(json.loads(before)), indent=1, ensure_ascii=False, sort_keys=True)
        after += "\n"
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed = 1
    return changed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
