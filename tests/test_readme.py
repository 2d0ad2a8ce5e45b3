"""The README says what is so: its snippets run, and its commands and files exist."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(language: str, text: str = README) -> list[str]:
    return [code for kind, code in BLOCK.findall(text) if kind == language]


@pytest.mark.kernel
def test_the_snippets_run_one_after_another_in_a_notebook(notebook_kernel: Any) -> None:
    for code in _blocks("python"):
        ran = notebook_kernel.run(code)
        assert not ran.failed, f"{code}\n{ran.error or ran.printed}"
        if "book" in code and "print" in code:
            assert ran.printed.startswith("I recommend **")


def test_every_block_says_its_language() -> None:
    kinds = {kind for text in (README, CONTRIBUTING) for kind, _ in BLOCK.findall(text)}
    assert kinds == {"python", "sh"}
    fences = sum(text.count("```") for text in (README, CONTRIBUTING))
    assert fences == 2 * sum(len(BLOCK.findall(text)) for text in (README, CONTRIBUTING))


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_command_of_make_exists(text: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = re.findall(r"\bmake ([a-z-]+)\b", "\n".join(_blocks("sh", text)))
    named += re.findall(r"`make ([a-z-]+)`", text)
    assert named
    assert set(named) <= targets


def test_every_file_that_is_linked_exists() -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", README) + re.findall(r'(?:src|srcset)="([^"]+)"', README)
    files = [link for link in map(str, links) if not urlsplit(link).scheme]
    assert files
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_every_extra_of_the_package_that_is_named_exists() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"'\.\[(\w+)\]'", README)
    assert named
    assert set(named) <= set(project["optional-dependencies"])
