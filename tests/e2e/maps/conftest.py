"""The notebook in a page that the tests of cards have, with a call to map."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_asyncio

if TYPE_CHECKING:
    from tests.e2e.cards.conftest import Bench
else:
    Bench = Any

_path = Path(__file__).parents[1] / "cards" / "conftest.py"
_spec = importlib.util.spec_from_file_location("e2e_bench", _path)
assert _spec is not None
assert _spec.loader is not None
_cards: Any = sys.modules.setdefault("e2e_bench", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(_cards)

chrome = _cards.chrome
bench = _cards.bench

SETUP = """
from mirascope_nb import llm as _llm

@_llm.call("sandbox/fast")
async def capital(n: int):
    await gate(f"row{n}")
    return f"Repeat exactly: row {n}"

async def row(n):
    await gate(f"row{n}")
    if os.path.exists(f"fails{n}"):
        raise ValueError(f"row {n} has no such city")
    return n
"""


@pytest_asyncio.fixture(loop_scope="module")
async def rows(bench: Bench) -> AsyncIterator[Bench]:
    """A notebook with functions whose rows wait until a test lets them go."""
    await bench.ask("None", code=SETUP + "\nsandbox.clear()")
    for path in bench.server.root.glob("*"):
        if path.suffix != ".ipynb" and path.is_file():
            path.unlink()
    yield bench
    for number in range(200):  # a test that failed leaves no cell behind that waits
        bench.open_gate(f"row{number}")
