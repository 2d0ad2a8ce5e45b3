"""`show` and `run` in a real kernel: what goes out on its sockets."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.kernel

RECORD = "application/vnd.mirascope-nb.run+json"
VIEW = "application/vnd.jupyter.widget-view+json"
PREPARE = """
import asyncio
from mirascope_nb import llm, cells

@llm.tool
def weather(city: str) -> str:
    "The weather of a city."
    return f"72 in {city}"

async def speak(words, pause):
    yield llm.TextStartChunk()
    for word in words.split(" "):
        yield llm.TextChunk(delta=word + " ")
        await asyncio.sleep(pause)
    yield llm.TextEndChunk()

def stream(words="Hello *you*", pause=0.01):
    return llm.AsyncStreamResponse(
        provider_id="x", model_id="x/y", provider_model_name="y", params={},
        input_messages=[llm.messages.user("hi")], chunk_iterator=speak(words, pause),
    )
"""


class Kernel:
    """A kernel and what it says."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(
        self,
        code: str,
        *,
        watched: bool = True,
        page: bool = True,
        during: Callable[[dict[str, Any]], None] | None = None,
    ) -> list[dict[str, Any]]:
        """Run a cell; returns its messages on iopub, those of comms included."""
        content: dict[str, Any] = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": watched,
            "stop_on_error": True,
        }
        # A page says which cell it is; a console does not.
        metadata = {"cellId": "a"} if page else {}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        request = message["header"]["msg_id"]
        messages: list[dict[str, Any]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=30)
            messages.append(message)
            if during is not None:
                during(message)
            idle = message["content"].get("execution_state") == "idle"
            if idle and message["parent_header"].get("msg_id") == request:
                return messages

    def send(self, comm: str, content: dict[str, Any]) -> None:
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)


def of_kind(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [message["content"] for message in messages if message["msg_type"] == kind]


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        made = Kernel(client)
        assert not of_kind(made.run(PREPARE), "error")
        yield made
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_watched_cell_streams_deltas_and_ends_as_a_static_output(kernel: Kernel) -> None:
    messages = kernel.run("response = await cells.show(stream('one two three', 0.1))")
    [live] = of_kind(messages, "display_data")
    [static] = of_kind(messages, "update_display_data")
    assert VIEW in live["data"]
    assert VIEW not in static["data"]
    assert static["transient"] == live["transient"]
    assert static["data"]["text/markdown"] == "one two three"
    sent = [
        content["data"]["content"]
        for content in of_kind(messages, "comm_msg")
        if content["data"]["method"] == "custom"
    ]
    assert [message["seq"] for message in sent] == list(range(1, len(sent) + 1))
    assert len(sent) >= 3
    assert sent[-1]["final"] is True
    assert len(of_kind(messages, "comm_close")) == len(of_kind(messages, "comm_open"))


def test_a_console_gets_the_whole_reply_as_an_output_of_its_own(kernel: Kernel) -> None:
    messages = kernel.run("response = await cells.show(stream('one two three'))", page=False)
    live, static = of_kind(messages, "display_data")
    assert live["data"]["text/plain"] == "The reply follows when it is whole."
    assert static["data"]["text/plain"] == "one two three"
    assert not of_kind(messages, "update_display_data")


def test_a_headless_cell_emits_once_and_the_same_each_time(kernel: Kernel) -> None:
    runs = [kernel.run("r = await cells.show(stream())", watched=False) for _ in range(2)]
    first, second = (of_kind(messages, "display_data") for messages in runs)
    assert [output["data"] for output in first] == [output["data"] for output in second]
    assert len(first) == 1
    assert first[0]["data"]["text/markdown"] == "Hello *you*"
    assert first[0]["transient"] == {}
    assert not of_kind(runs[0], "comm_open")
    assert not of_kind(runs[0], "update_display_data")


def test_a_value_that_a_card_has_shown_is_not_shown_twice(kernel: Kernel) -> None:
    messages = kernel.run("await cells.show(stream())", watched=False)
    assert len(of_kind(messages, "display_data")) == 1
    assert not of_kind(messages, "execute_result")
    [again] = of_kind(kernel.run("_", watched=False), "execute_result")
    assert "Hello" in again["data"]["text/plain"]


def test_a_click_on_stop_reaches_the_running_cell_and_keeps_the_text(kernel: Kernel) -> None:
    opened: dict[str, str] = {}
    clicked: list[float] = []

    def click(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "comm_open" and "card_id" in content["data"].get("state", {}):
            opened[content["comm_id"]] = content["data"]["state"]["card_id"]
        if message["msg_type"] == "comm_msg" and content["comm_id"] in opened and not clicked:
            clicked.append(time.monotonic())
            card = opened[content["comm_id"]]
            kernel.send(content["comm_id"], {"kind": "stop", "id": card, "request": "r1"})

    cell = "held = stream('so ' * 10_000)\nawait cells.show(held)"
    messages = kernel.run(cell, during=click)
    assert time.monotonic() - clicked[0] < 5
    [error] = of_kind(messages, "error")
    assert (error["ename"], error["evalue"]) == ("KeyboardInterrupt", "stopped")
    [static] = of_kind(messages, "update_display_data")
    assert static["data"][RECORD]["state"] == "stopped"
    assert static["data"]["text/plain"].startswith("so")
    [text] = of_kind(kernel.run("print(held.text()[:2])"), "stream")
    assert text["text"] == "so\n"


def test_each_cell_has_a_card_of_its_own_for_what_its_tools_ask(kernel: Kernel) -> None:
    [found] = of_kind(
        kernel.run("from mirascope_nb.kernel import find_cell; print(find_cell())"), "stream"
    )
    messages = kernel.run("print(find_cell())")
    [other] = of_kind(messages, "stream")
    assert other["text"].strip() == messages[0]["parent_header"]["msg_id"]
    assert other["text"] != found["text"]


def test_a_detached_card_keeps_to_the_output_of_its_own_cell(kernel: Kernel) -> None:
    started = kernel.run(
        "task = asyncio.create_task(cells.show(stream('a b c d', 0.05)))\nawait asyncio.sleep(0.02)"
    )
    later = kernel.run("print('busy')\nawait task")
    [live] = of_kind(started, "display_data")
    ends = [message for message in later if message["msg_type"] == "update_display_data"]
    assert len(ends) == 1
    assert ends[0]["content"]["transient"] == live["transient"]
    assert ends[0]["parent_header"]["msg_id"] == started[0]["parent_header"]["msg_id"]
