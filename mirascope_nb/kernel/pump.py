# ruff: noqa: SLF001 - the kernel's private attributes are what this file is about
"""Let clicks reach a cell that is still running.

A browser's click is a comm message on the kernel's shell channel, where the running cell is ahead
of it. What is in the way differs by ipykernel, and so does the pump; everything private that is
touched is touched here, guarded by version and by attribute, and left alone when it is not as
expected:

- 7.4 and later handle comm messages beside a running cell themselves. Nothing to do.
- 7.0 to 7.3 start a task for each message, and each waits for one asyncio lock. The pump moves that
  lock from `shell_main` into `dispatch_shell`, where the message can be seen: comm messages pass
  while something of ours runs, all others wait their turn on the same lock as before.
- 6.x (and 7.0 without its shell thread) keeps messages in a queue. The pump takes the comm messages
  out, at each heartbeat, and leaves the others in their order.

A message that passed is handled as the kernel would: `busy`, handler, `idle`, all under its own
parent header. Then the cell's header is put back, and a second `busy` keeps the front end from
showing an idle kernel while the cell still runs.
"""

import asyncio
import json
import logging
import sys
from collections import deque
from collections.abc import Sequence
from contextvars import copy_context
from inspect import isawaitable
from typing import Any, Protocol, TextIO, cast

from mirascope_nb.kernel.frontend import find_kernel, kernel_version

__all__ = ["Pump", "message_type", "open_pump", "uninstall_pump"]

_COMM_TYPES = frozenset({"comm_open", "comm_msg", "comm_close"})
_DELIMITER = b"<IDS|MSG>"

_log = logging.getLogger(__name__)


class Pump(Protocol):
    """Comm messages pass the running cell from `open_pump` until `close`."""

    def poll(self) -> None:
        """Handle the comm messages that wait; called at every heartbeat, never raises."""
        ...

    def close(self) -> None:
        """Let no more messages pass; what has not passed is left to the kernel."""
        ...


def open_pump(loop: asyncio.AbstractEventLoop) -> Pump:
    """Start to let comm messages past whatever cell runs on `loop`.

    Returns:
        A pump for this kernel, or one that does nothing where none is needed or none is known.
        Only the kernel's own loop is pumped: a subshell has another, and no cell blocks it.
    """
    try:
        return _choose_pump(loop)
    except Exception:  # noqa: BLE001
        # The attributes are private: whatever is wrong with them must not fail a user's cell.
        _log.debug("no comm pump for this kernel", exc_info=True)
        return _NoPump()


def uninstall_pump() -> None:
    """Give the kernel its own lock and dispatcher back."""
    lock = getattr(find_kernel(), "_main_asyncio_lock", None)
    if isinstance(lock, _LockPump):
        lock.uninstall()


def message_type(frames: Sequence[Any]) -> str | None:
    """Read a message's type from its header frame, or return `None` when there is none to read.

    Nothing is verified or unpacked beyond the header, and only JSON is read: the message is
    verified and unpacked when it is handled, once, since a signature is refused the second time.
    """
    parts = [bytes(frame) for frame in frames[:8]]  # identities are one or two frames
    try:
        header: object = json.loads(parts[parts.index(_DELIMITER) + 2])
    except (ValueError, IndexError):
        return None
    found = cast("dict[str, object]", header).get("msg_type") if isinstance(header, dict) else None
    return found if isinstance(found, str) else None


def _choose_pump(loop: asyncio.AbstractEventLoop) -> Pump:
    kernel = find_kernel()
    version = kernel_version(kernel)
    if kernel is None or version is None or version >= (7, 4) or version < (6, 0):
        return _NoPump()
    if kernel.io_loop.asyncio_loop is not loop:
        return _NoPump()
    threaded = getattr(kernel, "shell_channel_thread", None) is not None
    if version >= (7, 0) and (threaded or not hasattr(kernel, "msg_queue")):
        lock = kernel._main_asyncio_lock
        pump = lock if isinstance(lock, _LockPump) else _LockPump(kernel)
        pump.open()
        return pump
    return _QueuePump(kernel)


class _NoPump:
    """For kernels that need none, or that are not known."""

    def poll(self) -> None:
        pass

    def close(self) -> None:
        pass


