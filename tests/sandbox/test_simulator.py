"""The `Sandbox` object: its life, its ledger, its script, threads and forks."""

import json
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

import mirascope_nb.sandbox
from mirascope_nb.sandbox.simulator import PACE_VARIABLE, Sandbox, address, default_sandbox

# Loopback needs neither a proxy nor certificates, which take long to load.
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}

if TYPE_CHECKING:
    from conftest import Speaker


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "sandbox" in thread.name]


def test_address_is_on_loopback_and_stays_the_same() -> None:
    first = address()
    assert first.startswith("http://127.0.0.1:")
    assert address() == first == default_sandbox().url == mirascope_nb.sandbox.address()


def test_threads_that_ask_together_get_one_server() -> None:
    code = """
        from concurrent.futures import ThreadPoolExecutor
        from mirascope_nb.sandbox import address
        import threading
        gate = threading.Barrier(16)
        def ask(_):
            gate.wait()
            return address()
        with ThreadPoolExecutor(16) as pool:
            print(len(set(pool.map(ask, range(16)))))
        print(sum("sandbox" in thread.name for thread in threading.enumerate()))
    """
    assert run_python(code).split() == ["1", "1"]


def test_nothing_is_started_before_the_address_is_asked_for() -> None:
    before = threads()
    sandbox = Sandbox()
    assert not sandbox.running
    assert threads() == before
    assert sandbox.url.startswith("http://")
    assert sandbox.running
    sandbox.stop()


def test_stopped_server_leaves_no_thread_and_no_open_port() -> None:
    before = threads()
    with Sandbox(pace=0) as sandbox:
        url = sandbox.url
        assert httpx2.get(f"{url}/v1/models", **PLAIN).status_code == 200
    assert threads() == before
    assert not sandbox.running
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/v1/models", **PLAIN)


def test_stop_ends_replies_that_are_under_way() -> None:
    sandbox = Sandbox(latency=60)
    body = {"model": "assistant", "messages": [{"role": "user", "content": "Hello!"}]}

    def ask() -> type[Exception] | None:
        try:
            httpx2.post(f"{url}/v1/chat/completions", json=body, timeout=30, **PLAIN)
        except httpx2.TransportError as error:
            return type(error)
        return None

    with sandbox, ThreadPoolExecutor(1) as pool:
        url = sandbox.url
        waiting = pool.submit(ask)
        while not sandbox.requests:
            pass
        sandbox.stop()
        assert waiting.result(timeout=10) is not None
    assert sandbox.requests[0].outcome == "disconnected"


def test_stop_and_start_again_works_and_twice_is_harmless() -> None:
    sandbox = Sandbox(pace=0)
    for _ in range(2):
        sandbox.start()
        sandbox.start()
        assert httpx2.get(f"{sandbox.url}/", **PLAIN).status_code == 200
        sandbox.stop()
        sandbox.stop()


def test_taken_port_is_an_error_for_the_caller(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"):
        Sandbox(port=port).start()


@pytest.mark.parametrize("options", [{"pace": -1}, {"latency": -0.1}, {"rate": 0}])
def test_impossible_timing_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Sandbox(**options)  # pyright: ignore[reportArgumentType]


def test_pace_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACE_VARIABLE, "0")
    body = {"model": "assistant", "messages": [{"role": "user", "content": "Hello!"}]}
    with Sandbox(latency=60) as sandbox:
        url = f"{sandbox.url}/v1/chat/completions"
        assert httpx2.post(url, json=body, timeout=5, **PLAIN).status_code == 200
    monkeypatch.setenv(PACE_VARIABLE, "quick")
    with pytest.raises(ValueError, match=PACE_VARIABLE):
        Sandbox()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_gets_a_server_of_its_own_and_leaves_the_parents_alone() -> None:
    code = """
        import os, json, urllib.request
        from mirascope_nb.sandbox import address

        def ask():
            with urllib.request.urlopen(address() + "/v1/models") as reply:
                return len(json.load(reply)["data"])

        first = address()
        assert ask() > 3
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, json.dumps([address(), ask()]).encode())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0
        theirs, count = json.loads(os.read(read, 1000))
        assert count > 3
        assert theirs != first
        assert address() == first
        assert ask() > 3
        print("good")
    """
    assert run_python(code) == "good\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_closed_connection_is_closed_although_a_child_holds_a_copy() -> None:
    code = """
        import os, socket, time
        from mirascope_nb.sandbox import Sandbox
        with Sandbox(pace=0) as sandbox:
            host, port = sandbox.url.removeprefix("http://").split(":")
            stream = socket.create_connection((host, int(port)), timeout=10)
            stream.sendall(b"GET /v1/models HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            assert stream.recv(65536)
            read, write = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(write)
                os.read(read, 1)
                os._exit(0)
            stream.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
            while stream.recv(65536):
                pass
            os.close(write)
            os.waitpid(child, 0)
            print("closed")
    """
    assert run_python(code) == "closed\n"


