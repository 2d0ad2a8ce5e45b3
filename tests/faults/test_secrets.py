"""A canary key, looked for wherever something is shown, written or kept."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from IPython.core.ultratb import VerboseTB

from mirascope_nb import llm

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer, Script
    from tests.faults.wires import Wire


HOWS = {
    "echo": (401, b"application/json", (), b'{"error": {"message": "bad key KEY"}}'),
    "late echo": (200, b"text/event-stream", (), b'data: {"error": {"message": "KEY"}}\n\n'),
    "page": (200, b"text/html", (), b"<p>KEY"),
    "garbage": (200, b"text/event-stream", (), b"data: {KEY\n\n"),
    "header": (401, b"text/plain", (b"x-echo: KEY",), b"no"),
    "no header": (401, b"text/plain", (b"echo KEY",), b"no"),
    "encoding": (200, b"text/plain", (b"transfer-encoding: KEY",), b"no"),
    "compression": (200, b"text/plain", (b"content-encoding: KEY",), b"no"),
    "content type": (200, b"text/KEY", (), b"no"),
    "reason": (401, b"HTTP/1.1 401 bad key KEY\r\ncontent-length: 0\r\n\r\n"),
    "stall": (),
    "reset": (),
}
"""Status, content type, headers and body of a reply that echoes the key; or all of it in one."""


def failing(how: str, key: str) -> Script:
    async def script(connection: Connection) -> None:
        match HOWS[how]:
            case (status, kind, headers, body):
                pieces = [piece.replace(b"KEY", key.encode()) for piece in (kind, body, *headers)]
                await connection.whole(*pieces, status=status)
            case (_, whole):
                await connection.send(whole.replace(b"KEY", key.encode()))
            case _ if how == "stall":
                await connection.hang()
            case _:
                pass

    return script


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged, down to DEBUG."""
    for name in (None, "httpx2", "httpcore2", "asyncio", "mirascope_nb"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.mark.parametrize("how", sorted(HOWS))
async def test_the_key_is_in_no_traceback_repr_pickle_or_log(  # noqa: PLR0917, fixtures
    faults: FaultServer,
    wire: Wire,
    face: str,
    how: str,
    key: str,
    logged: pytest.LogCaptureFixture,
) -> None:
    faults.register(wire, timeout=0.3 if how == "stall" else 5)
    prompt = faults.case(failing(how, key))
    for text in await everything_shown(wire, prompt, face, logged):
        assert key not in text


@pytest.mark.parametrize("how", sorted(HOWS))
@pytest.mark.parametrize("way", ["transport", "proxy"])
async def test_the_key_is_nowhere_where_httpx2_sends_either(  # noqa: PLR0917, fixtures
    faults: FaultServer,
    chat: Wire,
    face: str,
    how: str,
    way: str,
    key: str,
    logged: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options: dict[str, Any] = {"timeout": 0.3 if how == "stall" else 5}
    if way == "transport":
        own = httpx2.HTTPTransport if face == "sync" else httpx2.AsyncHTTPTransport
        options["transport"] = own()
        options["base_url"] = faults.address.replace("//", "//somebody:pass-4711@")
    else:
        monkeypatch.setenv("HTTP_PROXY", f"http://somebody:pass-4711@127.0.0.1:{faults.port}")
        options["base_url"] = "http://provider.invalid/v1"
    faults.register(chat, **options)
    prompt = faults.case(failing(how, key))
    shown = await everything_shown(chat, prompt, face, logged)
    assert "httpcore2" in shown[0]  # by its own account
    assert len(faults.requests(prompt)) == 1
    for text in shown:
        assert key not in text
        assert "pass-4711" not in text


async def everything_shown(
    wire: Wire, prompt: str, face: str, logged: pytest.LogCaptureFixture
) -> list[str]:
    """Wherever something of a call that fails is told; what was logged comes first."""
    model = llm.Model(wire.model)
    error: llm.Error
    try:
        await ask(model, prompt, face)
    except llm.Error as caught:
        error = caught
    else:
        pytest.fail("it went well")
    shown = [logged.text, repr(model), repr(vars(model)), str(error), repr(error)]
    shown += [repr(record.__dict__) for record in logged.records]
    shown.append(repr(pickle.dumps(error)))
    shown.append(repr(vars(copy.copy(error))))
    shown += chain(error)
    out = io.StringIO()
    verbose = VerboseTB(theme_name="nocolor", include_vars=True)
    verbose.ostream = out
    verbose(type(error), error, error.__traceback__)
    shown.append(out.getvalue())
    assert len(out.getvalue()) > 100
    return shown


async def ask(model: llm.Model, prompt: str, face: str) -> None:
    """Ask, in a frame whose locals do not hold the key."""
    if face == "async":
        await (await model.stream_async(prompt)).finish()
    else:
        model.stream(prompt).finish()


def chain(error: BaseException | None) -> list[str]:
    """Everything that hangs on an error, with the locals of every frame."""
    shown: list[str] = []
    while error is not None:
        told: Any = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown += ["".join(told.format()), repr(error.args), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return shown
