"""What a map runs over: lists, iterators, columns and frames, as rows of arguments.

Frames and columns of pandas, polars and whatever else narwhals knows are told by their module, so
that none of these is imported for a plain list.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

__all__ = ["Inputs", "Row", "read_inputs"]


@dataclass(frozen=True, slots=True)
class Row:
    """One call's arguments."""

    value: Any
    """The input as it was given; a frame's row as a dict."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Inputs:
    """All rows, and the frame or column that they came from, if they did."""

    rows: Sequence[Row]
    frame: Any = None


async def read_inputs(inputs: Any, parameters: inspect.Signature | None) -> Inputs:
    """The rows of whatever was given.

    A mapping whose keys fit the function's parameters is keyword arguments, and so is a frame's row
    by the names of its columns, of which the function need not take all. Anything else is the one
    argument.

    Args:
        inputs: An iterable, an asynchronous one, a column or a frame. It is read to its end.
        parameters: What the function takes, where that is known.

    Raises:
        TypeError: If it is none of these, or a frame lacks a column that the function takes.
    """
    if _is_frame_like(inputs):
        return _read_frame(inputs, parameters)
    if isinstance(inputs, AsyncIterable):
        values = [each async for each in cast("AsyncIterable[Any]", inputs)]
    elif isinstance(inputs, str | bytes | Mapping) or not isinstance(inputs, Iterable):
        kind = type(cast("object", inputs)).__name__
        raise TypeError(f"inputs must be a list, an iterator, a column or a frame, not {kind}")
    else:
        values = list(cast("Iterable[Any]", inputs))
    return Inputs([_row(value, parameters) for value in values])


def _is_frame_like(value: object) -> bool:
    """Whether narwhals might know it: without importing it for what is plainly no frame."""
    if isinstance(value, list | tuple | set | range | Mapping):
        return False
    return hasattr(type(value), "__narwhals_dataframe__") or (
        type(value).__module__.partition(".")[0]
        in {"pandas", "polars", "pyarrow", "modin", "cudf", "duckdb", "narwhals", "ibis"}
        and type(value).__module__.partition(".")[0] in sys.modules
    )


def _read_frame(given: Any, parameters: inspect.Signature | None) -> Inputs:
    try:
        import narwhals as nw
    except ImportError as error:
        raise TypeError(
            "Columns and frames need narwhals: pip install narwhals. Or give a list."
        ) from error

    native: Any = nw.from_native(given, allow_series=True, pass_through=True)
    if isinstance(native, nw.LazyFrame):
        native = native.collect()
        given = native.to_native()
    if isinstance(native, nw.Series):
        values = native.to_list()
        return Inputs([_row(value, parameters) for value in values], given)
    if not isinstance(native, nw.DataFrame):
        return Inputs([_row(value, parameters) for value in list(given)])
    rows = list(native.iter_rows(named=True))
    pick = _columns(list(native.columns), parameters)
    return Inputs([Row(row, *pick(row)) for row in rows], given)


def _columns(
    columns: list[str], parameters: inspect.Signature | None
) -> Callable[[dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]:
    """How a frame's row becomes arguments."""
    if parameters is None:
        return lambda row: ((), row)
    kinds = parameters.parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in kinds):
        return lambda row: ((), row)
    named = [each for each in kinds if each.kind is not each.VAR_POSITIONAL]
    taken = [each.name for each in named if each.name in columns]
    missing = [
        each.name for each in named if each.default is each.empty and each.name not in columns
    ]
    if len(missing) == 1 and not taken and len(columns) == 1:
        return lambda row: (tuple(row.values()), {})
    if len(missing) == 1 and not taken:
        return lambda row: ((row,), {})
    if missing:
        raise TypeError(
            f"the frame has no column {', '.join(missing)}; it has {', '.join(columns)}. "
            "Rename columns, or map over a single column."
        )
    return lambda row: ((), {name: row[name] for name in taken})


def _row(value: Any, parameters: inspect.Signature | None) -> Row:
    given = cast("object", value)
    if isinstance(given, Mapping) and parameters is not None:
        kwargs = {str(key): each for key, each in cast("Mapping[Any, Any]", given).items()}
        try:
            parameters.bind(**kwargs)
        except TypeError:
            pass
        else:
            return Row(value, (), kwargs)
    return Row(value, (value,))
