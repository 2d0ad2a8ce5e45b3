"""A cell's output: replaced in place, and always under the cell that began it."""

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from mirascope_nb.widgets.output import CellOutput


class Publisher(DisplayPublisher):
    """What a kernel has for a display publisher."""

    parent_header: Any = {"msg_id": "cell 1"}  # noqa: RUF012 - replaced, never changed
    sent: list[tuple[Any, Any, Any, Any]]

    def publish(self, *args: Any, **kwargs: Any) -> None:
        self.sent.append((args[0], kwargs["transient"], kwargs["update"], self.parent_header))


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    shell: Any = InteractiveShell.instance()
    made = Publisher()
    made.sent = []
    shell.display_pub = made
    yield made
    InteractiveShell.clear_instance()


def test_it_is_shown_once_and_then_updated(publisher: Publisher) -> None:
    output = CellOutput(replaceable=True)
    output.show({"text/plain": "live"}, {})
    output.show({"text/plain": "static"}, {})
    (_, first, updates, _), (data, second, replaces, _) = publisher.sent
    assert (updates, replaces) == (False, True)
    assert first["display_id"] == second["display_id"]
    assert data == {"text/plain": "static"}


def test_an_output_that_is_never_replaced_has_no_id(publisher: Publisher) -> None:
    output = CellOutput(replaceable=False)
    output.show({}, {})
    assert publisher.sent == [({}, {}, False, {"msg_id": "cell 1"})]


def test_it_stays_under_the_cell_that_began_it(publisher: Publisher) -> None:
    output = CellOutput(replaceable=True)
    publisher.parent_header = {"msg_id": "cell 2"}
    output.show({}, {})
    assert publisher.sent[0][3] == {"msg_id": "cell 1"}
    assert publisher.parent_header == {"msg_id": "cell 2"}


def test_without_ipython_nothing_is_shown() -> None:
    CellOutput(replaceable=True).show({"text/plain": "x"}, {})
