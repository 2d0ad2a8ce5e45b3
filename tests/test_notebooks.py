"""The notebooks as files, and what runs and cleans them. Their outputs are nbval's to check."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
RUN = ROOT / "tools" / "run_notebook.py"
clean = runpy.run_path(str(ROOT / "tools" / "clean_notebook.py"))["clean"]

by_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def _notebook(*sources: str) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@by_notebook
def test_a_notebook_is_saved_clean(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert clean(notebook) == notebook


@by_notebook
def test_a_notebook_is_saved_as_it_ran_from_its_start(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    counts = [cell["execution_count"] for cell in notebook["cells"] if "outputs" in cell]
    assert counts == list(range(1, len(counts) + 1))


@by_notebook
def test_a_notebook_names_no_machine_and_holds_no_error(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(?:home|root|Users|tmp)/|127\.0\.0\.1|sk-", text)
    assert '"output_type": "error"' not in text


def test_cleaning_takes_times_and_versions_and_leaves_outputs() -> None:
    notebook = _notebook("1")
    notebook["metadata"] = {"language_info": {"name": "python", "version": "3.11.7"}}
    output = {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {"t": 7}}
    notebook["cells"][0] |= {
        "outputs": [output],
        "metadata": {"execution": {"iopub.status.idle": "now"}, "tags": ["slow"]},
    }
    cleaned = clean(notebook)
    assert cleaned["cells"][0]["outputs"] == [{**output, "metadata": {}}]
    assert cleaned["cells"][0]["metadata"] == {"tags": ["slow"]}
    assert "version" not in cleaned["metadata"]["language_info"]


@pytest.mark.kernel
def test_a_run_prints_each_answer_and_saves_the_notebook(tmp_path: Path) -> None:
    source, saved = tmp_path / "a.ipynb", tmp_path / "build" / "b.ipynb"
    cells = ["print('one', end=' ', flush=True)\nprint('text')", "import os\n6 * 7"]
    source.write_text(json.dumps(_notebook(*cells)), encoding="utf-8")
    ran = _run(source, saved)
    assert ran.returncode == 0
    assert "[1/2] print('one', end=' ', flush=True)" in ran.stdout
    assert "    one text\n" in ran.stdout
    assert "[2/2] 6 * 7" in ran.stdout
    assert "    42\n" in ran.stdout
    assert json.loads(saved.read_text(encoding="utf-8"))["cells"][1]["outputs"]
    assert json.loads(source.read_text(encoding="utf-8")) == _notebook(*cells)


@pytest.mark.kernel
def test_a_run_that_fails_says_so_and_saves_what_there_is(tmp_path: Path) -> None:
    source, saved = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    source.write_text(json.dumps(_notebook("'kept'", "1 / 0", "'not reached'")), encoding="utf-8")
    ran = _run(source, saved)
    assert ran.returncode == 1
    assert "ZeroDivisionError: division by zero" in ran.stdout
    assert "did not run to its end" in ran.stdout
    assert "not reached" not in ran.stdout
    assert "kept" in saved.read_text(encoding="utf-8")


def _run(source: Path, saved: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, RUN, source, saved],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=100,
    )
