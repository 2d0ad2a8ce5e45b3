import asyncio
import gc
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mirascope_nb.kernel import Detached, cancel_all, detach, live


@pytest.fixture(autouse=True)
def script(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever other tests have imported."""
    monkeypatch.delitem(sys.modules, "IPython", raising=False)


async def wait_for_end(handle: Detached[Any]) -> None:
    ended = asyncio.Event()
    handle.add_done_callback(lambda _: ended.set())
    await asyncio.wait_for(ended.wait(), 5)


async def test_the_handle_gives_the_result() -> None:
    handle = detach(asyncio.sleep(0.01, "result"), name="work")
    assert (handle.state, handle.done(), live()) == ("running", False, [handle])
    with pytest.raises(asyncio.InvalidStateError, match="work still runs; await it"):
        handle.result()
    with pytest.raises(asyncio.InvalidStateError):
        handle.exception()
    assert await handle == "result"
    assert await handle == "result"
    assert (handle.state, handle.result(), handle.exception()) == ("done", "result", None)
    assert live() == []


async def test_work_that_nobody_holds_goes_on() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.set()

    detach(work())
    gc.collect()
    await asyncio.wait_for(done.wait(), 5)


async def test_an_error_is_kept_for_whoever_awaits_it_and_not_printed_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def work() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("no")

    handle = detach(work())
    with pytest.raises(ValueError, match="no"):
        await handle
    assert handle.state == "failed"
    assert isinstance(handle.exception(), ValueError)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt("k"), SystemExit(1)])
async def test_an_error_nobody_waits_for_is_told_and_never_ends_the_loop(
    capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    async def work() -> None:
        raise error

    handle = detach(work(), name="work")
    await wait_for_end(handle)
    await asyncio.sleep(0)
    assert capsys.readouterr().err == f"work failed: {type(error).__name__}: {error}\n"
    told: list[tuple[Detached[Any], BaseException]] = []
    handle = detach(work(), on_error=lambda handle, error: told.append((handle, error)))
    await wait_for_end(handle)
    await asyncio.sleep(0)
    assert told == [(handle, error)]
    with pytest.raises(type(error)):
        handle.result()


async def test_it_can_be_cancelled() -> None:
    cleaned: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            cleaned.append("up")

    handle = detach(work())
    await asyncio.sleep(0.01)
    assert handle.cancel()
    with pytest.raises(asyncio.CancelledError):
        await handle
    assert (handle.state, cleaned, handle.exception()) == ("cancelled", ["up"], None)
    assert not handle.cancel()


async def test_it_can_be_cancelled_before_its_first_step() -> None:
    handles = [detach(asyncio.sleep(30)) for _ in range(3)]
    cancel_all()
    for handle in handles:
        await wait_for_end(handle)
        assert handle.state == "cancelled"
    assert live() == []


async def test_cancelling_who_waits_does_not_cancel_the_work() -> None:
    handle = detach(asyncio.sleep(0.05, "result"))

    async def wait() -> str:
        return await handle

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await handle == "result"


async def test_its_repr_says_how_far_it_is() -> None:
    handle = detach(asyncio.sleep(0.01), name="a\x00b")
    assert repr(handle).startswith("<a")
    assert "running: await it for the result" in repr(handle)
    assert "\x00" not in repr(handle)
    await handle
    assert "done" in repr(handle)


def test_without_a_loop_it_is_an_error_that_leaves_nothing() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        detach(asyncio.sleep(1))


def test_in_a_terminal_it_runs_in_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ipython = ModuleType("IPython")
    vars(ipython)["get_ipython"] = SimpleNamespace  # a shell without a kernel
    monkeypatch.setitem(sys.modules, "IPython", ipython)

    async def where() -> int:
        return threading.get_ident()

    async def wait() -> tuple[int, int]:
        return await detach(where()), await detach(where())

    first, second = asyncio.run(wait())
    assert first == second != threading.get_ident()
