"""A connected socket of a host, whichever of its addresses answers first.

What asyncio has for this loses a socket when its caller is cancelled just as the socket connects.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, TypeAlias

__all__ = ["connect"]

NEXT_ADDRESS = 0.25
"""Seconds after which a host's next address is tried as well (RFC 8305)."""

Found: TypeAlias = tuple[int, int, int, str, Any]
"""What a look-up of a name brings: family, type, protocol, canonical name, address."""


async def connect(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    """A socket that is connected to a host.

    Raises:
        OSError: If the name is unknown, or none of its addresses can be reached.
    """
    kind = socket.SOCK_STREAM
    try:  # a number needs no look-up, and no thread to wait for one
        found = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await loop.getaddrinfo(host, port, type=kind)
    if not found:
        raise OSError(f"the name {host} has no address")
    if len(found) == 1:
        return await _connected(loop, found[0])
    return await _first(loop, _by_turns(found))


def _by_turns(found: Sequence[Found]) -> list[Found]:
    """The addresses, those of the two families by turns, beginning with the first's."""
    first = [each for each in found if each[0] == found[0][0]]
    others = [each for each in found if each[0] != found[0][0]]
    turns: list[Found] = []
    for place in range(max(len(first), len(others))):
        turns += first[place : place + 1] + others[place : place + 1]
    return turns


async def _first(loop: asyncio.AbstractEventLoop, found: Sequence[Found]) -> socket.socket:
    """The first that connects. Each is tried a little after the one before, or once that failed."""
    waiting = list(found)
    trying: set[asyncio.Task[socket.socket]] = set()
    failures: list[OSError] = []
    try:
        while waiting or trying:
            if waiting:
                trying.add(loop.create_task(_connected(loop, waiting.pop(0))))
            done, _ = await asyncio.wait(
                trying,
                timeout=NEXT_ADDRESS if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                try:
                    connected = task.result()
                except OSError as error:
                    failures.append(error)
                    trying.discard(task)
                else:
                    trying.discard(task)
                    return connected
    finally:
        for task in trying:
            task.cancel()
            task.add_done_callback(_close)
    raise failures[0]


def _close(task: asyncio.Task[socket.socket]) -> None:
    """Close the socket of one that connected as well, or whose caller was cancelled."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def _connected(loop: asyncio.AbstractEventLoop, found: Found) -> socket.socket:
    family, kind, protocol, _, address = found
    connecting = socket.socket(family, kind, protocol)
    try:
        connecting.setblocking(False)
        await loop.sock_connect(connecting, address)
    except BaseException:
        connecting.close()
        raise
    return connecting
