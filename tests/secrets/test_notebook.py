"""A canary key, looked for in all that a notebook shows, sends, saves and exports.

One notebook runs in a real kernel, against a server that echoes the key wherever it can. Everything
is turned up: debug logs of every library, tracebacks with the locals of every frame.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.util import run_sync

pytestmark = pytest.mark.kernel

# Nothing in it is typed.
formats: Any = nbformat

CANARY = "sk-canary-5f0e9d8c7b6a4321"
ROOT = Path(__file__).resolve().parents[2]

CELLS = {
    "prepare": """
        import copy, logging, os, pickle, sys, traceback
        import mirascope_nb as nb
        from mirascope_nb import llm
        logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, force=True)
        for name in list(logging.root.manager.loggerDict) + ['httpx2', 'httpcore2']:
            logging.getLogger(name).setLevel(logging.DEBUG)
        %load_ext mirascope_nb
        %xmode Verbose
        provider = llm.register_provider('openai:completions', base_url=os.environ['ADDRESS'])
        model = llm.Model('openai/gpt-4o')

        @llm.tool
        def act() -> str:
            "Act."
            return 'done'
        """,
    "a magic": "%%llm --model openai/gpt-4o\nfine",
    "a card": "response = await nb.show(model.stream_async('fine'))",
    "a whole reply": "response = await model.call_async('fine')\nresponse",
    "tools": "await nb.run(model.stream_async('tool', tools=[act]), approve='allow')",
    "many": """
        results = await nb.map(lambda row: model.stream_async(row), ['fine', 'echo', 'garbage'])
        results
        """,
    "a journal": """
        @llm.call('openai/gpt-4o')
        async def ask(row: str) -> str:
            return row
        await nb.map(ask, ['fine', 'echo', 'garbage'], journal='rows.jsonl')
        """,
    "a magic that is refused": "%%llm --model openai/gpt-4o\necho",
    "a magic that breaks off": "%%llm --model openai/gpt-4o\nlate",
    "a card that is refused": "await nb.show(model.stream_async('echo'))",
    "a call that is refused": "await model.call_async('echo')",
    "a blocking call that is refused": "model.call('echo')",
    "a page": "model.stream('page').finish()",
    "garbage": "model.stream('garbage').finish()",
    "a reset": "model.call('reset')",
    "retries": "llm.retry_model('openai/gpt-4o', initial_delay=0, max_retries=2).call('busy')",
    "nobody there": """
        llm.register_provider('openai:completions', base_url='http://127.0.0.1:9/v1')
        model.call('fine')
        """,
    "a mistake of the user's": """
        llm.register_provider('openai:completions', base_url=os.environ['ADDRESS'])
        def mistake(reply, model, provider):
            everything = [reply, model, provider, vars(model), provider.client]
            return 1 / 0
        mistake(response, model, provider)
        """,
    "looked into": """
        print(repr(provider), vars(model), repr(provider.client), str(provider.client.key))
        for each in (response, model):
            print(repr(each), vars(each))
            print(repr(pickle.dumps(copy.copy(response))))
        for kind in ('echo', 'late', 'page'):
            try:
                model.stream(kind).finish()
            except llm.Error as error:
                print(repr(pickle.dumps(error)), vars(error))
                while error is not None:
                    told = traceback.TracebackException.from_exception(error, capture_locals=True)
                    print(*told.format())
                    error = error.__cause__ or error.__context__
        """,
    "names": "%who_ls",
    "the widgets": """
        from ipywidgets.embed import embed_snippet
        from ipywidgets import Widget
        print(embed_snippet(views=None))
        """,
    "the records": "%llm usage",
    "the doctor": "%llm doctor",
}


SEEN: list[str] = []
"""The keys that requests came with."""


class Echo(BaseHTTPRequestHandler):
    """Says what it was told, the key above all."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = json.loads(body)
        messages = asked["messages"]
        what = str(messages[-1]["content"]).strip()
        key = self.headers["authorization"]
        SEEN.append(key)
        delta: dict[str, Any] = {"content": "It is 4242."}
        if what == "tool":
            delta = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "act"}}]}
        if what == "reset":
            self.close_connection = True
        elif what in {"echo", "busy"}:
            told = json.dumps({"error": {"message": f"bad key: {key}", "code": key}})
            self._say(401 if what == "echo" else 503, "application/json", told)
        elif what == "page":
            self._say(200, "text/html", f"<h1>{key}</h1>")
        elif asked.get("stream"):
            end: dict[str, Any] = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
            events: list[dict[str, Any]] = [{"choices": [{"delta": delta}]}, end]
            if what == "late":
                events[1] = {"error": {"type": "overloaded_error", "message": f"not with {key}"}}
            lines = [json.dumps(event) for event in events]
            if what == "garbage":
                lines[1] = "{" + key
            text = "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"])
            self._say(200, "text/event-stream", text)
        else:
            whole = {"choices": [{"message": delta, "finish_reason": "stop"}]}
            self._say(200, "application/json", json.dumps(whole))

    def _say(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Listening(NotebookClient):
    """Runs a notebook as a page would that shows widgets, and keeps what the kernel sent."""

    messages: list[Any]

    async def async_start_new_kernel_client(self) -> Any:
        client: Any = await super().async_start_new_kernel_client()
        client.allow_stdin = True  # which tells a page from a program
        return client

    start_new_kernel_client = run_sync(async_start_new_kernel_client)

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        self.messages.append(msg)
        process: Any = super().process_message
        return process(msg, cell, cell_index)


@dataclass
class Finished:
    """What a run of the notebook left."""

    notebook: Any
    messages: list[Any]
    folder: Path
    keys: list[str] = field(default_factory=list[str])

    def outputs(self, name: str) -> str:
        """All that a cell has put out, as the notebook keeps it."""
        cell = self.notebook.cells[list(CELLS).index(name)]
        return json.dumps(cell.outputs)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    folder = tmp_path_factory.mktemp("notebook")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    SEEN.clear()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    cells = [formats.v4.new_code_cell(_dedent(code)) for code in CELLS.values()]
    notebook = formats.v4.new_notebook(cells=cells)
    address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    env = {**os.environ, "OPENAI_API_KEY": CANARY, "ADDRESS": address, "PYTHONPATH": str(ROOT)}
    client = Listening(notebook, timeout=60, kernel_name="python3", allow_errors=True)
    client.messages = []
    client.resources = {"metadata": {"path": str(folder)}}
    client.execute(env=env)
    yield Finished(notebook, client.messages, folder, list(SEEN))
    server.shutdown()
    server.server_close()
    thread.join(5)


def _dedent(code: str) -> str:
    lines = code.strip("\n").split("\n")
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] for line in lines)


