"""The server that answers as a test says, the wires that it speaks, and what a process holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest

from mirascope_nb.llm.io.clients import close_blocking_clients
from tests.faults.holdings import Holdings, settled
from tests.faults.server import KEY, FaultServer
from tests.faults.wires import WIRES, Wire


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    """The server, at a port of its own, so that no connection of another test's is kept."""
    server = FaultServer()
    yield server
    close_blocking_clients()
    server.stop()


@pytest.fixture
def elsewhere() -> Iterator[FaultServer]:
    """A server of another origin."""
    server = FaultServer()
    yield server
    server.stop()


@pytest.fixture(params=sorted(WIRES))
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each of the wires."""
    return WIRES[request.param]


@pytest.fixture
def chat() -> Wire:
    """The wire for what does not depend on the wire."""
    return WIRES["openai_chat"]


@pytest.fixture(params=["async", "sync"])
def face(request: pytest.FixtureRequest) -> str:
    """Each of the two faces."""
    return request.param


@pytest.fixture
def holdings() -> type[Holdings]:
    """What counts what a process holds."""
    return Holdings


@pytest.fixture
def settle() -> Callable[..., Awaitable[Holdings]]:
    """See `settled`."""
    return settled


@pytest.fixture
def key() -> str:
    """The canary."""
    return KEY
