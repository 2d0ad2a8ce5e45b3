"""The command line, the pytest fixture, and the cost of importing them."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


def test_command_runs_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "mirascope_nb.sandbox", "--port", "0", "--pace", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = ""
        while "missing " not in output:
            line = process.stdout.readline()
            assert line, output
            output += line
        found = re.search(r"http://127\.0\.0\.1:\d+", output)
        assert found is not None
        with urllib.request.urlopen(f"{found[0]}/v1/models") as reply:
            assert reply.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stdout.read().strip() == "Stopped."
    assert "not a language model" in output
    for wire in ("openai:completions", "openai:responses", "anthropic", "google"):
        assert f'register_provider("{wire}"' in output
    assert f"{found[0]}/v1/messages" in output
    assert f"export OPENAI_BASE_URL={found[0]}/v1" in output


@pytest.mark.parametrize("option", [["--pace", "-1"], ["--port", "99999"], ["--seed", "x"]])
def test_command_refuses_bad_options_without_a_traceback(option: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mirascope_nb.sandbox", *option],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_command_says_so_when_the_port_is_taken() -> None:
    from mirascope_nb.sandbox import Sandbox

    with Sandbox() as sandbox:
        port = sandbox.url.rsplit(":", 1)[1]
        done = subprocess.run(
            [sys.executable, "-m", "mirascope_nb.sandbox", "--port", port],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 1
    assert f"Cannot listen on port {port}" in done.stderr


def test_fixture_serves_a_users_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import json, urllib.error, urllib.request
        import pytest
        from mirascope_nb.sandbox import address

        def ask(url, text):
            body = {"model": "sandbox/slow", "messages": [{"role": "user", "content": text}]}
            request = urllib.request.Request(
                url + "/v1/chat/completions", json.dumps(body).encode(), method="POST"
            )
            with urllib.request.urlopen(request) as reply:
                return json.load(reply)["choices"][0]["message"]

        def test_scripted(llm_sandbox):
            llm_sandbox.reply("Good morning.")
            llm_sandbox.fail(429, retry_after=1)
            assert ask(llm_sandbox.url, "Hi")["content"] == "Good morning."
            with pytest.raises(urllib.error.HTTPError, match="429") as refused:
                ask(llm_sandbox.url, "Hi")
            refused.value.close()
            assert len(llm_sandbox.requests) == 2

        def test_fresh(llm_sandbox):
            assert llm_sandbox.requests == []
            assert address() == llm_sandbox.url
            assert "4242" in ask(address(), "What is 4200 + 42?")["content"]
        """
    )
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")  # installing it is enough
    result.assert_outcomes(passed=2)


def modules_after(statement: str) -> set[str]:
    start, end = "import pytest, sys; old = set(sys.modules)", "print(*set(sys.modules) - old)"
    code = f"{start}; {statement}; {end}"
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=environment,
    )
    return set(done.stdout.split())


def test_plugin_imports_next_to_nothing() -> None:
    loaded = modules_after("import mirascope_nb.sandbox.pytest_plugin")
    assert {name for name in loaded if not name.startswith("mirascope_nb")} == set()
    assert "mirascope_nb.sandbox.simulator" not in loaded


def test_sandbox_imports_nothing_of_the_core_and_no_http_client() -> None:
    loaded = modules_after("import mirascope_nb.sandbox.simulator")
    banned = ("mirascope_nb.llm", "httpx2", "pydantic", "IPython", "anyio")
    assert not [name for name in loaded if name.startswith(banned)]