def hidden(text: str) -> bool:
    """Whether a text holds no more of the canary than a few letters."""
    return CANARY not in text and CANARY[3:] not in text and CANARY[-12:] not in text


def test_the_key_was_used_and_the_notebook_did_what_it_says(finished: Finished) -> None:
    """Else nothing below would prove anything."""
    assert set(finished.keys) == {f"Bearer {CANARY}"}
    for name in ("a magic", "a card", "a whole reply"):
        assert "4242" in finished.outputs(name), name
    for name in CELLS:
        failed = '"output_type": "error"' in finished.outputs(name)
        meant = name.endswith(("refused", "off", "reset", "user's", "there")) or name in {
            "a page",
            "garbage",
            "retries",
        }
        assert failed == meant, f"{name}: {finished.outputs(name)[:2000]}"
    assert "DEBUG" in finished.outputs("a whole reply")
    assert "redacted" in finished.outputs("a call that is refused")


def test_the_key_is_in_no_output_of_any_cell(finished: Finished) -> None:
    assert [name for name in CELLS if not hidden(finished.outputs(name))] == []


def test_the_key_is_in_no_message_of_the_kernel(finished: Finished) -> None:
    kinds = {message["msg_type"] for message in finished.messages}
    assert {"comm_open", "comm_msg", "display_data", "error", "stream"} <= kinds
    told = [message for message in finished.messages if not hidden(repr(message))]
    assert [message["msg_type"] for message in told] == []


def test_the_key_is_in_no_widget_state_and_no_run_record(finished: Finished) -> None:
    metadata = finished.notebook.metadata
    assert "widgets" in metadata
    assert hidden(json.dumps(metadata))
    outputs = [output for cell in finished.notebook.cells for output in cell.outputs]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert "application/vnd.mirascope-nb.run+json" in kinds


def test_the_key_is_in_no_saved_notebook_and_no_exported_page(finished: Finished) -> None:
    from nbconvert import HTMLExporter

    saved = formats.writes(finished.notebook)
    assert hidden(saved)
    page, _ = HTMLExporter().from_notebook_node(finished.notebook)
    assert "4242" in page
    assert hidden(page)


def test_the_key_is_in_no_file_that_was_written(finished: Finished) -> None:
    files = [path for path in finished.folder.rglob("*") if path.is_file()]
    assert "rows.jsonl" in {path.name for path in files}
    for path in files:
        assert hidden(path.read_bytes().decode("utf-8", "replace")), path.name
