"""The journal file: whole lines or nothing, whatever happens to the process or the disk."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mirascope_nb as nb
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
