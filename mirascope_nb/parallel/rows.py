"""What a map runs over: lists, iterators, columns and frames, as rows of arguments.

Frames and columns of pandas, polars and whatever else narwhals knows are told by their module, so
that none of these is imported for a plain list. What has no length, such as a generator or a
database's cursor, is read while the map goes on, a little ahead of what runs.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
    Sized,
)
from contextlib import aclosing
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
    """Rows, and where they come from."""

    rows: list[Row]
    """Those that are known. With `more` they become as many as were read."""
    frame: Any = None
    """The frame or column that they came from, if they did."""
    keys: Sequence[Any] | None = None
    """What a dict of inputs calls them."""
    more: AsyncGenerator[Row] | None = None
    """Reads further rows; `None` if all are known."""


def read_inputs(inputs: Any, parameters: inspect.Signature | None) -> Inputs:
    """The rows of whatever was given.

    A mapping whose keys fit the function's parameters is keyword arguments, and so is a frame's row
    by the names of its columns, of which the function need not take all. Anything else is the one
    argument. Of a dict the values are the rows, and its keys what they are called.

    Args:
        inputs: An iterable, an asynchronous one, a dict, a column or a frame.
        parameters: What the function takes, where that is known.

    Raises:
        TypeError: If it is none of these, or a frame lacks a column that the function takes.
    """
    if _is_frame_like(inputs):
        return _read_frame(inputs, parameters)
    if isinstance(inputs, AsyncIterable):
        return Inputs([], more=_read_later(cast("AsyncIterable[Any]", inputs), parameters))
    if isinstance(inputs, str | bytes) or not isinstance(inputs, Iterable):
        kind = type(cast("object", inputs)).__name__
        raise TypeError(
            f"inputs must be a list, an iterator, a dict, a column or a frame, not {kind}"
        )
    if isinstance(inputs, Mapping):
        named = cast("Mapping[Any, Any]", inputs)
        return Inputs([_row(value, parameters) for value in named.values()], keys=list(named))
    values = cast("Iterable[Any]", inputs)
    if isinstance(values, Sized):
        return Inputs([_row(value, parameters) for value in values])
    return Inputs([], more=_read_later(_each(values), parameters))


async def _each(values: Iterable[Any]) -> AsyncGenerator[Any]:
    for value in values:
        yield value


async def _read_later(
    values: AsyncIterable[Any], parameters: inspect.Signature | None
) -> AsyncGenerator[Row]:
    if not isinstance(values, AsyncGenerator):
        async for value in values:
            yield _row(value, parameters)
        return
    async with aclosing(cast("AsyncGenerator[Any]", values)) as generated:
        async for value in generated:
            yield _row(value, parameters)


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
    if native is given and hasattr(native, "to_native"):  # narwhals' own
        given = native.to_native()
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
