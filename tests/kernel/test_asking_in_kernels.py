"""A card asks in a front end that may or may not show it, in every kernel.

The client here is a console as far as the kernel can see: it allows stdin and drops what would be
a widget. In some tests it then plays a page that comes late.
"""

import time
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from conftest import Kernel

pytestmark = pytest.mark.kernel

PREPARE = """
import mirascope_nb as nb
from mirascope_nb import llm
from mirascope_nb.approvals import askers, session
from mirascope_nb.sandbox import Sandbox

# A person waits five seconds for a page that does not come; a test need not.
askers.CardAsker.__init__.__kwdefaults__['patience'] = 0.3
default = Sandbox(pace=0).start().as_default()
made = default.__enter__()
ran = []

@llm.tool
def send(to: str) -> str:
    "Send."
    ran.append(to)
    return 'sent to ' + to

def call():
    ran.clear()
    made.clear()
    made.reply(tools=[('send', {'to': 'ann'})]).reply('All done.')
    return llm.Model('sandbox/fast').stream_async('Go on.', tools=[send])
"""
RUN = "response = await nb.run(call())\nprint(ran, response.text())"
QUESTION = (
    'Tool call send(to: str)\n  to = "ann"\nRun it? [y]es, [N]o (and why), [e]dit, [a]lways: '
)


@pytest.fixture(autouse=True)
def prepared(kernel: "Kernel") -> None:
    ran = kernel.run("'prepared' if 'made' in globals() else ''")
    if ran.value != "'prepared'":
        assert kernel.run(PREPARE, timeout=60).error is None


def card_of(kernel: "Kernel", request: str) -> tuple[str, str]:
    """The comm of the card that a cell has opened, and the card's id."""
    for message in reversed(kernel.messages):
        content = message["content"]
        if message["msg_type"] == "comm_open" and message["parent_header"]["msg_id"] == request:
            card = content["data"]["state"].get("card_id")
            if card is not None:
                return cast("str", content["comm_id"]), cast("str", card)
    raise AssertionError("the cell has opened no card")


def say(kernel: "Kernel", comm: str, card: str, **content: Any) -> None:
    message = {"id": card, "request": "r1", **content}
    kernel.send_comm("comm_msg", comm, data={"method": "custom", "content": message})


def approval(kernel: "Kernel", comm: str) -> dict[str, Any]:
    """The question as a page that has just asked for the card gets it."""
    deadline = time.monotonic() + 20
    while True:
        for message in reversed(kernel.messages):
            content = message["content"]
            if message["msg_type"] != "comm_msg" or content["comm_id"] != comm:
                continue
            card = content["data"].get("content", {}).get("card", {})
            for block in card.get("blocks", ()):
                if block["type"] == "tool" and block["approval"] is not None:
                    return cast("dict[str, Any]", block["approval"])
        kernel._read(deadline)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(("line", "ran"), [("y", "['ann']"), ("n not now", "[]")])
def test_a_console_is_asked_by_text_soon(kernel: "Kernel", line: str, ran: str) -> None:
    request = kernel.submit(RUN)
    assert kernel.asked() == QUESTION
    kernel.answer(line)
    done = kernel.finish(request)
    assert (done.error, done.text.splitlines()[-1]) == (None, f"{ran} All done.")
    assert kernel.run("len(session().book.pending)").value == "0"


def test_a_page_that_shows_the_card_in_time_is_the_only_one_asked(kernel: "Kernel") -> None:
    request = kernel.submit(RUN)
    comm, card = wait_for_card(kernel, request)
    say(kernel, comm, card, kind="resync", have=None)
    time.sleep(0.6)  # longer than a page is given
    say(kernel, comm, card, kind="resync", have=None)
    asked = approval(kernel, comm)
    say(
        kernel,
        comm,
        card,
        kind="decide",
        approval=asked["id"],
        digest=asked["digest"],
        decision="approve",
        reason=None,
    )
    done = kernel.finish(request)
    assert (done.error, done.text.splitlines()[-1]) == (None, "['ann'] All done.")
    assert not kernel.client.stdin_channel.msg_ready()


def test_a_page_that_comes_while_the_console_is_asked_may_answer_and_the_late_line_is_dropped(
    kernel: "Kernel",
) -> None:
    request = kernel.submit(RUN)
    comm, card = wait_for_card(kernel, request)
    assert kernel.asked() == QUESTION
    say(kernel, comm, card, kind="resync", have=None)
    asked = approval(kernel, comm)
    say(
        kernel,
        comm,
        card,
        kind="decide",
        approval=asked["id"],
        digest=asked["digest"],
        decision="deny",
        reason="Not now.",
    )
    done = kernel.finish(request)
    assert (done.error, done.text.splitlines()[-1]) == (None, "[] All done.")
    kernel.answer("y")  # to a question that is closed
    again = kernel.submit(RUN)
    assert kernel.asked() == QUESTION
    kernel.answer("n")
    assert kernel.finish(again).text.splitlines()[-1] == "[] All done."


def test_a_console_can_stop_what_it_is_asked_about(kernel: "Kernel") -> None:
    request = kernel.submit(RUN)
    kernel.asked()
    at = kernel.interrupt()
    stopped = kernel.finish(request)
    assert stopped.error == "KeyboardInterrupt: stopped"
    assert stopped.idle - at < 1
    assert kernel.run("ran, len(session().book.pending)").value == "([], 0)"
    assert kernel.run("left()").value == "[]"


def wait_for_card(kernel: "Kernel", request: str) -> tuple[str, str]:
    deadline = time.monotonic() + 20
    while True:
        try:
            return card_of(kernel, request)
        except AssertionError:
            kernel._read(deadline)  # pyright: ignore[reportPrivateUsage]
