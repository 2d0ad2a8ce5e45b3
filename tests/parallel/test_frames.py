"""Columns and frames as inputs, and the frames that come of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

import mirascope_nb as nb

pandas: Any = pytest.importorskip("pandas")
polars: Any = pytest.importorskip("polars")

ADDED = ["result", "error", "input_tokens", "output_tokens", "cost"]


async def same(value: Any) -> Any:
    return value


async def describe(name: str, age: int = 0) -> str:
    return f"{name} {age}"


@pytest.mark.parametrize(
    "frame",
    [
        pandas.DataFrame({"name": ["a", "b"], "age": [1, 2]}, index=[5, 5]),
        pandas.DataFrame(
            {"name": ["a", "b"]},
            index=pandas.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["l", "n"]),
        ),
        pandas.DataFrame(
            {
                "name": pandas.Categorical(["a", "b"]),
                "when": [datetime(2024, 1, 1), None],  # noqa: DTZ001, as frames have them
                "some": pandas.array([1, None], dtype="Int64"),
            }
        ),
        pandas.DataFrame({"name": []}),
    ],
    ids=["same-index", "many-levels", "dtypes", "empty"],
)
async def test_a_pandas_frame_comes_back_as_it_was_with_more_columns(frame: Any) -> None:
    before = frame.copy()
    results = await nb.map(describe, frame)
    frame["name"] = "changed since"
    made = results.to_frame()
    pandas.testing.assert_frame_equal(made[list(before.columns)], before)
    assert list(made.columns) == [*before.columns, *ADDED]
    assert [each[:2] for each in made["result"]] == ["a ", "b "][: len(before)]
    assert list(frame.columns) == list(before.columns)


@pytest.mark.parametrize(
    "columns", [[0, 1], pandas.MultiIndex.from_tuples([("a", "x"), ("a", "y")])], ids=["int", "two"]
)
async def test_columns_whose_names_are_no_text_keep_their_values(columns: Any) -> None:
    frame = pandas.DataFrame([[1, 2], [3, 4]], columns=columns)

    async def total(row: dict[Any, int]) -> int:
        return sum(row.values())

    made = (await nb.map(total, frame)).to_frame()
    assert made.iloc[:, :3].to_numpy().tolist() == [[1, 2, 3], [3, 4, 7]]


async def test_columns_of_one_name_are_refused() -> None:
    frame = pandas.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(TypeError, match="columns of the same name cannot be told apart"):
        await nb.map(same, frame)


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (pandas.Series(["a", "b"], name="text", index=[3, 3]), "text"),
        (pandas.Series(["a", "b"]), "input"),
        (pandas.Series(["a", "b"], name=3), 3),
        (pandas.Series(["a", "b"], name="result", dtype="category"), "result"),
        (polars.Series("text", ["a", "b"]), "text"),
        (polars.Series(["a", "b"]), "input"),
        (polars.Series("result", ["a", "b"], dtype=polars.Categorical), "result"),
    ],
    ids=repr,
)
async def test_a_column_comes_back_as_it_was(column: Any, name: Any) -> None:
    results = await nb.map(same, column)
    made = results.to_frame()
    assert list(results) == ["a", "b"]
    assert (made.columns[0], made[name].dtype) == (name, column.dtype)
    assert list(made["result_result" if name == "result" else "result"]) == ["a", "b"]
    assert list(getattr(made, "index", [])) == list(getattr(column, "index", []))


async def test_a_polars_frame_keeps_its_types_and_may_be_empty() -> None:
    frame = polars.DataFrame(
        {"name": ["a", "b"], "age": [1, None]},
        schema={"name": polars.Categorical, "age": polars.Int8},
    )
    made = (await nb.map(describe, frame)).to_frame()
    assert made.select("name", "age").equals(frame)
    assert made.schema["age"] == polars.Int8
    assert made["result"].to_list() == ["a 1", "b None"]
    empty = (await nb.map(describe, frame.clear())).to_frame()
    assert (empty.columns, empty.height) == (["name", "age", *ADDED], 0)


async def test_a_frame_that_has_the_names_already_keeps_them() -> None:
    frame = pandas.DataFrame({"name": ["a"], "result": [1], "error": [2]})
    made = (await nb.map(describe, frame)).to_frame()
    assert list(made.columns) == [
        *("name", "result", "error", "result_result", "error_result"),
        *("input_tokens", "output_tokens", "cost"),
    ]
    again = pandas.DataFrame({"name": ["a"], "result": [1], "result_result": [2]})
    assert "result_result_" in (await nb.map(describe, again)).to_frame().columns


async def test_a_result_s_fields_are_not_lost_behind_the_measures() -> None:
    async def quote(name: str) -> dict[str, Any]:
        return {"cost": 12, "error": "none", "length": len(name)}

    made = (await nb.map(quote, pandas.DataFrame({"name": ["a"], "length": [7]}))).to_frame()
    assert list(made.columns) == [
        *("name", "length", "cost_result", "error_result", "length_result"),
        *("error", "input_tokens", "output_tokens", "cost"),
    ]
    assert made.iloc[0, 2:5].tolist() == [12, "none", 1]
    assert made["cost"].isna().all()


async def test_arrow_and_what_it_cannot_mix() -> None:
    arrow = pytest.importorskip("pyarrow")
    assert list(await nb.map(same, arrow.array(["a", "b"]))) == ["a", "b"]

    async def mixed(name: str) -> object:
        return 1 if name == "a" else "x"

    made = (await nb.map(mixed, arrow.table({"name": ["a", "b"]}))).to_frame()
    assert made.to_pydict()["result"] == ["1", "x"]
    column = (await nb.map(same, arrow.chunked_array([["a"], ["b"]]))).to_frame()
    assert column.column_names == ["input", *ADDED]


async def test_rows_of_a_dict_go_by_keyword_as_those_of_a_frame_do() -> None:
    frame = pandas.DataFrame({"name": ["a", "b"], "more": [1, 2]})
    for rows in (frame, frame.to_dict("records"), iter(frame.to_dict("records"))):
        assert list(await nb.map(describe, rows)) == ["a 0", "b 0"]

    async def both(first: str, second: str) -> str:
        return first + second

    results = await nb.map(both, [{"first": "a"}, {"first": "a", "second": "b", "third": "c"}])
    assert "missing 1 required positional argument: 'second'" in str(results.errors[0].exception)
    assert results[1] == "ab"


async def test_a_row_is_the_one_argument_of_what_does_not_name_it() -> None:
    async def row_of(row: dict[Any, Any], factor: int = 2) -> int:
        return factor * len(row)

    async def anything(**named: object) -> list[str]:
        return list(named)

    async def optional(row: object = None) -> object:
        return row

    rows = [{"a": 1, 2: 3}]
    assert list(await nb.map(row_of, rows)) == [4]
    assert list(await nb.map(row_of, [{"row": "abc", "factor": 1}])) == [3]
    assert list(await nb.map(anything, [{"a": 1}, {}])) == [["a"], []]
    assert list(await nb.map(optional, rows)) == rows
    assert list(await nb.map(len, rows)) == [2]
    frame = pandas.DataFrame({"obj": ["abc"]})  # what `len` calls its argument, and takes by place
    assert list(await nb.map(len, frame)) == [3]
    assert list(await nb.map(int, pandas.DataFrame({"x": ["3"]}))) == [3]


async def test_a_list_of_mappings_becomes_columns() -> None:
    made = (await nb.map(same, [{1: "a"}, {1: "b", "c": 2}])).to_frame()
    assert made["1"].tolist() == ["a", "b"]
    assert made["1_result"].tolist() == ["a", "b"]
    assert made["c"].tolist()[1] == 2
