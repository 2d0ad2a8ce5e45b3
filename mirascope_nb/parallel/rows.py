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


_NAMED = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


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

    A mapping that has what the function requires is keyword arguments, and so is a frame's row by
    the names of its columns; the function need not take all. Anything else is the one argument. Of
    a dict the values are the rows, and its keys what they are called.

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
    import narwhals as nw

    try:
        native: Any = nw.from_native(given, allow_series=True, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        raise TypeError("columns of the same name cannot be told apart: rename them") from error
    if native is given and hasattr(native, "to_native"):  # narwhals' own
        given = native.to_native()
    if isinstance(native, nw.LazyFrame):
        native = native.collect()
        given = native.to_native()
    if not isinstance(native, nw.Series | nw.DataFrame):
        values = given.to_pylist() if hasattr(given, "to_pylist") else list(given)
        return Inputs([_row(value, parameters) for value in values])
    if hasattr(given, "copy"):
        given = given.copy()  # a frame of pandas may be changed before the results are looked at
    if isinstance(native, nw.Series):
        return Inputs([_row(value, parameters) for value in native.to_list()], given)
    pick = _columns(list(native.columns), parameters)
    return Inputs([Row(row, *pick(row)) for row in native.iter_rows(named=True)], given)


def _columns(
    columns: list[Any], parameters: inspect.Signature | None
) -> Callable[[dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]:
    """How a frame's row becomes arguments."""
    keywords = _keywords(dict.fromkeys(columns), parameters)
    if keywords is None:
        if len(columns) == 1:
            return lambda row: (tuple(row.values()), {})
        return lambda row: ((row,), {})
    missing = [each for each in _required(parameters) if each not in keywords]
    if missing:
        raise TypeError(
            f"the frame has no column {', '.join(missing)}; it has {', '.join(map(str, columns))}. "
            "Rename columns, or map over a single column."
        )
    return lambda row: ((), {name: row[name] for name in keywords})


def _row(value: Any, parameters: inspect.Signature | None) -> Row:
    given = cast("object", value)
    if isinstance(given, Mapping):
        keywords = _keywords(cast("Mapping[Any, Any]", given), parameters)
        if keywords is not None:
            return Row(value, (), keywords)
    return Row(value, (value,))


def _keywords(
    row: Mapping[Any, Any], parameters: inspect.Signature | None
) -> dict[str, Any] | None:
    """The keyword arguments that a row is; `None` if it is the function's one argument.

    Where a function requires several and the row lacks some, it is keyword arguments all the same:
    the error then names what is missing.
    """
    if parameters is None:
        return None
    kinds = parameters.parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in kinds):
        taken = {key: each for key, each in row.items() if isinstance(key, str)}
        fits = not row or bool(taken)
    else:
        named = (each.name for each in kinds if each.kind in _NAMED)
        taken = {name: row[name] for name in named if name in row}
        fits = bool(taken)
    required = _required(parameters)
    if fits and all(name in taken for name in required):
        return taken
    return taken if len(required) > 1 else None


def _required(parameters: inspect.Signature | None) -> list[str]:
    kinds = () if parameters is None else parameters.parameters.values()
    varied = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    return [each.name for each in kinds if each.default is each.empty and each.kind not in varied]
