"""The pump without a kernel: what it takes for a comm message, and where it keeps away."""

import asyncio
import json
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mirascope_nb.kernel.pump import message_type, open_pump, uninstall_pump
from mirascope_nb.kernel.running import running

MakeKernel = Callable[..., SimpleNamespace]


def frames(kind: str, *identities: bytes) -> list[bytes]:
    header = json.dumps({"msg_type": kind, "msg_id": "1"}).encode()
    return [*identities, b"<IDS|MSG>", b"signature", header, b"{}", b"{}", b"{}"]


@pytest.fixture
def make_kernel(monkeypatch: pytest.MonkeyPatch) -> MakeKernel:
    """Make this process look like one with a kernel that has just these attributes."""

    def make(version: str, **attributes: Any) -> SimpleNamespace:
        kernel = SimpleNamespace(**attributes)
        ipython, ipykernel = ModuleType("IPython"), ModuleType("ipykernel")
        vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=kernel)
        vars(ipykernel)["__version__"] = version
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "ipykernel", ipykernel)
        return kernel

    return make


def this_loop() -> SimpleNamespace:
    return SimpleNamespace(asyncio_loop=asyncio.get_running_loop())


@pytest.mark.parametrize("identities", [(), (b"client",), (b"router", b"client")])
def test_the_type_is_read_from_the_header_frame(identities: tuple[bytes, ...]) -> None:
    assert message_type(frames("comm_msg", *identities)) == "comm_msg"
    assert message_type(frames("execute_request", *identities)) == "execute_request"


@pytest.mark.parametrize(
    "header", [b"", b"{", b"[]", b"null", b'{"msg_type": 3}', b"\x80\x04pickle", b"\xff\xfe"]
)
def test_a_header_that_cannot_be_read_is_no_comm_message(header: bytes) -> None:
    assert message_type([b"<IDS|MSG>", b"signature", header]) is None


@pytest.mark.parametrize("parts", [[], [b"<IDS|MSG>"], [b"stop aborting"], [b"a"] * 20])
def test_frames_that_are_no_message_have_no_type(parts: list[bytes]) -> None:
    assert message_type(parts) is None


@pytest.mark.parametrize("version", ["5.5.6", "6.29.5", "7.0.1", "7.3.0", "7.4.0", "8.0.0", "odd"])
async def test_a_kernel_that_is_not_as_expected_is_left_alone(
    make_kernel: MakeKernel, version: str
) -> None:
    kernel = make_kernel(version)
    with running():
        await asyncio.sleep(0.04)
    assert vars(kernel) == {}
    uninstall_pump()


@pytest.mark.parametrize(
    "queue", [SimpleNamespace(), SimpleNamespace(_queue=None), SimpleNamespace(_queue=["odd"])]
)
async def test_a_queue_that_is_not_as_expected_is_left_alone(
    make_kernel: MakeKernel, queue: SimpleNamespace
) -> None:
    before = list(getattr(queue, "_queue", None) or [])
    make_kernel("6.31.0", io_loop=this_loop(), msg_queue=queue)
    with running():
        await asyncio.sleep(0.04)
    assert list(getattr(queue, "_queue", None) or []) == before


async def test_the_loop_of_another_thread_is_not_pumped(make_kernel: MakeKernel) -> None:
    other = asyncio.new_event_loop()
    kernel = make_kernel(
        "7.3.0",
        io_loop=SimpleNamespace(asyncio_loop=other),
        shell_channel_thread=object(),
        dispatch_shell=None,
        _main_asyncio_lock=asyncio.Lock(),
    )
    lock = kernel._main_asyncio_lock
    open_pump(asyncio.get_running_loop()).close()
    assert kernel._main_asyncio_lock is lock
    other.close()


async def test_only_comm_messages_are_taken_out_of_the_queue(make_kernel: MakeKernel) -> None:
    from collections import deque

    def dispatch_shell() -> None: ...
    def advance_eventloop() -> None: ...

    waiting = deque(
        [
            (0, dispatch_shell, (frames("execute_request"),)),
            (1, dispatch_shell, (frames("comm_open"),)),
            (2, advance_eventloop, ()),
            (3, dispatch_shell, (frames("comm_msg"),)),
            (4, dispatch_shell, (frames("complete_request"),)),
            (5, advance_eventloop, (frames("comm_msg"),)),
        ]
    )
    handled: list[str] = []

    class Session:
        def feed_identities(self, parts: Any, *, copy: bool) -> Any:
            return [], parts

        def deserialize(self, parts: Any, *, content: bool, copy: bool) -> Any:
            return {"header": {"msg_type": message_type(parts)}, "content": {}}

    def handle(stream: object, idents: object, message: Any) -> None:
        handled.append(message["header"]["msg_type"])
        if len(handled) == 1:
            raise RuntimeError("in a callback")

    parents: list[Any] = []

    def get_parent(channel: str) -> Any:
        return {"the": "cell"}

    def set_parent(ident: object, parent: object, channel: str) -> None:
        parents.append(parent)

    def ignore(*_: object) -> None: ...

    kernel = make_kernel(
        "6.31.0",
        io_loop=this_loop(),
        msg_queue=SimpleNamespace(_queue=waiting),
        dispatch_shell=dispatch_shell,
        session=Session(),
        shell_stream=None,
        shell_handlers={"comm_open": handle, "comm_msg": handle},
        get_parent=get_parent,
        set_parent=set_parent,
        log=SimpleNamespace(exception=ignore),
        _parent_ident={"shell": b"me"},
        _publish_status=ignore,
    )
    with running():
        await asyncio.sleep(0.05)
    assert handled == ["comm_open", "comm_msg"]
    assert [number for number, _, _ in waiting] == [0, 2, 4, 5]
    assert parents[1::2] == [{"the": "cell"}] * 2
    assert kernel.dispatch_shell is dispatch_shell
