"""The magics in a real kernel, as a notebook runs them."""

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.magics.conftest import Kernel
else:
    Kernel = Any

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(180)]

RUN_RECORD = "application/vnd.mirascope-nb.run+json"


def test_cell_has_one_output_and_its_value_is_the_response(kernel: Kernel) -> None:
    ran = kernel.run("%%llm\nHi")
    count = ran.reply["execution_count"]
    assert ran.reply["status"] == "ok"
    assert ran.outputs == ["display_data"]
    (shown,) = ran.of("display_data")
    assert set(shown["data"]) == {"text/markdown", "text/plain", RUN_RECORD}
    assert shown["data"]["text/plain"].startswith("Hello!")
    assert kernel.value(f"(_ is Out[{count}], _.text()[:6])") == (True, "Hello!")


def test_a_watched_cell_has_one_output_too(kernel: Kernel) -> None:
    # A page names the cell; without a name it is a console, which shows no changes.
    ran = kernel.run("%%llm\nHi", watched=True, cell_id="page")
    assert ran.outputs == ["display_data"]
    last = ran.of("update_display_data")[-1]
    assert last["data"]["text/plain"].startswith("Hello!")


def test_silent_request_leaves_underscore_alone(kernel: Kernel) -> None:
    kernel.run("'before'")
    kernel.run("%%llm -q\nHi", silent=True)
    assert kernel.value("_") == "before"


def test_source_is_in_the_history(kernel: Kernel) -> None:
    kernel.run('%%llm -q\nWhat {"is": 1}?')
    assert kernel.value("get_ipython().history_manager.input_hist_raw[-2]") == (
        '%%llm -q\nWhat {"is": 1}?'
    )


@pytest.mark.parametrize(
    "cell",
    [
        "%%time\n%%llm\nHi",
        "%llm Hi?",
        "x = %llm Hi?",
        "%%llm -o y\nHi",
        "%llm version",
        "%%llm --show-prompt\nHi",
        "def f():\n    %llm Hi\nf()",
        "if True:\n    %llm Hi",
        "await_me = 1\n%llm Hi\n",
    ],
)
def test_one_display_for_each_form(kernel: Kernel, cell: str) -> None:
    ran = kernel.run(cell)
    assert ran.reply["status"] == "ok"
    assert [kind for kind in ran.outputs if kind != "stream"] == ["display_data"]


@pytest.mark.parametrize("cell", ["%%llm ;\nHi", "%%llm -q\nHi", "x = %llm -q Hi"])
def test_quiet_forms_show_nothing(kernel: Kernel, cell: str) -> None:
    assert kernel.run(cell).outputs == []


def test_capture_holds_one_output(kernel: Kernel) -> None:
    assert kernel.run("%%capture caught\n%%llm\nHi").outputs == []
    assert kernel.value("[o.data['text/plain'][:6] for o in caught.outputs]") == ["Hello!"]
    assert kernel.value("'text/markdown' in caught.outputs[0].data") is True


def test_stop_keeps_what_has_arrived(kernel: Kernel) -> None:
    started = time.monotonic()
    ran = kernel.run("%%llm sandbox/slow -o part\nTell me about turtles", watched=True, stop=1)
    assert time.monotonic() - started < 2.5
    assert ran.reply["status"] == "error"
    assert (ran.reply["ename"], ran.reply["evalue"]) == ("KeyboardInterrupt", "stopped")
    (error,) = ran.of("error")
    assert len(error["traceback"]) <= 4
    assert kernel.value("(len(part.text()) > 0, part.stopped)") == (True, True)


def test_stop_of_a_blocking_cell_keeps_what_has_arrived(kernel: Kernel) -> None:
    ran = kernel.run("%%time\n%%llm sandbox/slow -o piece\nTell me about turtles", stop=1)
    assert ran.reply["ename"] == "KeyboardInterrupt"
    assert kernel.value("(len(piece.text()) > 0, piece.stopped)") == (True, True)


@pytest.mark.parametrize("cell", ["%%llm\n{slow}", "%llm {slow}", "%%time\n%%llm\n{slow}"])
def test_stop_before_anything_is_sent_is_as_short(kernel: Kernel, cell: str) -> None:
    kernel.run(
        "import time\nclass Slow:\n    def __str__(self):\n        time.sleep(9)\nslow = Slow()"
    )
    started = time.monotonic()
    ran = kernel.run(cell, watched=True, stop=1)
    assert time.monotonic() - started < 4
    assert ran.reply["ename"] == "KeyboardInterrupt"
    (error,) = ran.of("error")
    assert len(error["traceback"]) <= 5
    assert "mirascope_nb" not in "".join(error["traceback"])