def test_ledger_tells_what_came_in_but_keeps_no_key(sandbox: Sandbox, speaker: "Speaker") -> None:
    secret = "sk-live-secret-1234"
    headers = {"authorization": f"Bearer {secret}", "x-api-key": secret, "x-goog-api-key": secret}
    speaker.ask("openai_chat", "Hello!", headers=headers)
    speaker.client.post(f"/v1beta/models/assistant:generateContent?key={secret}", json={})
    first, second = sandbox.requests
    assert (first.method, first.path, first.wire) == (
        "POST",
        "/v1/chat/completions",
        "openai_chat",
    )
    assert (first.model, first.status, first.outcome) == ("sandbox/assistant", 200, "answered")
    assert first.body is not None
    assert first.body["messages"][0]["content"] == "Hello!"
    assert (second.status, second.outcome) == (400, "refused")
    assert secret not in repr(sandbox.requests)
    assert first.headers["authorization"] == "[redacted]"


def test_ledger_keeps_no_large_body(sandbox: Sandbox, speaker: "Speaker") -> None:
    content = json.dumps(speaker.request("openai_chat", "x" * 300_000)[1]).encode()
    speaker.client.post("/v1/chat/completions", content=iter([content]))
    assert (sandbox.requests[0].status, sandbox.requests[0].body) == (200, None)


def test_process_ends_quietly_while_a_server_runs() -> None:
    code = "import urllib.request as u, mirascope_nb.sandbox as s; u.urlopen(s.address()).read()"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_ledger_is_bounded() -> None:
    with Sandbox(pace=0, keep=5) as sandbox:
        for _ in range(8):
            httpx2.get(f"{sandbox.url}/v1/models", **PLAIN)
        assert [record.ordinal for record in sandbox.requests] == [4, 5, 6, 7, 8]
        assert "8 requests" in repr(sandbox)


def test_scripted_replies_come_first_and_in_order(
    sandbox: Sandbox, speaker: "Speaker", wire: str
) -> None:
    sandbox.reply("one").reply("two")
    assert sandbox.pending == 2
    texts = [speaker.text_of(wire, speaker.ask(wire, "x").json()) for _ in range(2)]
    assert texts == ["one", "two"]
    assert speaker.text_of(wire, speaker.ask(wire, "What is 1 + 1?").json()) == "1 + 1 = **2**"


def test_scripted_tool_calls(sandbox: Sandbox, speaker: "Speaker", wire: str) -> None:
    sandbox.reply(tool=("send_mail", {"to": "all@example.org"}))
    sandbox.reply(tools=[("a", {}), ("b", {"n": 1})])
    first, second = (speaker.calls_of(wire, speaker.ask(wire, "x").json()) for _ in range(2))
    assert first == [("send_mail", {"to": "all@example.org"})]
    assert second == [("a", {}), ("b", {"n": 1})]


