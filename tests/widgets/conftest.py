"""A browser's end of the comms, without a browser."""

from collections.abc import Iterator
from typing import Any

import comm
import pytest
from comm.base_comm import BaseComm


class FakeComm(BaseComm):
    """Keeps what the kernel sends, and can play the browser."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.log: list[tuple[str, Any]] = []
        super().__init__(*args, **kwargs)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        self.log.append((msg_type, data))

    @property
    def custom(self) -> list[Any]:
        """The custom messages of the kernel."""
        return [
            data["content"]
            for kind, data in self.log
            if kind == "comm_msg" and data["method"] == "custom"
        ]

    def browser_sends(self, content: Any) -> None:
        data = {"method": "custom", "content": content}
        self.handle_msg({"content": {"data": data}, "buffers": []})

    def browser_fetches(self) -> None:
        """As a page does for every widget when it is loaded anew."""
        self.handle_msg({"content": {"data": {"method": "request_state"}}, "buffers": []})

    def browser_closes(self) -> None:
        """As a page does with a widget it has done with; the manager of comms marks it."""
        self._closed = True
        self.log.append(("comm_close", None))
        self.handle_close({"content": {"data": {}}})


class Browser:
    """All comms that were opened, those of widgets of ours apart."""

    def __init__(self) -> None:
        self.comms: list[FakeComm] = []

    def open(self, **kwargs: Any) -> FakeComm:
        made = FakeComm(**kwargs)
        self.comms.append(made)
        return made

    @property
    def ours(self) -> list[FakeComm]:
        return [made for made in self.comms if "_esm" in self.state_of(made)]

    @staticmethod
    def state_of(made: FakeComm) -> dict[str, Any]:
        opened = [data for kind, data in made.log if kind == "comm_open"]
        return opened[0]["state"] if opened else {}

    @property
    def closed(self) -> bool:
        return all(made.log[-1][0] == "comm_close" for made in self.comms)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    made = Browser()
    monkeypatch.setattr(comm, "create_comm", made.open)
    yield made
    for opened in made.comms:
        opened.close()


class Cell:
    """An output that remembers what it has shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.renewed = 0

    def show(self, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        self.shown.append((data, metadata))

    def begin_anew(self) -> None:
        self.renewed += 1


@pytest.fixture
def cell() -> Cell:
    return Cell()
