"""From a click to the tool's first line, for every ipykernel and front end that works its own way.

`pytest -m matrix` tries them all and writes the table to `test-results/clicks.txt`; a plain run
tries the oldest ipykernel in JupyterLab.
"""

import json
import runpy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Browser, expect

if TYPE_CHECKING:
    from conftest import Bench
else:
    Bench = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")

_labs = runpy.run_path(str(Path(__file__).with_name("labs.py")))
_cards = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
IPYKERNELS: tuple[str, ...] = _labs["IPYKERNELS"]
FRONT_ENDS = {each.name: each for each in _labs["FRONT_ENDS"]}
RESULTS: Path = _cards["RESULTS"]

MOST = 300
"""Milliseconds from a click to the tool's first line."""

CLICKS = 3

OLDEST, NEWEST = IPYKERNELS[0], IPYKERNELS[-1]
PAIRS = [
    *(("lab", each) for each in IPYKERNELS),
    *((name, each) for name in FRONT_ENDS for each in (OLDEST, NEWEST)),
]

ASK = """
began = []
@llm.tool(requires_approval=True)
def stamp(n: int) -> str:
    "Note the time."
    began.append(time.time() * 1000)
    return "noted"

sandbox.clear()
sandbox.reply(tools=[("stamp", {"n": 1})]).reply(tools=[("stamp", {"n": 2})])
sandbox.reply(tools=[("stamp", {"n": 3})]).reply("Done.")
await nb.run(llm.Model("sandbox/fast").stream_async("Go on.", tools=[stamp]));
"""

CLICK = """button => {
    const now = performance.timeOrigin + performance.now();
    button.click();
    return now;
}"""


@pytest.fixture(scope="module")
def table() -> Iterator[dict[tuple[str, str], list[float]]]:
    """The figures, which are printed and written down at the end."""
    figures: dict[tuple[str, str], list[float]] = {}
    yield figures
    rows = [
        {"front_end": front_end, "ipykernel": version, "milliseconds": [round(t) for t in times]}
        for (front_end, version), times in figures.items()
    ]
    lines = ["front end    ipykernel   click to execution, ms (median of 3, worst)"]
    for (front_end, version), times in figures.items():
        lines.append(f"{front_end:12} {version:10} {median(times):6.0f} {max(times):6.0f}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "clicks.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "clicks.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n" + "\n".join(lines))  # noqa: T201


@pytest.fixture(scope="module")
def servers(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The servers that were needed so far: JupyterLab's own, and one at a time of the others."""
    running: dict[str, Any] = {"lab": server}
    open_ones: list[Any] = []

    class Servers(dict[str, Any]):
        def __missing__(self, name: str) -> Any:
            home = tmp_path_factory.mktemp(name)
            try:
                manager = _labs["serve"](FRONT_ENDS[name], home, type(server))
                self[name] = manager.__enter__()
            except subprocess.CalledProcessError as error:
                pytest.skip(f"no environment with {name}: {error.stderr[-300:]}")
            open_ones.append(manager)
            return self[name]

    yield Servers(running)
    for manager in open_ones:
        manager.__exit__(None, None, None)


@pytest.mark.matrix
@pytest.mark.parametrize(("front_end", "ipykernel"), PAIRS)
async def test_a_click_reaches_the_running_cell_at_once(
    chrome: Browser,
    servers: dict[str, Any],
    table: dict[tuple[str, str], list[float]],
    front_end: str,
    ipykernel: str,
) -> None:
    times = await _try(chrome, servers[front_end], front_end, ipykernel)
    table[front_end, ipykernel] = times
    assert max(times) < MOST


async def test_a_click_reaches_a_running_cell_of_the_oldest_kernel(
    chrome: Browser, servers: dict[str, Any]
) -> None:
    assert max(await _try(chrome, servers["lab"], "lab", OLDEST)) < MOST


async def _try(chrome: Browser, server: Any, front_end: str, ipykernel: str) -> list[float]:
    """The milliseconds that each click took."""
    try:
        kernel = _labs["write_kernel"](server.root.parent / "data" / "kernels", ipykernel)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no environment with ipykernel {ipykernel}: {error.stderr[-300:]}")
    page = "lab/tree" if front_end == "lab" else FRONT_ENDS[front_end].page
    async with _cards["open_bench"](chrome, server) as bench:
        await bench.open(_cards["write_notebook"](server, kernel=kernel), lab=page)
        await bench.wait_for_kernel()
        await bench.set_up()
        return await _measure(bench)


async def _measure(bench: Bench) -> list[float]:
    version = await bench.ask("__import__('ipykernel').__version__")
    asking, *queued = await bench.run(ASK, "print('second', len(began))", "print('third')")
    clicked: list[float] = []
    for n in range(CLICKS):
        button = asking.button("Approve", "stamp").last
        await expect(asking.call("stamp")).to_have_count(n + 1)
        await expect(button).to_be_enabled()
        clicked.append(await button.evaluate(CLICK))
    await asking.finish()
    for cell, text in zip(queued, ("second 3\n", "third\n"), strict=True):
        await cell.finish()
        assert await cell.printed() == text
    began = await bench.ask("began")
    assert version
    return [began_at - at for at, began_at in zip(clicked, began, strict=True)]
