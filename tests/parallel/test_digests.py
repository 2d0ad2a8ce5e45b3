"""What a journal knows a row by: another input, function or setting is never taken for the same."""

from __future__ import annotations

import functools
import itertools
import linecache
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import mirascope_nb as nb
from mirascope_nb import llm
from mirascope_nb.parallel.canonical import UntoldError, canonical
from mirascope_nb.parallel.sources import describe_function
from mirascope_nb.sandbox import Sandbox

_cells = itertools.count()


class Item:
    def __init__(self, url: str) -> None:
        self.url = url


class Slotted:
    __slots__ = ("url",)

    def __init__(self, url: str) -> None:
        self.url = url


class Translator:
    def __init__(self, language: str) -> None:
        self.language = language
        self.lock = threading.Lock()

    async def __call__(self, text: str) -> str:
        return f"{self.language}: {text}"

    async def translate(self, text: str) -> str:
        return f"{self.language}: {text}"


async def translate(text: str, language: str) -> str:
    return f"{language}: {text}"


def translator(language: str) -> Any:
    async def inner(text: str) -> str:
        return f"{language}: {text}"

    return inner


def bound(language: str) -> Any:
    return functools.partial(translate, language=language)


def method(language: str) -> Any:
    return Translator(language).translate


def cell(text: str, namespace: dict[str, Any]) -> Any:
    """Run a cell as a notebook does, and give its `work`."""
    name = f"<cell {next(_cells)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), namespace)  # noqa: S102, our own text
    return namespace["work"]


@pytest.mark.parametrize("kind", [Item, Slotted])
async def test_objects_without_a_representation_are_told_apart(kind: Any, tmp_path: Path) -> None:
    async def url(item: Any) -> str:
        return item.url

    assert list(await nb.map(url, [kind("a"), kind("b")], journal=tmp_path / "j")) == ["a", "b"]
    swapped = await nb.map(url, [kind("b"), kind("a")], journal=tmp_path / "j")
    assert (list(swapped), swapped.restored) == (["b", "a"], 2)


