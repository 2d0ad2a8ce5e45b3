"""Stopping without a kernel: a task that looks like a cell's, and signals to this process."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from mirascope_nb.kernel import interruption, running
from mirascope_nb.kernel.running import HEARTBEAT


async def run_cell_async(work: Coroutine[Any, Any, Any]) -> Any:
    """Catches what a cell raises, as IPython does in the coroutine of this name."""
    try:
        return await work
    except BaseException as error:  # noqa: BLE001 - as IPython does
        return error


def block(seconds: float) -> None:
    """Keep the event loop, as a synchronous tool would."""
    time.sleep(seconds)


def interrupt_in(seconds: float) -> None:
    def interrupt() -> None:
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()


async def cell(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a cell as IPython in a terminal does, with Python's own handler, which raises."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return await asyncio.create_task(run_cell_async(work))
    finally:
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, before)


async def test_an_interrupt_becomes_a_plain_keyboard_interrupt() -> None:
    seen: list[str] = []

    async def work() -> None:
        with running() as scope:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                seen.append(f"cancelled, interrupted: {scope.interrupted}")
                raise
            finally:
                await asyncio.sleep(0.01)
                seen.append("cleaned up")

    interrupt_in(0.05)
    error = await cell(work())
    assert type(error) is KeyboardInterrupt
    assert error.args == ("stopped",)
    assert error.__suppress_context__
    assert seen == ["cancelled, interrupted: True", "cleaned up"]


async def test_only_the_outermost_scope_turns_the_cancellation_into_a_stop() -> None:
    seen: list[type[BaseException]] = []

    async def work() -> None:
        with running():
            try:
                with running():
                    await asyncio.sleep(30)
            except BaseException as error:
                seen.append(type(error))
                raise

    interrupt_in(0.05)
    assert isinstance(await cell(work()), KeyboardInterrupt)
    assert seen == [asyncio.CancelledError]


async def test_a_cancellation_by_others_stays_one() -> None:
    async def work() -> None:
        with running():
            await asyncio.sleep(30)

    task = asyncio.create_task(run_cell_async(work()))
    await asyncio.sleep(0.02)
    task.cancel("by the user")
    error = await task
    assert isinstance(error, asyncio.CancelledError)
    assert error.args == ("by the user",)


async def test_a_timeout_around_a_scope_is_a_timeout() -> None:
    async def work() -> None:
        async with asyncio.timeout(0.02):
            with running():
                await asyncio.sleep(30)

    assert isinstance(await cell(work()), TimeoutError)


async def test_a_timeout_and_an_interrupt_at_once_leave_the_timeout_its_own_cancellation() -> None:
    async def work() -> tuple[str, int]:
        try:
            async with asyncio.timeout(0.1):
                with running():
                    await asyncio.sleep(0.01)
                    block(0.15)  # until it is time for the timeout as well
                    os.kill(os.getpid(), signal.SIGINT)
                    await asyncio.sleep(30)
        except KeyboardInterrupt as stop:
            task = asyncio.current_task()
            assert task is not None
            return str(stop), task.cancelling()
        raise AssertionError

    assert await cell(work()) == ("stopped", 0)


async def test_an_error_of_the_work_is_not_hidden_by_a_stop() -> None:
    async def work() -> None:
        with running():
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                raise ValueError("while cleaning up") from None

    interrupt_in(0.05)
    assert isinstance(await cell(work()), ValueError)


async def test_in_other_tasks_a_scope_changes_nothing_about_stopping() -> None:
    before = signal.getsignal(signal.SIGINT)

    async def work() -> bool:
        with running() as scope:
            await asyncio.sleep(0)
            assert signal.getsignal(signal.SIGINT) is before
            return scope.interrupted

    assert await asyncio.create_task(work()) is False


async def test_a_second_interrupt_after_a_while_breaks_off_what_cleans_up() -> None:
    async def work() -> None:
        with running():
            try:
                await asyncio.sleep(30)
            finally:
                await asyncio.sleep(30)

    interrupt_in(0.05)
    interrupt_in(0.1)  # impatience
    interrupt_in(1.3)
    started = time.monotonic()
    assert isinstance(await cell(work()), KeyboardInterrupt)
    assert 1.2 < time.monotonic() - started < 5


async def test_synchronous_code_is_interrupted_where_it_is() -> None:
    async def tool() -> None:
        block(10)

    async def work() -> None:
        with running():
            await asyncio.sleep(0.05)
            await asyncio.gather(tool(), asyncio.sleep(30))

    interrupt_in(0.1)  # too early to tell that the loop is blocked: it is found out
    started = time.monotonic()
    assert isinstance(await cell(work()), KeyboardInterrupt)
    assert time.monotonic() - started < 3
    assert len(asyncio.all_tasks()) == 1


async def test_the_loop_is_woken_while_a_scope_is_open_and_not_after() -> None:
    loop = asyncio.get_running_loop()
    before = len(asyncio.all_tasks())
    with running(), running():
        assert len(asyncio.all_tasks()) == before
        beats: list[float] = []
        call_later = loop.call_later

        def counted(delay: float, *rest: Any, **more: Any) -> asyncio.TimerHandle:
            if delay == HEARTBEAT:
                beats.append(loop.time())
            return call_later(delay, *rest, **more)

        vars(loop)["call_later"] = counted
        await asyncio.sleep(0.2)
        assert 3 <= len(beats) <= 8
    beats.clear()
    await asyncio.sleep(0.1)
    assert beats == []


def test_a_scope_needs_a_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        running().__enter__()


async def test_a_cell_s_interruption_is_one_line_and_a_task_s_is_a_cancellation() -> None:
    async def work() -> BaseException:
        return interruption("cancelled")

    error = await cell(work())
    assert type(error) is KeyboardInterrupt
    assert vars(error)["_render_traceback_"]() == ["KeyboardInterrupt: cancelled"]
    other = await asyncio.create_task(work())
    assert isinstance(other, asyncio.CancelledError)
    assert other.args == ("cancelled",)


def test_outside_any_task_an_interruption_is_a_keyboard_interrupt() -> None:
    assert type(interruption("stopped")) is KeyboardInterrupt
