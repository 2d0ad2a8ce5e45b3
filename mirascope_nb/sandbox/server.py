"""HTTP/1.1 on loopback: bytes and connections, and nothing about what is said over them.

One thread runs one event loop; a connection is an `asyncio.Protocol` around an `h11.Connection`.
A connection reads a whole request, starts a task that answers it, and reads the next one when the
task is done:

    reading --end of request--> answering --end of reply--> reading
       |                            |
       +------ client goes away ----+--> lost (the task is cancelled)
"""

import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from typing import cast
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from mirascope_nb.sandbox.prompt import Frame
from mirascope_nb.sandbox.service import Answer, Service
from mirascope_nb.sandbox.wires import HttpRequest

_BODY_LIMIT = 64 * 1024 * 1024
_PIPELINE_LIMIT = 1024 * 1024
_WRITE_AT = 16 * 1024
_BACKLOG = 2048


class Connection(asyncio.Protocol):
    """One client's connection, kept alive from request to request."""

    def __init__(self, service: Service, open_connections: set["Connection"]) -> None:
        self._service = service
        self._open = open_connections
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
        self._request: h11.Request | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection, so that the server can close it."""
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop working on a reply that nobody will read."""
        del exc
        self._open.discard(self)
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """The client reads more slowly than the reply is written."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Take in bytes; an unreadable request ends the connection."""
        self._http.receive_data(data)
        if self._task is not None:
            if len(self._http.trailing_data[0]) > _PIPELINE_LIMIT:
                self._transport.pause_reading()
            return
        self._read()

    def eof_received(self) -> bool:
        """A client that stops sending has gone: let the transport close."""
        return False

    def hang_up(self) -> None:
        """Close the connection once what was written is out.

        The explicit end of file matters after a fork: a child that still holds the descriptor
        would otherwise keep the client waiting.
        """
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.close()

    def abandon(self) -> asyncio.Task[None] | None:
        """Close the connection at once, and return the task that is being cancelled, if any."""
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):  # the client may have been faster
                sock.shutdown(socket.SHUT_RDWR)
        self._transport.abort()
        return self._task

    def _read(self) -> None:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                self._reject(error)
                return
            if isinstance(event, h11.Request):
                self._request, self._body, self._size = event, [], 0
            elif isinstance(event, h11.Data):
                self._size += len(event.data)
                self._body.append(bytes(event.data))
                if self._size > _BODY_LIMIT:
                    self._begin(too_large=True)
                    return
            elif isinstance(event, h11.EndOfMessage):
                self._begin()
                return
            elif isinstance(event, h11.ConnectionClosed):
                self.hang_up()
                return
            else:
                if self._http.they_are_waiting_for_100_continue:
                    self._write(h11.InformationalResponse(status_code=100, headers=[]))
                return

    def _begin(self, *, too_large: bool = False) -> None:
        assert self._request is not None  # noqa: S101 - h11 gives a request before its end
        request = _whole(self._request, b"".join(self._body))
        self._body = []
        answering = self._answer(request, too_large=too_large)
        self._task = asyncio.get_running_loop().create_task(answering)

    async def _answer(self, request: HttpRequest, *, too_large: bool) -> None:
        service = self._service
        answer = service.too_large(request) if too_large else service.answer(request)
        try:
            if answer.wait > 0:
                await asyncio.sleep(answer.wait)
            await self._send(answer, head=request.method == "HEAD")
        except asyncio.CancelledError:
            answer.record.outcome = "disconnected"
            raise
        self._task = None
        if answer.ending == "cut" or too_large or self._http.our_state is not h11.DONE:
            self.hang_up()
        elif self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self._transport.resume_reading()
            self._read()
        else:
            self.hang_up()

    async def _send(self, answer: Answer, *, head: bool) -> None:
        headers = list(answer.headers)
        if answer.frames is None:
            headers.append(("content-length", str(len(answer.body))))
        else:
            headers.append(("cache-control", "no-cache"))
        begun = h11.Response(status_code=answer.status, headers=headers)
        last: list[h11.Event] = [] if answer.ending == "cut" else [h11.EndOfMessage()]
        if answer.frames is not None:
            self._write(begun)
            await self._send_frames(answer, answer.frames)
        else:
            size = len(answer.body) // 2 if answer.ending == "cut" else len(answer.body)
            last = [begun, *([] if head else [h11.Data(data=answer.body[:size])]), *last]
        # Whoever has the whole reply must find its record complete.
        answer.record.outcome = answer.ending
        self._write(*last)
        await self._writable.wait()

    async def _send_frames(self, answer: Answer, frames: Iterator[Frame]) -> None:
        """Write each frame when it is due; those already due go out together.

        Times are counted from the start of the reply. When many replies compete, each falls a
        little behind, catches up in one larger write, and the pace of all of them holds.
        """
        loop = asyncio.get_running_loop()
        due = loop.time()
        batch: list[bytes] = []
        size = 0
        for frame in frames:
            due += frame.weight * answer.interval
            early = due - loop.time() if answer.interval else 0.0
            if batch and (early > 0 or size >= _WRITE_AT):
                self._write(h11.Data(data=b"".join(batch)))
                batch, size = [], 0
                await self._writable.wait()
                # Let other replies go on in the midst of one that never waits.
                await asyncio.sleep(max(early, 0.0))
            elif early > 0:
                await asyncio.sleep(early)
            batch.append(frame.data)
            size += len(frame.data)
            answer.record.sent += 1
        if batch:
            self._write(h11.Data(data=b"".join(batch)))

    def _write(self, *events: h11.Event) -> None:
        """Send events in one piece: small writes would wait for each other's confirmation."""
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))

    def _reject(self, error: h11.RemoteProtocolError) -> None:
        """Answer bytes that are not HTTP, as far as the protocol still allows."""
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            body = f"{error}\n".encode()
            headers = [
                ("content-type", "text/plain; charset=utf-8"),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ]
            begun = h11.Response(status_code=error.error_status_hint, headers=headers)
            self._write(begun, h11.Data(data=body), h11.EndOfMessage())
        self.hang_up()


