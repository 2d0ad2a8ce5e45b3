"""Structured replies as tables: what a reply's JSON holds, laid out in Markdown.

An object is a table of its members, a list of objects a table with a column for each name, and a
list of plain values a list. What lies deeper follows below under its own name, and what lies deeper
still is left as JSON. `labextension/src/markdown/values.ts` lays out what is still arriving in the
same way, and both are held to `labextension/tests/fixtures/values.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from mirascope_nb.text import one_line

__all__ = ["plain_value", "unwrapped", "values_markdown"]

MAX_ROWS = 50
"""Rows of a table or items of a list that are shown."""
MAX_COLUMNS = 8
"""Columns of a table; objects with more names are shown one below the other."""
MAX_CELL = 300
"""Characters of a cell."""
MAX_DEPTH = 3
"""Levels below which a value is left as JSON."""

_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]#|~$<>&"})


def values_markdown(text: str) -> str | None:
    """A reply's JSON as Markdown, or `None` if there is none in it, or nothing to lay out.

    Args:
        text: The reply: JSON, perhaps in a fence or with words around it.
    """
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text, min(starts))
        lines = _block(unwrapped(value), ())
    except (ValueError, RecursionError):
        return None
    return "\n".join(lines).strip("\n") or None


def unwrapped(value: Any) -> Any:
    """What stands for a plain type: providers take objects only, so it comes as `{"output": …}`."""
    if isinstance(value, dict) and list(cast("dict[str, Any]", value)) == ["output"]:
        return cast("dict[str, Any]", value)["output"]
    return cast("Any", value)


def _block(value: Any, path: tuple[str, ...]) -> list[str]:
    """The lines of a value, a blank one between two blocks."""
    if isinstance(value, dict):
        return _object(cast("dict[str, Any]", value), path)
    if not isinstance(value, list):
        return [_cell(value)]
    items = cast("list[Any]", value)
    rows = [cast("dict[str, Any]", item) for item in items if item and isinstance(item, dict)]
    if rows and len(rows) == len(items):
        names = list(dict.fromkeys(name for row in rows for name in row))
        flat = not any(_is_deep(cell) for row in rows for cell in row.values())
        if flat and len(names) <= MAX_COLUMNS:
            return _table(rows, names)
        lines: list[str] = []
        for number, row in enumerate(rows[:MAX_ROWS], 1):
            here = (*path, str(number))
            lines += ["", _caption(here), "", *_object(row, here)]
        return lines[1:] + _more(len(rows))
    return [f"- {_cell(item)}" for item in items[:MAX_ROWS]] + _more(len(items))


def _object(members: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    room = len(path) < MAX_DEPTH
    below = {name: each for name, each in members.items() if room and _is_deep(each)}
    beside = {name: each for name, each in members.items() if name not in below}
    lines: list[str] = []
    if beside:
        lines += ["| field | value |", "|:--|:--|"]
        lines += [f"| {_name(name)} | {_cell(each)} |" for name, each in beside.items()]
    for name, each in below.items():
        here = (*path, name)
        lines += ["", _caption(here), "", *_block(each, here)]
    return lines


def _caption(path: Sequence[str]) -> str:
    """The way to a value that follows below: `**home.address**`."""
    return f"**{'.'.join(_name(name) for name in path)}**"


def _name(name: str) -> str:
    return _text(name) or '""'


def _table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    lines = [
        f"| {' | '.join(_name(name) for name in names)} |",
        f"|{'|'.join(':--' for _ in names)}|",
    ]
    for row in rows[:MAX_ROWS]:
        cells = [_cell(row[name]) if name in row else "" for name in names]
        lines.append(f"| {' | '.join(cells)} |")
    return lines + _more(len(rows))


def _more(count: int) -> list[str]:
    return ["", f"*and {count - MAX_ROWS:,} more*"] if count > MAX_ROWS else []


def _is_deep(value: Any) -> bool:
    """Whether a value has a shape of its own, and so no place in a cell."""
    if isinstance(value, list):
        return any(isinstance(item, (dict, list)) for item in cast("list[Any]", value))
    return isinstance(value, dict) and bool(cast("dict[str, Any]", value))


def _cell(value: Any) -> str:
    return _text(plain_value(value))


def plain_value(value: Any) -> str:
    """A value as a cell has it: text as it is, and JSON only of what has a shape of its own."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and not _is_deep(value):
        return ", ".join(plain_value(item) for item in cast("list[Any]", value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(text: str) -> str:
    return one_line(text, limit=MAX_CELL).translate(_MARKS)
