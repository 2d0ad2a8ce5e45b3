"""Keys, servers on this machine and versions: told right, in no time, and without a secret."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.providers import Diagnosis, LocalServer

MODELS = {"object": "list", "data": [{"id": "frog-7b", "object": "model"}]}


def owned(owner: str) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": "frog-7b", "object": "model", "owned_by": owner}]}


# What the four servers answer, by path.
ANSWERS: dict[str, dict[str, Any]] = {
    "ollama": {"/api/version": {"version": "0.13.2"}, "/v1/models": owned("library")},
    "lmstudio": {"/lmstudio-greeting": {"lmstudio": True}, "/v1/models": MODELS},
    "vllm": {"/version": {"version": "0.11.0"}, "/v1/models": owned("vllm")},
    "llamacpp": {"/props": {"build_info": "b7000-abc"}, "/v1/models": owned("llamacpp")},
}
VERSIONS = {"ollama": "0.13.2", "lmstudio": None, "vllm": "0.11.0", "llamacpp": "b7000-abc"}
VARIABLES = {name: f"{name.upper()}_BASE_URL" for name in ANSWERS}

Serve = Callable[[Mapping[str, Any]], str]


class Answering:
    """A server that knows some paths, and remembers what it was sent."""

    def __init__(self, answers: Mapping[str, Any], *, slow: threading.Event | None = None) -> None:
        self.headers: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.headers.append(str(self.headers).lower())
                if slow is not None:
                    slow.wait(10)
                known = self.path in answers
                body = answers.get(self.path, {"error": "nothing here"})
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(200 if known else 404)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):  # who asked may have given up
                    self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is there unless a test starts it: port 9 is nobody's."""
    for variable in VARIABLES.values():
        monkeypatch.setenv(variable, "http://127.0.0.1:9/v1")


@pytest.fixture
def running() -> Iterator[list[Answering]]:
    """Servers to close in the end."""
    servers: list[Answering] = []
    yield servers
    for server in servers:
        server.close()


@pytest.fixture(params=["blocking", "async"])
async def found(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Diagnoses in both ways."""

    async def diagnosed(timeout: float = 20) -> Diagnosis:  # noqa: ASYNC109, passed on
        if request.param == "async":
            return await llm.providers.diagnose_async(timeout=timeout)
        return llm.providers.diagnose(timeout=timeout)

    return diagnosed


def server_of(diagnosis: Diagnosis, provider: str) -> LocalServer:
    return next(server for server in diagnosis.servers if server.provider == provider)


@pytest.mark.parametrize("provider", ANSWERS)
async def test_a_server_is_told_with_its_version_and_models(
    provider: str,
    running: list[Answering],
    found: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running.append(Answering(ANSWERS[provider]))
    monkeypatch.setenv(VARIABLES[provider], f"{running[0].url}/v1")
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", "sk-0123456789-secret")
    diagnosis = await found()
    server = server_of(diagnosis, provider)
    assert (server.state, server.version) == ("running", VERSIONS[provider])
    assert server.models == ("frog-7b",)
    assert server.address == running[0].url
    assert server.hint is None
    others = [each for each in diagnosis.servers if each.provider != provider]
    assert {each.state for each in others} == {"silent"}
    assert all(each.hint for each in others)
    assert not any("secret" in headers for headers in running[0].headers), "no key is sent"
    assert "secret" not in repr(diagnosis)


@pytest.mark.parametrize("provider", ANSWERS)
@pytest.mark.parametrize(
    "answers",
    [
        {},
        {path: b"<html>hello</html>" for answers in ANSWERS.values() for path in answers},
        {path: b"[1, 2]" for answers in ANSWERS.values() for path in answers},
        {"/v1/models": {"object": "list", "data": [3, {"id": "x", "owned_by": "openai"}]}},
    ],
    ids=["404", "html", "a list", "another model server"],
)
async def test_another_server_is_not_taken_for_it(
    provider: str,
    answers: dict[str, Any],
    running: list[Answering],
    found: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running.append(Answering(answers))
    monkeypatch.setenv(VARIABLES[provider], running[0].url)
    server = server_of(await found(), provider)
    assert (server.state, server.models) == ("something else", ())


async def test_servers_that_hang_cost_one_wait_for_all(
    running: list[Answering], found: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()
    for variable in VARIABLES.values():
        running.append(Answering({}, slow=slow))
        monkeypatch.setenv(variable, running[-1].url)
    began = time.monotonic()
    diagnosis = await found(timeout=0.3)
    took = time.monotonic() - began
    slow.set()
    assert {server.state for server in diagnosis.servers} == {"silent"}
    assert 0.25 < took < 1.1, "one wait of 0.3 s, and not four"


async def test_another_machine_is_left_alone(
    found: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_BASE_URL", "http://ada:hidden@frogs.example.org:8000/v1")
    server = server_of(await found(), "vllm")
    assert (server.state, server.address) == ("not local", "http://frogs.example.org:8000")


async def test_keys_are_told_by_name_only(
    found: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789-secret")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "")
    diagnosis = await found()
    keys = {state.provider: state for state in diagnosis.keys}
    assert (keys["openai"].variable, keys["openai"].is_set) == ("OPENAI_API_KEY", True)
    assert not keys["anthropic"].is_set
    assert keys["groq"].is_needed
    assert not keys["ollama"].is_needed
    assert "sandbox" not in keys
    assert "secret" not in repr(diagnosis)


async def test_versions_are_told(found: Callable[[], Any]) -> None:
    versions = (await found()).versions
    assert {"mirascope_nb", "python", "httpx2", "pydantic", "mcp"} <= set(versions)
    assert versions["httpx2"][0].isdigit()


def test_default_addresses_are_those_of_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable)
    asked: list[str] = []

    async def nothing(io: Any, endpoint: Any, path: str) -> dict[str, Any]:
        asked.append(endpoint.base_url)
        return {}

    monkeypatch.setattr("mirascope_nb.llm.providers.doctor._answer", nothing)
    llm.providers.diagnose()
    assert {url.rpartition(":")[2] for url in asked} == {"11434", "1234", "8000", "8080"}
    assert all(url.startswith("http://localhost:") for url in asked)
