"""A web server on loopback, and small files of each kind."""

import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from IPython.core.formatters import DisplayFormatter

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "

PIECE = b"\x00" * 65_536
ENDLESS_PIECES = 2_000


@dataclass
class Web:
    """The server as a test sees it."""

    url: str
    sent: int = 0
    """Bytes of endless bodies that were sent before the client went away."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a client left before an endless body was over."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    """Headers of the last request, names in lower case."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def do_GET(self) -> None:
        self.web.headers = {name.lower(): value for name, value in self.headers.items()}
        match self.path:
            case "/png":
                self._whole(PNG)
            case "/wav":
                self._whole(WAV)
            case "/text":
                self._whole(b"this is no picture")
            case "/gzip":
                packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
                self._whole(packer.compress(PNG) + packer.flush(), encoding="gzip")
            case "/bomb":
                packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
                body = b"".join(packer.compress(PIECE) for _ in range(1_600)) + packer.flush()
                self._whole(body, encoding="gzip")
            case "/zip":
                self._whole(PNG, encoding="compress")
            case "/moved":
                self.send_response(302)
                self.send_header("Location", "/png")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/large":
                self.send_response(200)
                self.send_header("Content-Length", str(1 << 40))
                self.end_headers()
                self._endless(chunked=False)
            case "/endless":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self._endless(chunked=True)
            case _:
                self.send_error(404)

    def _whole(self, body: bytes, encoding: str | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(body)

    def _endless(self, *, chunked: bool) -> None:
        try:
            for _ in range(ENDLESS_PIECES):
                if chunked:
                    self.wfile.write(b"%x\r\n" % len(PIECE) + PIECE + b"\r\n")
                else:
                    self.wfile.write(PIECE)
                self.web.sent += len(PIECE)
        except OSError:
            self.web.gone.set()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "*")
    web = Web(url="")
    handler = type("Handler", (_Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield web
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def png() -> bytes:
    return PNG


@pytest.fixture
def wav() -> bytes:
    return WAV


@pytest.fixture
def shown() -> Callable[[object], dict[str, Any]]:
    """What a notebook stores of a value, by mime type."""

    def show(value: object) -> dict[str, Any]:
        bundle, _ = cast("Any", DisplayFormatter()).format(value)
        return bundle

    return show
