"""Outcomes as a frame of the kind that the inputs came in."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from types import ModuleType
from typing import Any, cast

from pydantic import BaseModel

from mirascope_nb.parallel.jobs import Outcome
from mirascope_nb.parallel.rows import Inputs

__all__ = ["to_frame"]

MEASURES = ("error", "input_tokens", "output_tokens", "cost")


def to_frame(inputs: Inputs, outcomes: Sequence[Outcome[Any]]) -> Any:
    """The inputs and what came of them, row by row."""
    columns = _input_columns(inputs)
    index = getattr(inputs.frame, "index", None)
    if inputs.keys is not None:
        index = inputs.keys
    for name, values in _result_columns(outcomes).items():
        free = name
        while free in columns:
            free += "_result" if name == free else "_"
        columns[free] = values
    module = _module(inputs.frame)
    if inputs.keys is not None and not hasattr(module.DataFrame, "set_index"):
        columns = {"key": list(inputs.keys), **columns}
    if module.__name__ == "polars":
        return module.DataFrame(columns, strict=False)
    if module.__name__ == "pyarrow":
        return module.table(columns)
    return module.DataFrame(columns, index=index)


def _input_columns(inputs: Inputs) -> dict[str, list[Any]]:
    values = [row.value for row in inputs.rows]
    name = getattr(inputs.frame, "name", None)
    if isinstance(name, str) and name:
        return {name: values}
    names = _shared_keys(values)
    if names is None:
        return {"input": values}
    return {key: [value.get(key) for value in values] for key in names}


def _shared_keys(values: Sequence[Any]) -> list[str] | None:
    """The columns of rows that are all mappings, or `None`."""
    if not values or not all(isinstance(value, Mapping) for value in values):
        return None
    return list(dict.fromkeys(str(key) for value in values for key in value))


def _result_columns(outcomes: Sequence[Outcome[Any]]) -> dict[str, list[Any]]:
    parsed = [_parsed(each) for each in outcomes]
    made = [each for each, outcome in zip(parsed, outcomes, strict=True) if outcome.error is None]
    names = _shared_keys(made)
    columns: dict[str, list[Any]]
    if names is None:
        columns = {"result": parsed}
    else:
        made = [cast("Mapping[str, Any]", each or {}) for each in parsed]
        columns = {name: [each.get(name) for each in made] for name in names}
    usages = [getattr(each.value, "usage", None) for each in outcomes]
    costs = [getattr(each.value, "cost", None) for each in outcomes]
    columns["error"] = [
        None if each.error is None else f"{type(each.error).__name__}: {each.error}".rstrip(": ")
        for each in outcomes
    ]
    columns["input_tokens"] = [getattr(usage, "input_tokens", None) for usage in usages]
    columns["output_tokens"] = [getattr(usage, "output_tokens", None) for usage in usages]
    columns["cost"] = [None if cost is None else float(cost) for cost in costs]
    return columns


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


def _module(frame: Any) -> ModuleType:
    """The library to make a frame with: that of the inputs, or the first one that is there."""
    if frame is not None:
        name = type(frame).__module__.partition(".")[0]
        if name in {"pandas", "polars", "pyarrow", "modin", "cudf"}:
            name = f"{name}.pandas" if name == "modin" else name
            return importlib.import_module(name)
    for name in ("pandas", "polars"):
        if importlib.util.find_spec(name) is not None:
            return importlib.import_module(name)
    raise ImportError("to_frame() needs pandas or polars: pip install pandas")
