"""What is said when a request fails, whichever way it went, and whether it is worth another try."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.io import Endpoint, HttpRequest
from mirascope_nb.llm.io import clients as clients_module

if TYPE_CHECKING:
    from tests.llm.io.conftest import Asker, Host

ADDRESSES = [
    "http://ada:s3cret-word@127.0.0.1:1/v1",
    "http://ada:s3cret-word@[::1/v1",
    "http://ada:s3cret-word@127.0.0.1:port/v1",
    "ftp://ada:s3cret-word@127.0.0.1/v1",
]


@pytest.mark.parametrize("base_url", ADDRESSES)
async def test_a_password_in_an_address_is_not_shown(asker: Asker, base_url: str) -> None:
    endpoint = Endpoint(provider="tested", base_url=base_url)
    assert "s3cret" not in repr(endpoint)
    with pytest.raises(llm.ConnectionError) as caught:
        await asker.io.send(endpoint, HttpRequest(path="/ask", body=b"{}"))
    assert "s3cret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value) or "[::1" in str(caught.value)


async def test_a_name_that_no_host_can_have_cannot_be_reached(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(name: str, *_: object, **__: object) -> object:
        return name.encode("idna")  # as the true one does first

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    endpoint = Endpoint(provider="tested", base_url="http://a..example/v1")
    with pytest.raises(llm.ConnectionError, match="Cannot reach tested"):
        await asker.io.send(endpoint, HttpRequest(path="/ask", body=b"{}"))


async def test_a_header_that_cannot_be_sent_is_no_fault_of_the_connection(
    host: Host, asker: Asker
) -> None:
    with pytest.raises(
        llm.ConnectionError, match="could not be made: the header 'x-name'"
    ) as caught:
        await asker.send(host, headers={"x-name": "secret\r\nx: y"})
    assert caught.value.should_retry is False
    assert "secret" not in str(caught.value)


async def test_a_handshake_that_is_cut_may_be_tried_again(asker: Asker) -> None:
    async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    endpoint = Endpoint(provider="tested", base_url=f"https://127.0.0.1:{port}/v1")
    request = HttpRequest(path="/ask", body=b"{}")
    with pytest.raises(llm.ConnectionError, match=r"Cannot reach .*(reset|Reset|EOF)") as caught:
        await asyncio.to_thread(asyncio.run, asker.io.send(endpoint, request))
    assert caught.value.should_retry is None
    server.close()
    await server.wait_closed()


def refuse_without_certificate(listening: socket.socket, certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    tls.load_verify_locations(certificate)
    tls.verify_mode = ssl.CERT_REQUIRED
    accepted, _ = listening.accept()
    visitor = tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
    with visitor:
        with contextlib.suppress(ssl.SSLError):
            visitor.do_handshake()
        while socket.socket.recv(visitor, 1 << 16):  # what was sent meanwhile would reset it
            pass


async def test_a_certificate_that_is_missed_after_the_handshake_is_not_asked_for_again(
    asker: Asker, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(clients_module, "tls_context", lambda: trusting)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        refusing = threading.Thread(
            target=refuse_without_certificate, args=(listening, certificate)
        )
        refusing.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/v1"
        with pytest.raises(llm.ConnectionError, match="TLS connection") as caught:
            await asker.io.send(
                Endpoint(provider="tested", base_url=url), HttpRequest(path="/ask", body=b"{}")
            )
        assert caught.value.should_retry is False
        refusing.join()
