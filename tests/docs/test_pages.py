"""The pages for people say what is so: snippets run, commands, links, extras and tables exist."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS]
WITHOUT_SNIPPETS = {"performance.md", "reliability.md"}
"""Pages of figures and promises."""
SNIPPETS_TESTED_ELSEWHERE = {"providers.md"}
"""Its snippets name made-up addresses, and `tests/wires/test_new_vendors.py` replaces them."""
RUN_HERE = [
    ROOT / "README.md",
    *(page for page in DOCS if page.name not in WITHOUT_SNIPPETS | SNIPPETS_TESTED_ELSEWHERE),
]

BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")


def _name(page: Path) -> str:
    return page.stem


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _blocks(page: Path, language: str) -> list[str]:
    return [code for _, kind, code in BLOCK.findall(_read(page)) if kind == language]


def _links(page: Path) -> Iterator[str]:
    """Where a page's links and images lead within the repository."""
    for found in LINK.finditer(BLOCK.sub("", _read(page))):
        link = found[1] or found[2]
        if not urlsplit(link).scheme:
            yield link


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", _read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.kernel
@pytest.mark.parametrize("page", RUN_HERE, ids=_name)
def test_the_snippets_run_one_after_another_in_a_notebook(page: Path, fresh_kernel: Any) -> None:
    snippets = _blocks(page, "python")
    assert snippets, "a page begins with a cell that works"
    for code in snippets:
        ran = fresh_kernel.run(code)
        assert not ran.failed, f"{code}\n{ran.error or ran.printed}"
        if "%%llm" in code or "print(" in code:
            assert ran.text.strip(), f"nothing came of\n{code}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_block_says_its_language(page: Path) -> None:
    blocks = BLOCK.findall(_read(page))
    assert {kind for _, kind, _ in blocks} <= {"python", "sh"}
    assert _read(page).count("```") == 2 * len(blocks)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_of_make_exists(page: Path) -> None:
    makefile = _read(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = re.findall(r"\bmake ([a-z-]+)\b", "\n".join(_blocks(page, "sh")))
    named += re.findall(r"`make ([a-z-]+)`", _read(page))
    assert set(named) <= targets


def test_make_names_all_of_its_commands_in_its_help() -> None:
    makefile = _read(ROOT / "Makefile")
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", makefile, re.MULTILINE)
    assert phony
    parts = {"help", "dev", "chromium", "lint", "types", "imports", "spelling"}
    told = set(re.findall(r"^#   make ([a-z-]+)", makefile, re.MULTILINE))
    assert told == set(phony[1].replace("\\", "").split()) - parts


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link).resolve() for link in _links(ROOT / "README.md")}
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert [page.name for page in [*PAGES[1:], *notebooks] if page not in linked] == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in _links(page)}
    pictures = (ROOT / "docs" / "images").iterdir()
    assert [picture.name for picture in pictures if picture not in shown] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_extra_that_is_named_exists(page: Path) -> None:
    extras = tomllib.loads(_read(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    named = re.findall(r"(?:'\.|mirascope-nb)\[([\w,]+)\]", _read(page))
    assert {extra for each in named for extra in each.split(",")} <= set(extras)


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads(_read(ROOT / "pyproject.toml"))["project"]
    explained = _read(ROOT / "docs" / "dependencies.md")
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=\[; ]", requirement)[0]
        assert f"[{name}]" in explained, name
    for extra in project["optional-dependencies"]:
        assert f"| `{extra}` |" in explained, extra


def _options_table() -> str:
    from mirascope_nb.magics.grammar import OPTIONS

    rows = ["| option | |", "| --- | --- |"]
    for option in OPTIONS:
        choices = f": {', '.join(f'`{each}`' for each in option.choices)}" if option.choices else ""
        rows.append(f"| `{option.usage}` | {option.help}{choices} |")
    return "\n".join(rows)


def _subcommands_table() -> str:
    from mirascope_nb.magics.grammar import SUBCOMMANDS

    rows = ["| | |", "| --- | --- |"]
    for command in SUBCOMMANDS:
        usage = command.usage.replace("|", "\\|")
        rows.append(f"| `%llm {usage}` | {command.help} |")
    return "\n".join(rows)


def _models_table() -> str:
    from mirascope_nb.sandbox.models import DESCRIPTIONS

    rows = ["| model | |", "| --- | --- |"]
    rows += [f"| `sandbox/{name}` | {text} |" for name, text in DESCRIPTIONS.items()]
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("page", "name", "make"),
    [
        ("magics.md", "options", _options_table),
        ("magics.md", "subcommands", _subcommands_table),
        ("sandbox.md", "models", _models_table),
    ],
    ids=["options", "subcommands", "models"],
)
def test_a_table_of_a_page_is_the_one_in_the_code(
    page: str, name: str, make: Callable[[], str]
) -> None:
    found = re.search(
        rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", _read(ROOT / "docs" / page), re.DOTALL
    )
    assert found
    assert found[1] == make(), f"the table in docs/{page} should be:\n{make()}"