def test_scripted_arguments_need_not_be_json(sandbox: Sandbox, speaker: "Speaker") -> None:
    sandbox.reply(tool=("broken", '{"a": NaN,,'))
    message = speaker.chat("x")
    assert message["tool_calls"][0]["function"]["arguments"] == '{"a": NaN,,'


def test_scripted_failure_in_the_form_of_the_wire(
    sandbox: Sandbox, speaker: "Speaker", wire: str
) -> None:
    sandbox.fail(429, retry_after=2.5)
    reply = speaker.ask(wire, "x")
    assert reply.status_code == 429
    assert reply.headers["retry-after"] == "3"
    if wire.startswith("openai"):
        assert reply.headers["retry-after-ms"] == "2500"
    if wire == "google":
        assert reply.json()["error"]["details"][0]["retryDelay"] == "2.5s"
    assert speaker.ask(wire, "x").status_code == 200


def test_scripted_refusal_is_one_in_the_words_of_the_wire(
    sandbox: Sandbox, speaker: "Speaker"
) -> None:
    for _ in range(4):
        sandbox.reply("I will not.", refusal=True)
    chat = speaker.ask("openai_chat", "x").json()["choices"][0]["message"]
    assert (chat["content"], chat["refusal"]) == (None, "I will not.")
    part = speaker.ask("openai_responses", "x").json()["output"][0]["content"][0]
    assert part == {"type": "refusal", "refusal": "I will not."}
    assert speaker.ask("anthropic", "x").json()["stop_reason"] == "refusal"
    google = speaker.ask("google", "x").json()
    assert speaker.finish_of("google", google) == "SAFETY"


def test_scripted_failure_in_mid_stream_is_an_error_event(
    sandbox: Sandbox, speaker: "Speaker", wire: str
) -> None:
    sandbox.fail(529, after=4)
    raw = speaker.ask(wire, "Recommend a fantasy book.", stream=True).text
    kind, data = speaker.events_of(raw)[-1]
    assert len(speaker.events_of(raw)) <= 5
    if wire == "anthropic":
        assert (kind, data["error"]["type"]) == ("error", "overloaded_error")
    elif wire == "openai_responses":
        assert (kind, data["type"]) == ("error", "error")
    else:
        assert data["error"]["message"]


def test_scripted_cut_keeps_what_came_before(sandbox: Sandbox, speaker: "Speaker") -> None:
    sandbox.cut("a b c d e f", after=4)
    path, body = speaker.request("openai_chat", "x", stream=True)
    received: list[str] = []
    with (
        pytest.raises(httpx2.RemoteProtocolError),
        speaker.client.stream("POST", path, json=body) as streamed,
    ):
        received.extend(streamed.iter_text())
    assert "".join(speaker.deltas_of("openai_chat", "".join(received))) == "a b c"
    assert sandbox.requests[0].outcome == "cut"


def test_clear_forgets_requests_and_script(sandbox: Sandbox, speaker: "Speaker") -> None:
    speaker.ask("openai_chat", "x")
    sandbox.reply("never sent")
    sandbox.clear()
    assert sandbox.requests == []
    assert sandbox.pending == 0


def test_same_seed_gives_the_same_ids(speaker: "Speaker") -> None:
    def ids(seed: int) -> list[Any]:
        with Sandbox(pace=0, seed=seed) as sandbox:
            url = f"{sandbox.url}/v1/chat/completions"
            body = {"model": "echo", "messages": [{"role": "user", "content": "x"}]}
            replies = [httpx2.post(url, json=body, **PLAIN).json() for _ in range(2)]
        return [reply["id"] for reply in replies]

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)
    assert len(set(ids(1))) == 2


def test_default_can_be_replaced_for_a_while(sandbox: Sandbox) -> None:
    usual = address()
    with sandbox.as_default():
        assert address() == sandbox.url
    assert address() == usual


def test_environment_points_other_clients_here(sandbox: Sandbox) -> None:
    variables = sandbox.environment()
    assert variables["OPENAI_BASE_URL"] == f"{sandbox.url}/v1"
    assert json.dumps(variables).count(sandbox.url) == 3