async def test_long_arrays_and_frames_are_told_apart(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")

    async def total(values: Any) -> float:
        return float(values.sum())

    zeros, other = numpy.zeros(5_000), numpy.zeros(5_000)
    other[2_500] = 1  # which the representation leaves out
    for make in (numpy.array, pandas.Series, polars.Series):
        path = tmp_path / make.__module__
        assert list(await nb.map(total, [make(zeros), make(other)], journal=path)) == [0, 1]
        swapped = await nb.map(total, [make(other), make(zeros)], journal=path)
        assert (list(swapped), swapped.restored) == ([1, 0], 2)
    frames = [pandas.DataFrame({"x": zeros}), pandas.DataFrame({"x": other})]
    assert canonical(frames[0]) != canonical(frames[1])
    assert canonical(frames[0]) == canonical(pandas.DataFrame({"x": zeros}))


async def test_what_cannot_be_told_apart_is_run_again_and_said(tmp_path: Path) -> None:
    called: list[str] = []

    async def work(item: Any) -> str:
        called.append("x")
        return "done"

    with pytest.raises(UntoldError):
        canonical(threading.Lock())
    itself: list[Any] = []
    itself.append(itself)
    with pytest.raises(UntoldError, match="holds itself"):
        canonical(itself)
    for _ in range(2):
        with pytest.warns(UserWarning, match="cannot tell a lock from another"):
            results = await nb.map(work, [threading.Lock()], journal=tmp_path / "j")
        assert list(results) == ["done"]
    assert len(called) == 2


@pytest.mark.parametrize(
    "make",
    [
        bound,
        translator,
        Translator,
        method,
    ],
)
async def test_a_function_made_with_another_value_is_another_one(make: Any, tmp_path: Path) -> None:
    for language in ("de", "fr"):
        results = await nb.map(make(language), ["x"], journal=tmp_path / "j")
        assert (list(results), results.restored) == ([f"{language}: x"], 0)
    again = await nb.map(make("de"), ["x"], journal=tmp_path / "j")
    assert (list(again), again.restored) == (["de: x"], 1)


async def test_an_edited_constant_function_or_call_of_the_module_is_noticed() -> None:
    text = "async def work(x):\n    return helper(x) + PROMPT + str(len(notes)) + str(ask)\n"

    def namespace(prompt: str = "a", helped: str = "1", model: str = "fast") -> dict[str, Any]:
        made: dict[str, Any] = {"__name__": "notebook", "llm": llm, "PROMPT": prompt, "notes": []}
        cell(f"def helper(x):\n    return {helped}\nwork = helper\n", made)
        cell(f"@llm.call('sandbox/{model}')\ndef ask(): return 'x'\nwork = ask\n", made)
        return made

    first = describe_function(cell(text, namespace()))
    assert describe_function(cell(text, namespace())) == first
    notes = namespace()
    notes["notes"].append("grows as it runs")
    assert describe_function(cell(text, notes)) == first
    for changed in (namespace(prompt="b"), namespace(helped="2"), namespace(model="echo")):
        assert describe_function(cell(text, changed)) != first


def test_an_edited_class_of_a_cell_is_noticed() -> None:
    def described(kind: str) -> Any:
        names: dict[str, Any] = {"__name__": "notebook", "BaseModel": BaseModel}
        cell(kind + "work = Thing\n", names)
        return describe_function(cell("def work(x): return Thing\n", names))

    plain = "class Thing:\n    size = {}\n    def act(self): return {}\n"
    model = "class Thing(BaseModel):\n    {}: int = 1\n"
    for one, other in (
        (plain.format(1, 1), plain.format(1, 2)),
        (plain.format(1, 1), plain.format(2, 1)),
        (model.format("a"), model.format("b")),
        ("class Thing:\n    a: int\n", "class Thing:\n    a: str\n"),
    ):
        assert described(one) == described(one)
        assert described(one) != described(other)


async def test_what_a_function_counts_does_not_make_it_another_one() -> None:
    text = "async def work(x):\n    global done\n    done += 1\n    return x\n"
    names = {"__name__": "notebook", "done": 0}
    work = cell(text, names)
    first = describe_function(work)
    await work(1)
    assert names["done"] == 1
    assert describe_function(work) == first


def test_a_lambda_is_known_by_its_code_and_not_by_the_line_around_it() -> None:
    first = cell("work = lambda x: x + 1; rows = [1]\n", {"__name__": "n"})
    again = cell("work = lambda x: x + 1; rows = [1, 2]\n", {"__name__": "n"})
    other = cell("work = lambda x: x + 2; rows = [1]\n", {"__name__": "n"})
    assert describe_function(first) == describe_function(again)
    assert describe_function(first) != describe_function(other)


def test_a_lambda_is_the_same_in_every_process() -> None:
    code = (
        "from mirascope_nb.parallel.sources import describe_function\n"
        "print(describe_function(lambda x: x in {'a', 'b', 'c', 'd'} or (lambda: 1.5)))\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1


def test_functions_that_name_each_other_are_read_once() -> None:
    work = cell(
        "def work(n): return other(n)\ndef other(n): return work(n - 1) if n else n\n",
        {"__name__": "n"},
    )
    assert "other" in str(describe_function(work))


async def test_a_function_under_another_current_model_is_asked_again(
    llm_sandbox: Sandbox, tmp_path: Path
) -> None:
    async def work(text: str) -> str:
        model = llm.model_from_context()
        assert model is not None
        return (await model.call_async(text)).model_id

    for name in ("sandbox/fast", "sandbox/echo"):
        with llm.model(name):
            assert list(await nb.map(work, ["x"], journal=tmp_path / "j")) == [name]
    models = [llm.Model(name) for name in ("sandbox/fast", "sandbox/echo")]
    replies = [
        (await nb.map(model.call_async, ["x"], journal=tmp_path / "j"))[0] for model in models
    ]
    assert [each.model_id for each in replies] == ["sandbox/fast", "sandbox/echo"]
