"""The journal file: whole lines or nothing, whatever happens to the process or the disk."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import mirascope_nb as nb
from mirascope_nb import llm
from mirascope_nb.parallel import Journal, JournalInUseError
from mirascope_nb.sandbox import Sandbox


def line(number: int, **more: Any) -> dict[str, Any]:
    return {"key": f"k{number}", "occurrence": 0, "ok": True, "result": {"n": number}, **more}


def write(path: Path, count: int) -> bytes:
    with Journal(path) as journal:
        for number in range(count):
            journal.write(line(number))
    return path.read_bytes()


def test_a_journal_cut_at_any_byte_keeps_every_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = write(path, 3)
    ends = [index + 1 for index, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with Journal(path) as journal:
            kept = sum(end <= cut for end in ends)
            assert len(journal) == kept
            journal.write(line(7))
        with Journal(path) as journal:
            assert len(journal) == kept + 1
            assert journal.skipped == 0
            found = journal.find("k7", 0)
            assert found is not None
            assert found["result"] == {"n": 7}


def test_lines_that_are_no_rows_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = write(path, 2)
    path.write_bytes(b"\0\0\0\n[1]\n{}\n" + whole + b"not JSON\n")
    with Journal(path) as journal:
        assert (len(journal), journal.skipped) == (2, 4)
        assert journal.find("k1", 0) is not None


def test_a_full_disk_leaves_whole_lines_and_the_row_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "j"
    real = os.write
    room = 100

    def write_some(file: int, data: Any) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(file, bytes(data[:room]))
        room -= written
        return written

    journal = Journal(path)
    journal.write(line(0))
    monkeypatch.setattr("mirascope_nb.parallel.journal.os.write", write_some)
    journal.write(line(1))
    with pytest.raises(OSError, match="No space"):
        journal.write(line(2))
    assert path.read_bytes().endswith(b"\n")
    assert len(path.read_bytes().splitlines()) == 2
    room = 10_000
    journal.write(line(3))
    journal.close()
    with Journal(path) as again:
        assert [again.find(f"k{n}", 0) is not None for n in range(4)] == [True] * 4


async def test_a_map_on_a_full_disk_ends_what_runs_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    lines = 0

    def refuse(file: int, data: Any) -> int:
        nonlocal lines
        lines += 1
        if lines > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data)

    monkeypatch.setattr("mirascope_nb.parallel.journal.os.write", refuse)

    async def double(number: int) -> int:
        return 2 * number

    with pytest.raises(OSError, match="No space") as caught:
        await nb.map(double, range(100), limit=5, journal=tmp_path / "j")
    assert "results" in caught.value.__notes__[0]
    results = vars(caught.value)["results"]
    done = [value for _, value in results.succeeded]
    assert 4 <= len(done) <= 12
    assert done == [2 * index for index, _ in results.succeeded]
    assert len(results.cancelled) == 100 - len(done)


def test_two_processes_cannot_write_one_journal(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from mirascope_nb.parallel import Journal\n"
        "with Journal(sys.argv[1]):\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    path = tmp_path / "j"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(JournalInUseError, match="in use by another map"):
            Journal(path)
        with Journal(path, read_only=True) as journal:
            assert len(journal) == 0
        other.communicate(b"")
    Journal(path).close()


def test_a_look_makes_and_mends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "j"
    with Journal(path, read_only=True) as journal:
        assert len(journal) == 0
    assert not path.parent.exists()
    path.parent.mkdir()
    torn = write(path, 2)[:-5]
    path.write_bytes(torn)
    with Journal(path, read_only=True) as journal:
        assert len(journal) == 1
    assert path.read_bytes() == torn


async def test_pandas_reads_a_journal(capital: Any, llm_sandbox: Sandbox, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "rows.jsonl"
    llm_sandbox.fail(400)
    await nb.map(capital, ["France", "Italy"], journal=path, limit=1)
    frame = pandas.read_json(path, lines=True)
    assert list(frame["input"]) == ["France", "Italy"]
    assert list(frame["ok"]) == [False, True]
    assert "Rome" in frame["text"][1]
    assert frame["output_tokens"][1] > 0


def test_odd_values_have_the_same_digest_in_every_process(tmp_path: Path) -> None:
    code = (
        "import sys, asyncio, mirascope_nb as nb\n"
        "async def f(x): return len(x)\n"
        "rows = [{'a', 'b', 'c', 'd', 'e'}, float('nan'), {'k': {'x', 'y', 'z'}}]\n"
        "async def f(x): return float('nan')\n"
        "print((asyncio.run(nb.map(f, rows, journal=sys.argv[1]))).restored)\n"
    )
    path = tmp_path / "j"
    script = tmp_path / "script.py"
    script.write_text(code)
    printed = [
        subprocess.run(
            [sys.executable, str(script), str(path)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert printed == ["0", "3"]
    assert [json.loads(each)["ok"] for each in path.read_text().splitlines()] == [True] * 3


@dataclass
class Point:
    x: int
    when: date


class Title(BaseModel):
    title: str


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 1.5, "text", "\ud800", [1, {"a": None}]),
        *((1, "a"), {1, 2}, b"bytes", Decimal("1.5"), date(2024, 1, 2), Colour.RED),
        *(Point(1, date(2024, 1, 2)), Title(title="T")),
    ],
    ids=repr,
)
async def test_a_function_s_result_comes_back_as_the_same(value: Any, tmp_path: Path) -> None:
    async def work(_: int) -> Any:
        return value

    for restored in (0, 1):
        results = await nb.map(work, [1], journal=tmp_path / "j")
        assert results.restored == restored
        assert (type(results[0]), results[0]) == (type(value), value)


@pytest.mark.parametrize("value", [{1: 2}, [(1, 2)], sys.stdin], ids=["keys", "nested", "file"])
async def test_what_would_come_back_as_something_else_is_run_again(
    value: Any, tmp_path: Path
) -> None:
    async def work(_: int) -> Any:
        return value

    for _ in range(2):
        with pytest.warns(UserWarning, match="a journal keeps"):
            results = await nb.map(work, [1], journal=tmp_path / "j")
        assert results[0] == value


async def test_what_a_function_says_it_returns_is_made_again(tmp_path: Path) -> None:
    async def pairs(_: int) -> list[tuple[int, str]]:
        return [(1, "a")]

    pairs.__annotations__["return"] = list[tuple[int, str]]
    for restored in (0, 1):
        results = await nb.map(pairs, [1], journal=tmp_path / "j")
        assert (results.restored, results[0]) == (restored, [(1, "a")])


async def test_a_number_of_numpy_is_kept(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")

    async def score(_: int) -> Any:
        return numpy.float32(0.5)

    for restored in (0, 1):
        results = await nb.map(score, [1], journal=tmp_path / "j")
        assert (results.restored, results[0]) == (restored, 0.5)


async def test_a_reply_that_a_function_returned_can_be_resumed_and_parsed(
    llm_sandbox: Sandbox, tmp_path: Path
) -> None:
    @llm.call("sandbox/fast", format=Title)
    def ask(genre: str) -> str:
        return f"Recommend a {genre} book"

    def book(genre: str) -> Any:
        return ask(genre)

    async def echo(text: str) -> Any:
        return await llm.Model("sandbox/echo").call_async(text)

    books = [await nb.map(book, ["fantasy"], journal=tmp_path / "j") for _ in range(2)]
    assert (books[1].restored, type(books[1][0])) == (1, llm.Response)
    assert books[1][0].parse() == books[0][0].parse()
    echoes = [await nb.map(echo, ["one"], journal=tmp_path / "j") for _ in range(2)]
    assert (echoes[1].restored, echoes[1][0].messages) == (1, echoes[0][0].messages)
    assert "two" in (await echoes[1][0].resume("two")).text()


async def test_odd_inputs_and_paths_do_not_end_a_map(tmp_path: Path, monkeypatch: Any) -> None:
    async def work(given: str) -> str:
        return given

    assert list(await nb.map(work, ["\ud800"], journal=tmp_path / "j")) == ["\ud800"]
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    await nb.map(work, ["a"], journal="~/home.jsonl")
    assert (tmp_path / "home.jsonl").exists()
    with pytest.raises(IsADirectoryError if os.name != "nt" else PermissionError):
        await nb.map(work, ["a"], journal=tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no such device")
async def test_a_device_is_written_to_and_never_read() -> None:
    async def work(number: int) -> int:
        return number

    assert list(await nb.map(work, [1, 2], journal="/dev/null")) == [1, 2]
    with pytest.raises(OSError, match="No space") as caught:  # its end would never be read
        await nb.map(work, [1, 2], journal="/dev/full")
    assert vars(caught.value)["results"].succeeded