def test_stop_without_a_name_keeps_it_in_underscore(kernel: Kernel) -> None:
    kernel.run("%%llm sandbox/slow\nTell me about turtles", watched=True, stop=1)
    assert kernel.value("(len(_.text()) > 0, _.stopped)") == (True, True)


def test_failed_call_fails_the_cell_in_two_lines(kernel: Kernel) -> None:
    ran = kernel.run("%%llm sandbox/flaky-429\nHi")
    assert ran.reply["status"] == "error"
    assert ran.reply["ename"] == "RateLimitError"
    (error,) = ran.of("error")
    assert len(error["traceback"]) == 2
    assert ran.outputs == ["display_data", "error"]


def test_wrong_option_fails_the_cell_with_one_line(kernel: Kernel) -> None:
    ran = kernel.run("%%llm --modle\nHi")
    assert (ran.reply["status"], ran.reply["ename"]) == ("error", "UsageError")
    (stream,) = ran.of("stream")
    assert stream["text"].startswith("UsageError: '--modle'")


def test_cell_id_replaces_the_turn(kernel: Kernel) -> None:
    kernel.run("%%llm -q -c ids\nMy name is Ada", cell_id="a")
    kernel.run("%%llm -q -c ids\nWhat is my name?", cell_id="b")
    assert "Ada" in kernel.value("_.text()")
    kernel.run("%%llm -q -c ids\nMy name is Bob", cell_id="a")
    kernel.run("%%llm -q -c ids\nWhat is my name?", cell_id="b")
    assert "Bob" in kernel.value("_.text()")
    (shown,) = kernel.run("%llm history ids").of("display_data")
    assert shown["data"]["text/plain"].count("[user]") == 2


def test_detached_cell_returns_at_once_and_its_card_goes_on(kernel: Kernel) -> None:
    ran = kernel.run("%%llm sandbox/assistant --detach -o later\nTell me about turtles")
    assert ran.reply["status"] == "ok"
    ran = kernel.run("whole = await later\nprint(later.done(), whole.text() == later.text())")
    assert ran.of("stream")[0]["text"] == "True True\n"


def test_code_is_offered_as_the_next_cell(kernel: Kernel) -> None:
    ran = kernel.run("%%llm -f code\nWrite a Python function that adds two numbers")
    (payload,) = ran.reply["payload"]
    assert payload["source"] == "set_next_input"
    assert payload["replace"] is False
    assert payload["text"].startswith("def add(")
    assert kernel.value("'add' in globals()") is False


def test_tool_call_of_an_unwatched_run_is_denied_and_says_how_to_allow(kernel: Kernel) -> None:
    kernel.run(
        "from mirascope_nb import llm\n@llm.tool\ndef get_weather(city: str) -> str:\n"
        "    '''Current weather in a city.'''\n    ran.append(city)\n    return 'sunny'\nran = []"
    )
    kernel.run("%%llm -t get_weather\nWhat is the weather in Paris?")
    assert kernel.value("ran") == []
    kernel.run("%%llm -t get_weather --approve allow\nWhat is the weather in Paris?")
    assert kernel.value("ran") == ["Paris"]


def test_completion(kernel: Kernel) -> None:
    reply = kernel.complete("%%llm --sho")
    assert reply["matches"] == ["--show-prompt"]
    assert "sandbox/echo" in kernel.complete("%%llm -m sandbox/")["matches"]
    assert kernel.complete("%llm vers")["matches"] == ["version"]


def test_unloading_takes_everything_out(kernel: Kernel) -> None:
    ran = kernel.run("%unload_ext mirascope_nb")
    assert ran.outputs == []
    ran = kernel.run("%%llm\nHi")
    assert "`%%llm` not found" in ran.of("stream")[0]["text"]
    assert kernel.run("%load_ext mirascope_nb\n%load_ext mirascope_nb").reply["status"] == "ok"
    assert kernel.run("%%llm -q sandbox/fast\nHi").reply["status"] == "ok"


def test_a_schema_is_saved_as_a_table(kernel: Kernel) -> None:
    ran = kernel.run(
        '%%llm sandbox/fast --schema "name, age int" -o who\nAda Lovelace is 36 years old.'
    )
    (shown,) = ran.of("display_data")
    assert shown["data"]["text/markdown"] == (
        "| field | value |\n|:--|:--|\n| name | Ada Lovelace |\n| age | 36 |"
    )
    assert shown["data"][RUN_RECORD]["format"] == "values"
    assert kernel.value("who.parse().age") == 36
