"""A canary key, looked for wherever something is shown, written or kept."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.ultratb import VerboseTB

from mirascope_nb import llm

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer, Script
    from tests.faults.wires import Wire


def failing(how: str, key: str) -> Script:
    async def script(connection: Connection) -> None:
        echo = b'{"error": {"message": "bad key %s"}}' % key.encode()
        if how == "echo":
            await connection.whole(b"application/json", echo, status=401)
        elif how == "late echo":
            await connection.head()
            await connection.send(b"data: " + echo + b"\n\n")
        elif how == "page":
            await connection.whole(b"text/html", b"<p>" + key.encode())
        elif how == "garbage":
            await connection.head()
            await connection.send(b"data: {" + key.encode() + b"\n\n")
        elif how == "stall":
            await connection.hang()

    return script


@pytest.mark.parametrize("how", ["echo", "late echo", "page", "garbage", "stall", "reset"])
async def test_the_key_is_in_no_traceback_repr_pickle_or_log(  # noqa: PLR0917, fixtures
    faults: FaultServer,
    wire: Wire,
    face: str,
    how: str,
    key: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in (None, "httpx2", "httpcore2", "asyncio", "mirascope_nb"):
        caplog.set_level(logging.DEBUG, logger=name)
    faults.register(wire, timeout=0.3 if how == "stall" else 5)
    prompt = faults.case(failing(how, key))
    model = llm.Model(wire.model)
    error: llm.Error
    try:
        await ask(model, prompt, face)
    except llm.Error as caught:
        error = caught
    else:
        pytest.fail("it went well")
    assert error.__traceback__
    error.__traceback__ = error.__traceback__.tb_next  # this frame's own locals hold the key
    shown = [caplog.text, repr(model), repr(vars(model)), str(error), repr(error)]
    shown += [repr(record.__dict__) for record in caplog.records]
    shown.append(repr(pickle.dumps(error)))
    shown.append(repr(vars(copy.copy(error))))
    shown += chain(error)
    out = io.StringIO()
    verbose = VerboseTB(theme_name="nocolor", include_vars=True)
    verbose.ostream = out
    verbose(type(error), error, error.__traceback__)
    shown.append(out.getvalue())
    assert len(out.getvalue()) > 100
    for text in shown:
        assert key not in text


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