class ServerThread:
    """A running server: a listening socket, a daemon thread and its event loop."""

    def __init__(self, listening: socket.socket, service: Service) -> None:
        self._listening = listening
        self._service = service
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="mirascope-nb-sandbox", daemon=True)

    def start(self) -> None:
        """Start the thread and wait until it accepts connections."""
        self._thread.start()
        self._ready.wait()

    def stop(self, timeout: float) -> None:
        """Close every connection and end the thread.

        Args:
            timeout: Seconds to wait for the thread.
        """
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop may close in the meantime
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout)

    def join(self, timeout: float) -> bool:
        """Wait for the thread; whether it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def abandon_after_fork(self) -> None:
        """Let go, in a child process, of a server whose thread stayed in the parent.

        Only the listening descriptor is closed. The loop is left alone: its selector is shared
        with the parent, and closing it here would unregister the parent's sockets.
        """
        self._listening.close()

    def _run(self) -> None:
        # A selector holds at most 512 sockets on Windows.
        factory = (
            asyncio.ProactorEventLoop if sys.platform == "win32" else asyncio.SelectorEventLoop
        )
        try:
            with asyncio.Runner(loop_factory=factory) as runner:
                runner.run(self._serve())
        finally:
            self._listening.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        connections: set[Connection] = set()
        server = await loop.create_server(
            lambda: Connection(self._service, connections),
            sock=self._listening,
            backlog=_BACKLOG,
        )
        self._ready.set()
        await self._stopping.wait()
        server.close()
        tasks = [connection.abandon() for connection in list(connections)]
        # Two turns of the loop: one to report the lost connections, one for the tasks to end.
        await asyncio.sleep(0)
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)
        await asyncio.sleep(0)


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 lets the system choose.

    Raises:
        OSError: When the port is taken.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there the option would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _whole(request: h11.Request, body: bytes) -> HttpRequest:
    target = urlsplit(request.target.decode("ascii", "replace"))
    headers = {
        name.decode("ascii", "replace").lower(): value.decode("latin-1")
        for name, value in request.headers
    }
    return HttpRequest(
        method=request.method.decode("ascii", "replace"),
        path=unquote(target.path),
        query=dict(parse_qsl(target.query, keep_blank_values=True)),
        headers=headers,
        body=body,
    )
