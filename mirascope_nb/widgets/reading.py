"""Responses of every kind, read into a card: one loop for each way to read.

A stream that starts over, as one under `llm.retry` may, is read again from the beginning. A stream
that is left early is closed, which keeps what had arrived and frees its connection.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from mirascope_nb import llm

if TYPE_CHECKING:
    from mirascope_nb.widgets.live import LiveCard


async def read(card: LiveCard, response: Any) -> None:
    """Read a response to its end, showing it on a card.

    Raises:
        ProviderError: As the stream fails.
        TypeError: If it is no response.
    """
    if not isinstance(response, llm.RootResponse):
        raise TypeError(
            f"expected a response, or something to await for one, not {type(response).__name__}"
        )
    given: Any = cast("Any", response)
    card.begin(given)
    if not hasattr(given, "chunk_stream"):
        card.add_whole(given)
    elif hasattr(given, "aclose"):
        await _read_stream(card, given)
    else:
        await _read_in_thread(card, given)


def read_blocking(card: LiveCard, response: Any) -> None:
    """Read a synchronous response to its end, showing it on a card."""
    card.begin(response)
    if not hasattr(response, "chunk_stream"):
        card.add_whole(response)
        return
    try:
        while True:
            try:
                for chunk in response.chunk_stream():
                    card.feed(chunk)
            except llm.StreamRestarted as restart:
                card.restart(restart)
            else:
                return
    finally:
        if not response.consumed:
            response.close()


async def _read_stream(card: LiveCard, response: Any) -> None:
    feed = card.feed
    try:
        while True:
            try:
                async with aclosing(response.chunk_stream()) as chunks:
                    async for chunk in chunks:
                        feed(chunk)
            except llm.StreamRestarted as restart:
                card.restart(restart)
            else:
                return
    finally:
        if not response.consumed:
            await response.aclose()


async def _read_in_thread(card: LiveCard, response: Any) -> None:
    """Read a blocking stream without holding up the loop."""
    reader = _ThreadReader(card, response)
    try:
        while True:
            try:
                await asyncio.to_thread(reader.work)
            except llm.StreamRestarted as restart:
                reader.drop()
                card.restart(restart)
            else:
                return
            finally:
                reader.take()
    finally:
        reader.leave()


class _ThreadReader:
    """Hands chunks from a reading thread to the loop, in batches.

    The thread wakes the loop only if the batch before was taken: a wake-up costs more than a chunk.
    """

    def __init__(self, card: LiveCard, response: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self._card = card
        self._response = response
        self._pending: deque[Any] = deque()
        self._woken = threading.Event()
        self._left = threading.Event()

    def work(self) -> None:
        """Read to the end, on a thread."""
        for chunk in self._response.chunk_stream():
            if self._left.is_set():
                # Nobody reads on. Only the thread that reads may close.
                self._response.close()
                return
            self._pending.append(chunk)
            if not self._woken.is_set():
                self._woken.set()
                self._loop.call_soon_threadsafe(self.take)

    def take(self) -> None:
        """Feed the card what has been read, on the loop."""
        self._woken.clear()
        while self._pending:
            self._card.feed(self._pending.popleft())

    def drop(self) -> None:
        """Forget what has been read and not been taken."""
        self._pending.clear()

    def leave(self) -> None:
        """Let the thread end at its next chunk."""
        self._left.set()