class _QueuePump:
    """Takes comm messages out of the queue of ipykernel 6."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._queue: deque[tuple[int, Any, tuple[Any, ...]]] = kernel.msg_queue._queue
        self._seen = -1  # number of the last message looked at; the kernel counts up

    def poll(self) -> None:
        if not self._queue or self._queue[-1][0] <= self._seen:
            return
        try:
            taken = [item for item in self._queue if item[0] > self._seen and self._is_comm(item)]
            self._seen = self._queue[-1][0]
            for item in taken:
                self._queue.remove(item)
        except Exception:  # noqa: BLE001 - as in open_pump
            _log.debug("the kernel's queue is not as expected", exc_info=True)
            self._queue = deque()  # do not look again
            return
        for _, _, (frames,) in taken:
            _deliver(self._kernel, frames, _current(self._kernel))

    def _is_comm(self, item: tuple[int, Any, tuple[Any, ...]]) -> bool:
        _, dispatch, arguments = item
        return (
            dispatch == self._kernel.dispatch_shell
            and len(arguments) == 1
            and message_type(arguments[0]) in _COMM_TYPES
        )

    def close(self) -> None:
        pass


class _LockPump:
    """Stands in for the main shell's lock of ipykernel 7.0 to 7.3, from the first use on.

    It stays after that: a comm message that arrives while another cell runs has to be known, so
    that it keeps its place before later ones of the same comm once the pump opens.
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._lock: asyncio.Lock = kernel._main_asyncio_lock
        self._dispatch_shell = kernel.dispatch_shell
        self._opened = 0
        self._cell = _current(kernel)
        self._waiting: deque[Any] = deque()  # comm messages that arrived while it was closed
        kernel._main_asyncio_lock = self
        kernel.dispatch_shell = self._dispatch

    def open(self) -> None:
        self._opened += 1
        self._cell = _current(self._kernel)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self.poll)

    def poll(self) -> None:
        while self._opened and self._waiting:
            _deliver(self._kernel, self._waiting.popleft(), self._cell)

    def close(self) -> None:
        self._opened -= 1

    def uninstall(self) -> None:
        if self._kernel.dispatch_shell == self._dispatch:
            self._kernel._main_asyncio_lock = self._lock
            del self._kernel.dispatch_shell

    async def __aenter__(self) -> None:
        """Let every message pass `shell_main`; `_dispatch` has the lock."""

    async def __aexit__(self, *_: object) -> None:
        pass

    async def _dispatch(self, frames: Any, /, subshell_id: str | None = None) -> None:
        if subshell_id is not None:  # another thread, with a lock of its own
            await self._dispatch_shell(frames, subshell_id=subshell_id)
            return
        waits = self._lock.locked() and message_type(frames) in _COMM_TYPES
        if waits:
            if self._opened:
                _deliver(self._kernel, frames, self._cell)
                return
            self._waiting.append(frames)
        async with self._lock:
            if waits:
                left = len(self._waiting)
                self._waiting = deque(other for other in self._waiting if other is not frames)
                if len(self._waiting) == left:  # handled when the pump opened
                    return
            await self._dispatch_shell(frames, subshell_id=subshell_id)


def _current(kernel: Any) -> tuple[Any, Any]:
    """Return the identity and the header of the request being run, as far as the context knows."""
    return kernel._parent_ident["shell"], kernel.get_parent("shell")


def _deliver(kernel: Any, frames: Any, cell: tuple[Any, Any]) -> None:
    """Handle one comm message now, beside the running cell."""
    ident, parent = _current(kernel)
    if not parent:  # ipykernel 7.0 gives each message a context of its own
        ident, parent = cell
    try:
        # A context of its own: setting the parent must not reach the cell's, nor the heartbeat's.
        copy_context().run(_handle, kernel, frames)
    except BaseException:
        # As the kernel does, and for its reason: nothing a callback raises may end the event loop.
        kernel.log.exception("Exception in message handler:")
    finally:
        kernel.set_parent(ident, parent, channel="shell")
        kernel._publish_status("busy", "shell")


def _handle(kernel: Any, frames: Any) -> None:
    idents, rest = kernel.session.feed_identities(frames, copy=False)
    message = kernel.session.deserialize(rest, content=True, copy=False)
    kernel.set_parent(idents, message, channel="shell")
    kernel._publish_status("busy", "shell")
    try:
        handler = kernel.shell_handlers[message["header"]["msg_type"]]
        result = handler(kernel.shell_stream, idents, message)
        if isawaitable(result):
            # Comm handlers are plain functions in every ipykernel; a subclass may differ.
            task = asyncio.ensure_future(result)
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)
    finally:
        for stream in cast("tuple[TextIO | None, ...]", (sys.stdout, sys.stderr)):
            if stream is not None:
                stream.flush()
        kernel._publish_status("idle", "shell")


_tasks: set[asyncio.Future[Any]] = set()
