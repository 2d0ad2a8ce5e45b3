"""What a user does wrong: one line of cause, one of remedy, a failed cell, and nothing sent."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.kernel

KEY = "sk-4tE9bXq7LmZ2vR8n"


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook_kernel: Any, closed_port: int) -> None:
    ran = notebook_kernel.run(
        f"""
%load_ext mirascope_nb
from mirascope_nb import llm, sandbox
llm.register_provider(
    "openrouter", "openrouter/", base_url="http://127.0.0.1:{closed_port}/v1", api_key="{KEY}"
)
"""
    )
    assert not ran.failed


# The cell, what its error begins with, and a word of the remedy.
CELLS = {
    "unknown provider": ("%%llm sandbx/assistant\nHi", "NoRegisteredProviderError: ", "provider"),
    "missing key": ("%%llm openai/gpt-5-mini\nHi", "MissingAPIKeyError: ", "OPENAI_API_KEY"),
    "unreachable server": ("%%llm openrouter/any/model\nHi", "ConnectionError: ", "address"),
    "wrong option": ("%%llm sandbox/assistant --temprature 1\nHi", "UsageError: ", "--temperature"),
    "wrong value": ("%%llm sandbox/echo --max-tokens many\nHi", "UsageError: ", "--max-tokens"),
    "missing variable": ("%%llm sandbox/assistant\nTell me of {gnre}.", "UsageError: ", "gnre"),
    "no model": ("%%llm\nHi", "UsageError: ", "%%llm provider/model"),
    "key on the line": (
        f"%%llm openai/gpt-5-mini -p api_key={KEY}\nHi",
        "UsageError: ",
        "environment variable",
    ),
}


@pytest.mark.parametrize(("cell", "cause", "remedy"), CELLS.values(), ids=CELLS)
def test_a_wrong_cell_fails_with_a_cause_and_a_remedy(
    cell: str, cause: str, remedy: str, notebook_kernel: Any
) -> None:
    ran = notebook_kernel.run(cell)
    assert ran.failed
    # IPython prints a usage error in red where other errors have a traceback.
    said = ran.error or ran.printed
    lines = said.strip().splitlines()
    assert lines[0].startswith(cause)
    assert len(lines) <= 2
    assert remedy in said
    assert KEY not in str(ran)
    assert notebook_kernel.run("len(sandbox.default_sandbox().requests)").text.strip() == "0"
