"""A model entered with `with` around a line: it brings its own params, timeout and retries."""

from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import ExecutionResult

from mirascope_nb import llm
from mirascope_nb.sandbox import default_sandbox

RunCell = Callable[..., ExecutionResult]

RETRYING = "with llm.retry_model('sandbox/fast', max_retries=2, initial_delay=0.01, seed=1):\n    "


@pytest.fixture(autouse=True)
def names(run: RunCell) -> None:
    run("from mirascope_nb import llm")


@pytest.mark.parametrize("stream", ["", "--no-stream"])
def test_a_retrying_model_retries(shell: Any, run: RunCell, stream: str) -> None:
    default_sandbox().fail(500)
    run(f"{RETRYING}%llm -q -o x {stream} Hi")
    reply = shell.user_ns["x"]
    assert reply.text().startswith("Hello!")
    assert [type(each.exception) for each in reply.retry_failures] == [llm.ServerError]


def test_a_retrying_model_retries_where_the_call_blocks(shell: Any, run: RunCell) -> None:
    default_sandbox().fail(500)
    run(f"def ask():\n    x = %llm -q Hi\n    return x\n{RETRYING}y = ask()")
    assert len(shell.user_ns["y"].retry_failures) == 1


def test_options_of_the_line_are_added_to_a_retrying_model(shell: Any, run: RunCell) -> None:
    default_sandbox().fail(500)
    run(f"{RETRYING}%llm -q -o x --temperature 0.5 --timeout 20 Hi")
    reply = shell.user_ns["x"]
    assert len(reply.retry_failures) == 1
    assert reply.params == {"seed": 1, "temperature": 0.5}
    assert reply.model.timeout == 20


def test_fallbacks_of_a_retrying_model_are_asked(shell: Any, run: RunCell) -> None:
    run(
        "with llm.retry_model('sandbox/flaky-500', max_retries=0, "
        "fallback_models=['sandbox/echo']):\n    %llm -q -o x --temperature 0.5 same"
    )
    assert shell.user_ns["x"].text() == "same"


def test_a_broken_stream_starts_over(shell: Any, run: RunCell) -> None:
    default_sandbox().fail(503, after=3)
    run(f"{RETRYING}%llm -o x Hi")
    assert shell.user_ns["x"].text().startswith("Hello!")


def test_its_timeout_counts(run: RunCell) -> None:
    result = run(
        "with llm.model('sandbox/slow', timeout=0.3):\n    %llm -q Tell me about turtles", ok=False
    )
    assert isinstance(result.error_in_exec, llm.TimeoutError)


def test_params_and_timeout_of_the_session_are_not_mixed_in(shell: Any, run: RunCell) -> None:
    run("%config LLMMagics.temperature = 0.9")
    run("%config LLMMagics.timeout = 30")
    run("with llm.model('sandbox/fast', seed=3):\n    %llm -q -o x Hi")
    assert shell.user_ns["x"].params == {"seed": 3}


def test_a_model_on_the_line_is_asked_with_the_defaults_of_the_session(
    shell: Any, run: RunCell
) -> None:
    run("%config LLMMagics.temperature = 0.9")
    default_sandbox().fail(500)
    result = run(f"{RETRYING}%llm -q -m sandbox/echo same", ok=False)
    assert isinstance(result.error_in_exec, llm.ServerError)
    run(f"{RETRYING}%llm -q -o x -m sandbox/echo same")
    assert shell.user_ns["x"].text() == "same"
    assert shell.user_ns["x"].params == {"temperature": 0.9}


@pytest.mark.parametrize("inside", ["%llm {}", "def ask():\n        %llm {}\n    ask()"])
def test_a_model_on_the_line_answers_after_its_tools_as_well(
    shell: Any, run: RunCell, inside: str
) -> None:
    run("@llm.tool\ndef get_weather(city: str) -> str:\n    '''Weather.'''\n    return 'x'")
    line = "-o x -m sandbox/fast -t get_weather --approve allow What is the weather in Paris?"
    run("with llm.model('sandbox/echo'):\n    " + inside.format(line))
    assert shell.user_ns["x"].model_id == "sandbox/fast"


def test_the_alias_for_every_cell_gives_way_to_it(shell: Any, run: RunCell) -> None:
    run("%llm alias default sandbox/fast")
    run("with llm.model('sandbox/echo'):\n    %llm -q -o x same")
    assert shell.user_ns["x"].text() == "same"


def test_fix_asks_it_too(shell: Any, run: RunCell) -> None:
    run("1 / 0", ok=False)
    run(f"{RETRYING}%llm fix")
    assert shell.user_ns["_"].params == {"seed": 1}


def test_a_subclass_of_a_model_is_asked_itself(shell: Any, run: RunCell) -> None:
    run(
        "asked = []\nclass Counting(llm.Model):\n"
        "    async def do_ask(self, *args, **options):\n"
        "        asked.append(self)\n        return await super().do_ask(*args, **options)\n"
        "with Counting('sandbox/echo') as counting:\n    %llm -q same"
    )
    assert shell.user_ns["asked"] == [shell.user_ns["counting"]]
