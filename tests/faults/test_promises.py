"""Every test that the manual names as the keeper of a promise exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANUAL = ROOT / "docs" / "reliability.md"


def test_every_promise_names_tests_that_exist() -> None:
    rows = [line for line in MANUAL.read_text("utf-8").splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith(("| Promise", "| ---"))]
    assert len(promises) > 30
    defined: dict[str, set[str]] = {}
    for promise in promises:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", promise)
        assert named, f"nothing holds: {promise}"
        assert len(named) == promise.count("::"), promise
        for path, name in named:
            if path not in defined:
                tree = ast.parse((ROOT / path).read_text("utf-8"))
                functions = (ast.FunctionDef, ast.AsyncFunctionDef)
                defined[path] = {node.name for node in tree.body if isinstance(node, functions)}
            assert name in defined[path], f"{path}::{name} is gone"
