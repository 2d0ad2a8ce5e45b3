"""How soon the page shows what a provider sends, one stream at a time and fifty at once.

The provider, in a process of its own, ends each text with the time at which it sends that end; the
page notes when it shows it. Both read the clock of the same machine.
"""

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Bench
else:
    Bench = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVER = Path(__file__).resolve().parents[2] / "benchmarks" / "server.py"

# Looks once a frame, as a person does, at what has been sent since it began to look.
WATCH = r"""() => {
    const lags = (window.lags = new Map());
    const began = Date.now();
    const look = () => {
        for (const log of document.querySelectorAll("[role=article] [role=log]")) {
            const sent = /sent at (\d+\.\d+)\./.exec(log.textContent)?.[1];
            if (sent && 1000 * sent > began && !lags.has(sent)) {
                lags.set(sent, Date.now() - 1000 * sent);
            }
        }
        if (window.lags === lags) window.requestAnimationFrame(look);
    };
    look();
}"""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider in a process of its own."""
    with subprocess.Popen(
        [sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


async def lags(bench: Bench, address: str, *, count: int, times: int) -> list[float]:
    """Milliseconds from sending to showing the end of `count` texts at once, `times` in a row."""
    await bench.page.evaluate(WATCH)
    cell = await bench.run_one(
        f"""
llm.register_provider("openai", scope="lag/", base_url={address!r} + "/v1", api_key="none")
async def one():
    reply = await nb.show(llm.Model("lag/gpt-4o:completions").stream_async("Speak."))
    return reply.text().count("sent at")
for _ in range({times}):
    print(sum(await asyncio.gather(*(one() for _ in range({count})))))
"""
    )
    await cell.finish(within=60)
    assert (await cell.printed()).split() == [str(count)] * times
    found: list[float] = await bench.page.evaluate("() => [...window.lags.values()]")
    return sorted(found)


@pytest.mark.parametrize(
    ("count", "times", "most"),
    [pytest.param(1, 7, 250, id="one stream"), pytest.param(50, 1, 5000, id="fifty at once")],
)
async def test_the_end_of_a_stream_is_shown_soon(
    *,
    bench: Bench,
    provider: str,
    record_property: Callable[[str, object], None],
    count: int,
    times: int,
    most: float,
) -> None:
    """A hundred tokens a second each; the bounds are for a machine that is busy elsewhere."""
    shown = await lags(bench, f"{provider}/n200-i10-s1", count=count, times=times)
    assert len(shown) == count * times
    record_property("lag_ms", statistics.median(shown))
    record_property("worst_lag_ms", shown[-1])
    assert statistics.median(shown) < most
