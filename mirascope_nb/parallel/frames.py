"""Outcomes as a frame of the kind that the inputs came in."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from mirascope_nb.parallel.jobs import Outcome
from mirascope_nb.parallel.rows import Inputs

__all__ = ["to_frame"]

UNNAMED = "input"
"""What the column of inputs is called that have no name."""


def to_frame(inputs: Inputs, outcomes: Sequence[Outcome[Any]]) -> Any:
    """The inputs as they were given, and beside them what came of each row."""
    library, frame = _input_frame(inputs)
    taken = {str(each) for each in getattr(frame, "column_names", frame.columns)}
    measures = _measures(outcomes)
    columns: dict[str, list[Any]] = {}
    for name, values in _results(outcomes).items():
        columns[_free(name, {*taken, *measures, *columns})] = values
    for name, values in measures.items():
        columns[_free(name, {*taken, *columns})] = values
    if library.__name__ == "polars":
        return frame.hstack(library.DataFrame(columns, strict=False))
    if library.__name__ == "pyarrow":
        for name, values in columns.items():
            frame = frame.append_column(name, [_arrow(library, values)])
        return frame
    levels = getattr(frame.columns, "nlevels", 1)
    for name, values in columns.items():
        frame[name if levels == 1 else (name, *[""] * (levels - 1))] = values
    return frame


def _free(name: str, taken: set[str]) -> str:
    free = name
    while free in taken:
        free += "_result" if name == free else "_"
    return free


def _input_frame(inputs: Inputs) -> tuple[ModuleType, Any]:
    """The inputs as a frame that is free to be changed, and the library to which it belongs."""
    given = inputs.frame
    library = _library(given)
    if given is None:
        return library, _frame_of_list(library, inputs)
    if library.__name__ == "polars":
        return library, given if hasattr(given, "hstack") else given.to_frame(given.name or UNNAMED)
    if library.__name__ == "pyarrow":
        is_table = hasattr(given, "append_column")
        return library, given if is_table else library.table({UNNAMED: given})
    if hasattr(given, "columns"):
        return library, given.copy()
    return library, given.to_frame(UNNAMED if given.name is None else given.name).copy()


def _frame_of_list(library: ModuleType, inputs: Inputs) -> Any:
    values = [row.value for row in inputs.rows]
    columns = _columns(values) or {UNNAMED: values}
    if library.__name__ != "polars":
        return library.DataFrame(columns, index=inputs.keys)
    if inputs.keys is not None:
        columns = {"key": list(inputs.keys), **columns}
    return library.DataFrame(columns, strict=False)


def _columns(rows: Sequence[Any]) -> dict[str, list[Any]] | None:
    """A column for each key of rows that are all mappings, or `None`."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return None
    keys = dict.fromkeys(key for row in rows for key in row)
    return {str(key): [row.get(key) for row in rows] for key in keys}


def _arrow(library: ModuleType, values: list[Any]) -> Any:
    """A column of Arrow's, which has one type: where that cannot be, it is that of text."""
    try:
        return library.array(values)
    except library.ArrowException:
        return library.array([None if each is None else str(each) for each in values])


def _results(outcomes: Sequence[Outcome[Any]]) -> dict[str, list[Any]]:
    parsed = [_parsed(each) for each in outcomes]
    made = [each for each, outcome in zip(parsed, outcomes, strict=True) if outcome.error is None]
    if _columns(made) is None:
        return {"result": parsed}
    return _columns([each or {} for each in parsed]) or {}


def _measures(outcomes: Sequence[Outcome[Any]]) -> dict[str, list[Any]]:
    usages = [getattr(each.value, "usage", None) for each in outcomes]
    costs = [getattr(each.value, "cost", None) for each in outcomes]
    return {
        "error": [
            None
            if each.error is None
            else f"{type(each.error).__name__}: {each.error}".rstrip(": ")
            for each in outcomes
        ],
        "input_tokens": [getattr(usage, "input_tokens", None) for usage in usages],
        "output_tokens": [getattr(usage, "output_tokens", None) for usage in usages],
        "cost": [None if cost is None else float(cost) for cost in costs],
    }


def _parsed(outcome: Outcome[Any]) -> Any:
    """A row's value as a frame holds it: a reply as what it parses to, or else its text."""
    value: Any = outcome.value
    if outcome.error is not None:
        return None
    if callable(getattr(value, "parse", None)) and callable(getattr(value, "text", None)):
        if value.format is None:
            return value.text()
        try:
            value = value.parse()
        except Exception:  # noqa: BLE001, one reply that does not parse is not the end of a frame
            return value.text()
    if isinstance(value, BaseModel):
        return value.model_dump()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value


def _library(frame: Any) -> ModuleType:
    """The library to make a frame with: that of the inputs, or the first one that is there."""
    if frame is not None:
        name = type(frame).__module__.partition(".")[0]
        return importlib.import_module("modin.pandas" if name == "modin" else name)
    for name in ("pandas", "polars"):
        if importlib.util.find_spec(name) is not None:
            return importlib.import_module(name)
    raise ImportError("to_frame() needs pandas or polars: pip install pandas")
