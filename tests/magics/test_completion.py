import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import ExecutionResult

from mirascope_nb.magics import catalogue
from mirascope_nb.magics.completion import complete

RunCell = Callable[..., ExecutionResult]


@pytest.fixture
def at(shell: Any) -> Callable[[str], list[str] | None]:
    """What can stand where the text has a bar."""
    magics: Any = shell.magics_manager.registry["LLMMagics"]

    def completions(text: str) -> list[str] | None:
        before, _, after = text.partition("|")
        found = complete(magics, before + after, len(before))
        return None if found is None else found[1]

    return completions


At = Callable[[str], "list[str] | None"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%llm --sho|", ["--show-prompt"]),
        ("%%llm --sho|\nbody", ["--show-prompt"]),
        ("%llm --sho|", ["--show-prompt"]),
        ("x = %llm --sho|", ["--show-prompt"]),
        ("    %llm --sho|", ["--show-prompt"]),
        ("%%llm -f ma|", ["markdown", "math"]),
        ("%%llm --format=ma|", ["markdown", "math"]),
        ("%%llm --approve |", ["ask", "allow", "deny"]),
        ("%%llm --thinking mi|", ["minimal"]),
        ("%%llm -p top|", ["top_p=", "top_k="]),
        ("%%llm sandbox/ec|", ["sandbox/echo"]),
        ("%%llm -m sandbox/ec|", ["sandbox/echo"]),
        ("%llm vers|", ["version"]),
        ("%llm list sandb|", ["sandbox"]),
        ("%llm reset al|", ["all"]),
        ("%llm fix sandbox/ec|", ["sandbox/echo"]),
        ("%llm What is a vers|", []),
        ("%llm -- vers|", []),
    ],
)
def test_options_values_models_and_subcommands(at: At, text: str, expected: list[str]) -> None:
    assert at(text) == expected


@pytest.mark.parametrize(
    "text", ["print(|", "%llmx --sho|", "%%time|", "x = 1|", "llm --sho|", "%time --sho|"]
)
def test_other_places_are_ipythons(at: At, text: str) -> None:
    assert at(text) is None


def test_names_of_the_session(at: At, run: RunCell) -> None:
    run(
        "from mirascope_nb import llm\nfrom pydantic import BaseModel\n@llm.tool\n"
        "def my_tool(a: int) -> int:\n    return a\nclass MyBook(BaseModel):\n    title: str\n"
        "my_text = 'x'"
    )
    run("%llm alias my_model sandbox/echo")
    run("%%llm -q -c my_talk\nHi")
    assert at("%%llm -t my_|") == ["my_tool"]
    assert at("%%llm --schema My|") == ["MyBook"]
    assert at("%%llm -m my_|") == ["my_model"]
    assert at("%%llm my_|") == ["my_model"]
    assert at("%%llm -c my_|") == ["my_talk"]
    assert at("%llm history my_|") == ["my_talk"]
    assert at("%llm dealias my_|") == ["my_model"]
    assert at("%%llm -a my_|") == ["my_tool", "my_text"]


def test_paths_of_attachments(at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    for name in ("photo.png", "photos/one.png", "photo two.png", ".photo"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert at("%%llm -a pho|") == ["photo.png", "photos/"]
    assert at("%%llm --attach=photos/|") == ["photos/one.png"]
    assert at(f"%%llm -a {tmp_path}/photo.|") == [f"{tmp_path}/photo.png"]
    assert at("%%llm -a .|") == [".photo"]
    assert at("%%llm -a nowhere/|") == []
    assert at("%%llm -o pho|") == []


def test_variables_after_a_brace_in_the_prompt(at: At, run: RunCell) -> None:
    run("my_text = 'x'")
    assert at("%%llm\nSay {my_|} twice") == ["my_text"]
    assert at("%llm Say {my_|") == ["my_text"]
    assert at("%%llm -s 'Say {my_|") == ["my_text"]
    assert at("%%llm\nSay {{my_|") == []
    assert at("%%llm\nprose|") == []
    assert at("# a comment\n\n%%llm\nprose {my_|}") == ["my_text"]


def test_matcher_is_asked_by_ipython(shell: Any, run: RunCell) -> None:
    text = "%%llm --sho"
    completer: Any = shell.Completer
    with pytest.warns(Warning, match="provisional"):
        found = list(completer.completions(text, len(text)))
    assert [each.text for each in found] == ["--show-prompt"]


async def test_models_that_take_long_to_look_up_are_there_for_the_next_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "genai_prices.data", raising=False)
    looked_up = asyncio.Event()
    monkeypatch.setattr(catalogue, "models", looked_up.set)
    found = catalogue.models_at_once()
    assert "sandbox/echo" in found
    assert not looked_up.is_set()
    async with asyncio.timeout(5):
        await looked_up.wait()


def test_a_terminal_has_them_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "genai_prices.data", raising=False)
    monkeypatch.setattr(catalogue, "models", lambda: ["openai/x"])
    assert catalogue.models_at_once() == ["openai/x"]
