"""The magics in a real shell, against the offline simulator."""

from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionResult

from mirascope_nb import spending

RunCell = Callable[..., ExecutionResult]
HELLO = "Hello!"


def text_of(response: Any) -> str:
    return str(response.text())


def test_response_is_the_value_of_the_cell(shell: Any, run: RunCell) -> None:
    result = run("%%llm\nHi\n")
    response = shell.user_ns["_"]
    assert result.result is response
    assert shell.user_ns["Out"][result.execution_count] is response
    assert text_of(response).startswith(HELLO)


def test_reply_is_written_once(run: RunCell, capsys: pytest.CaptureFixture[str]) -> None:
    run("%%llm\nHi\n")
    out = capsys.readouterr().out
    assert out.count(HELLO) == 1
    assert "Out[" not in out


def test_source_is_in_the_history(shell: Any, run: RunCell) -> None:
    source = "%%llm -q\nHi {  there"
    run(source)
    assert shell.history_manager is not None
    assert shell.history_manager.input_hist_raw[-1] == source


def test_output_option_binds_and_the_cell_has_no_value(shell: Any, run: RunCell) -> None:
    result = run("%%llm -o reply\nHi")
    assert result.result is None
    assert text_of(shell.user_ns["reply"]).startswith(HELLO)


def test_assignment_binds(shell: Any, run: RunCell) -> None:
    run("x = %llm Hi?")
    assert text_of(shell.user_ns["x"]).startswith(HELLO)


def test_semicolon_silences(shell: Any, run: RunCell, capsys: pytest.CaptureFixture[str]) -> None:
    run("'before'")
    capsys.readouterr()
    result = run("%%llm ;\nHi")
    assert capsys.readouterr().out == ""
    assert result.result is None
    assert shell.user_ns["_"] == "before"


def test_semicolon_still_binds(shell: Any, run: RunCell) -> None:
    run("%%llm -o a ;\nHi")
    run("b = %llm Hi;")
    assert text_of(shell.user_ns["a"]) == text_of(shell.user_ns["b"])


def test_quiet_shows_nothing_and_keeps_the_value(
    shell: Any, run: RunCell, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%%llm -q\nHi")
    assert capsys.readouterr().out == ""
    assert text_of(shell.user_ns["_"]).startswith(HELLO)


@pytest.mark.parametrize("options", ["sandbox/echo", "-m sandbox/echo", "--model=sandbox/echo"])
def test_model_on_the_line(shell: Any, run: RunCell, options: str) -> None:
    run(f"%%llm {options}\nexactly this")
    assert text_of(shell.user_ns["_"]) == "exactly this"


def test_variables_are_inserted(shell: Any, run: RunCell) -> None:
    run("who = {'name': 'Ada'}; n = 2.0")
    run("%%llm sandbox/echo\n{who['name']} {n:.2f} {{who}} {\"json\": {}}")
    assert text_of(shell.user_ns["_"]) == 'Ada 2.00 {who} {"json": {}}'


def test_raw_inserts_nothing(shell: Any, run: RunCell) -> None:
    run("who = 1")
    run("%%llm sandbox/echo --raw\n{who} {{who}} {nobody}")
    assert text_of(shell.user_ns["_"]) == "{who} {{who}} {nobody}"


def test_unknown_variable_sends_nothing(
    shell: Any, run: RunCell, capsys: pytest.CaptureFixture[str]
) -> None:
    run("topic = 1")
    result = run("%%llm\n{topci}", ok=False)
    assert isinstance(result.error_in_exec, UsageError)
    assert "Did you mean {topic}?" in capsys.readouterr().err
    assert spending.session().total.calls == 0


def test_earlier_cells_and_the_last_error_are_inserted(shell: Any, run: RunCell) -> None:
    run("%%llm -q\nHi")
    run("1 + 41")
    run("1 / 0", ok=False)
    run("%%llm sandbox/echo\n<{In[1]}> <{Out[2]}> <{Err}>")
    said = text_of(shell.user_ns["_"])
    assert "<%%llm -q\nHi>" in said
    assert "<42>" in said
    assert "ZeroDivisionError: division by zero" in said
    assert "interactiveshell.py" not in said


def test_loop_awaits_each_time(shell: Any, run: RunCell) -> None:
    run(
        "said = []\nfor word in ['a', 'b']:\n    r = %llm -q -m sandbox/echo say {word}\n"
        "    said.append(r.text())"
    )
    assert shell.user_ns["said"] == ["say a", "say b"]


def test_reply_in_the_middle_of_a_cell_is_not_lost(shell: Any, run: RunCell) -> None:
    run("for word in ['a', 'b']:\n    %llm -q -m sandbox/echo {word}\nx = 1")
    assert [text_of(shell.user_ns[name]) for name in ("_", "__")] == ["b", "a"]


def test_block_and_longer_cell(shell: Any, run: RunCell) -> None:
    run("if True:\n    %llm -q -o a -m sandbox/echo one?\n%llm -q -o b -m sandbox/echo two\nc = 3")
    assert text_of(shell.user_ns["a"]) == "one?"
    assert text_of(shell.user_ns["b"]) == "two"
    assert shell.user_ns["c"] == 3


def test_function_blocks_and_sees_its_own_variables(shell: Any, run: RunCell) -> None:
    run(
        "def ask(who):\n    reply = %llm -q -m sandbox/echo Who is {who}?\n"
        "    return reply.text()\nx = ask('Ada')"
    )
    assert shell.user_ns["x"] == "Who is Ada?"


@pytest.mark.parametrize("wrapper", ["%%time", "%%timeit -n1 -r1"])
def test_under_a_timing_magic(shell: Any, run: RunCell, wrapper: str) -> None:
    run(f"{wrapper}\n%%llm -o x sandbox/echo\nHi")
    assert text_of(shell.user_ns["x"]) == "Hi"


def test_under_time_the_response_is_the_value(shell: Any, run: RunCell) -> None:
    run("%%time\n%%llm sandbox/echo\nHi")
    assert text_of(shell.user_ns["_"]) == "Hi"


def test_under_capture_there_is_one_output(shell: Any, run: RunCell) -> None:
    run("%%capture caught\n%%llm sandbox/echo\nHi")
    caught = shell.user_ns["caught"]
    assert [output.data["text/plain"] for output in caught.outputs] == ["Hi"]
    assert caught.stdout == ""


def test_cell_magic_called_from_code(shell: Any, run: RunCell) -> None:
    run("r = get_ipython().run_cell_magic('llm', '-q sandbox/echo', 'Hi {1}')")
    assert text_of(shell.user_ns["r"]) == "Hi {1}"


def test_cell_run_from_within_a_cell_blocks(shell: Any, run: RunCell) -> None:
    run(
        "import asyncio\nawait asyncio.sleep(0)\n"
        "get_ipython().run_cell('%%llm -q -o inner sandbox/echo\\nHi')"
    )
    assert text_of(shell.user_ns["inner"]) == "Hi"


def test_without_autoawait_cells_block(shell: Any, run: RunCell) -> None:
    run("%autoawait False")
    run("%%llm -q sandbox/echo\nHi")
    assert text_of(shell.user_ns["_"]) == "Hi"


def test_failed_call_fails_the_cell_in_two_lines(
    run: RunCell, capsys: pytest.CaptureFixture[str]
) -> None:
    from mirascope_nb import llm

    result = run("%%llm -q sandbox/flaky-429\nHi", ok=False)
    assert isinstance(result.error_in_exec, llm.RateLimitError)
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert len(lines) == 2
    assert lines[0].startswith("\x1b[0;31mRateLimitError\x1b[0m: ")
    assert lines[1].startswith("Wait ")


def test_failed_call_can_be_caught(shell: Any, run: RunCell) -> None:
    run(
        "from mirascope_nb import llm\ntry:\n    %llm -q -m sandbox/flaky-500 Hi\n"
        "except llm.ServerError:\n    caught = True"
    )
    assert shell.user_ns["caught"] is True


def test_reply_that_breaks_off_is_kept(shell: Any, run: RunCell) -> None:
    from mirascope_nb import llm

    result = run("%%llm -q -o part sandbox/flaky-cut\nTell me about turtles", ok=False)
    assert isinstance(result.error_in_exec, llm.ConnectionError)
    assert text_of(shell.user_ns["part"])


def test_unknown_model_is_tried(run: RunCell) -> None:
    from mirascope_nb import llm

    result = run("%%llm -q sandbox/missing\nHi", ok=False)
    assert isinstance(result.error_in_exec, llm.NotFoundError)


def test_missing_key_names_the_variable(
    run: RunCell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    run("%%llm -q openrouter/some/model\nHi", ok=False)
    assert "OPENROUTER_API_KEY" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("%%llm\n\n", "nothing to send"),
        ("%%llm", "nothing to send"),
        ("%llm -q", "nothing to send"),
        ("%%llm nonsense\nHi", "'nonsense' is neither provider/model nor an alias"),
        ("%%llm --modle x\nHi", "Did you mean --model?"),
        ("%%llm -t nothing\nHi", "-t 'nothing' is not among your variables"),
        ("%%llm --schema Nothing\nHi", "there is no Nothing among your variables"),
        ("%%llm -a nothing.txt\nHi", "neither a variable nor a file"),
        ("%%llm --api-key abc\nHi", "an API key does not belong on a magic line"),
        ("def f():\n    %llm --detach hi\nf()", "--detach needs a cell of its own"),
    ],
)
def test_wrong_usage_fails_the_cell_in_one_line(
    run: RunCell, capsys: pytest.CaptureFixture[str], source: str, words: str
) -> None:
    result = run(source, ok=False)
    assert isinstance(result.error_in_exec, UsageError)
    captured = capsys.readouterr()
    assert captured.err.startswith("UsageError: ")
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_without_a_model_one_line_says_how_to_set_it(
    run: RunCell, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%config LLMMagics.model = ''")
    run("%%llm\nHi", ok=False)
    assert "%config LLMMagics.model = 'provider/model'" in capsys.readouterr().err


def test_model_of_the_context_comes_before_the_default(shell: Any, run: RunCell) -> None:
    run("from mirascope_nb import llm\nwith llm.model('sandbox/echo'):\n    %llm -q -o x same")
    assert text_of(shell.user_ns["x"]) == "same"


def test_settings_are_sent(shell: Any, run: RunCell) -> None:
    run("%config LLMMagics.temperature = 0.5")
    run("%config LLMMagics.max_tokens = 50")
    run("%config LLMMagics.system = 'Be kind.'")
    run("%%llm -q -p seed=3\nHi")
    response: Any = shell.user_ns["_"]
    assert response.params == {"temperature": 0.5, "max_tokens": 50, "seed": 3}
    assert response.messages[0].content.text == "Be kind."


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("model = 'nonsense'", "write it as provider/model"),
        ("model = 'sk-abcdefghijklmnopqrstuvwx'", "that is an API key"),
        ("aliases = {'list': 'a/b'}", "list is a subcommand"),
    ],
)
def test_config_refuses_what_cannot_be(
    shell: Any,
    run: RunCell,
    caplog: pytest.LogCaptureFixture,
    setting: str,
    words: str,
) -> None:
    run(f"%config LLMMagics.{setting}")  # which logs what is wrong, and succeeds
    assert words in caplog.text
    assert "abcdefghijkl" not in caplog.text
    magics = shell.magics_manager.registry["LLMMagics"]
    assert (magics.model, magics.aliases) == ("sandbox/fast", {})


def test_without_streaming_the_response_is_whole(shell: Any, run: RunCell) -> None:
    from mirascope_nb import llm

    run("%%llm -q --no-stream\nHi")
    assert isinstance(shell.user_ns["_"], llm.AsyncResponse)


def test_timeout_is_the_whole_call(run: RunCell) -> None:
    from mirascope_nb import llm

    result = run("%%llm -q sandbox/slow --timeout 0.05\nTell me about turtles", ok=False)
    assert isinstance(result.error_in_exec, llm.TimeoutError)


def test_show_prompt_sends_nothing(
    shell: Any, run: RunCell, capsys: pytest.CaptureFixture[str]
) -> None:
    run("who = 'Ada'")
    run("%%llm --show-prompt -s 'Be brief.' --temperature 0.5 -f json\nWho is {who}?")
    out = capsys.readouterr().out
    for words in (
        "[model]\nsandbox/fast",
        "temperature = 0.5",
        "[system]\nBe brief.\n\nAnswer with one JSON value",
        "[user]\nWho is Ada?",
    ):
        assert words in out
    assert spending.session().total.calls == 0


def test_thinking_is_asked_for_and_shown(shell: Any, run: RunCell) -> None:
    run("%%llm -q sandbox/thinker --thinking low\nWhy is the sky blue?")
    response: Any = shell.user_ns["_"]
    assert response.params["thinking"] == {"level": "low", "include_thoughts": True}


def test_schema_gives_a_response_that_parses(shell: Any, run: RunCell) -> None:
    run("%%llm -q --schema 'title, author, year int'\nRecommend a fantasy book")
    book: Any = shell.user_ns["_"].parse()
    assert isinstance(book.title, str)
    assert isinstance(book.year, int)


def test_schema_of_a_type_of_the_users(shell: Any, run: RunCell) -> None:
    run("from pydantic import BaseModel\nclass Book(BaseModel):\n    title: str\n    author: str")
    run("%%llm -q --schema Book -o reply\nRecommend a fantasy book")
    assert isinstance(shell.user_ns["reply"].parse(), shell.user_ns["Book"])


def test_reply_that_does_not_fit_fails_the_cell_and_is_kept(shell: Any, run: RunCell) -> None:
    from mirascope_nb import llm

    run(
        "from mirascope_nb import llm\n"
        "@llm.output_parser(formatting_instructions='Say a number.')\n"
        "def number(response):\n    return int(response.text())"
    )
    result = run("%%llm -q --schema number -o reply sandbox/echo\nnot a number", ok=False)
    assert isinstance(result.error_in_exec, llm.ParseError)
    assert "not a number" in text_of(shell.user_ns["reply"])


TOOL = (
    "from mirascope_nb import llm\nran = []\n@llm.tool\ndef get_weather(city: str) -> str:\n"
    "    'Current weather in a city.'\n    ran.append(city)\n    return 'sunny'"
)


@pytest.mark.parametrize(("approve", "ran"), [("allow", ["Paris"]), ("deny", [])])
def test_tool_runs_only_when_allowed(
    shell: Any, run: RunCell, approve: str, ran: list[str]
) -> None:
    run(TOOL)
    run(f"%%llm -q -t get_weather --approve {approve}\nWhat is the weather in Paris?")
    assert shell.user_ns["ran"] == ran
    assert text_of(shell.user_ns["_"])


def test_tool_runs_in_the_blocking_form_too(shell: Any, run: RunCell) -> None:
    run(TOOL)
    run(
        "def ask():\n    r = %llm -q -t get_weather --approve allow What is the weather in Paris?\n"
        "    return r\nx = ask()"
    )
    assert shell.user_ns["ran"] == ["Paris"]
    assert text_of(shell.user_ns["x"])


def test_tool_that_nobody_can_be_asked_about_is_not_run(shell: Any, run: RunCell) -> None:
    run(TOOL)
    run("%%llm -q -t get_weather\nWhat is the weather in Paris?")
    assert shell.user_ns["ran"] == []


def test_code_is_extracted_into_the_variable(shell: Any, run: RunCell) -> None:
    shell.rl_next_input = None
    run("%%llm -q -x -o code\nWrite a Python function that adds two numbers")
    assert shell.user_ns["code"].startswith("def add(")
    assert "add" not in shell.user_ns
    assert text_of(shell.user_ns["_"]).count("```") == 2
    assert shell.rl_next_input is None


@pytest.mark.parametrize("options", ["-x", "-f code", "-f code -o reply"])
def test_code_is_offered_and_not_run(shell: Any, run: RunCell, options: str) -> None:
    run(f"%%llm -q {options}\nWrite a Python function that adds two numbers")
    assert shell.rl_next_input is not None
    assert shell.rl_next_input.startswith("def add(")
    assert "add" not in shell.user_ns


def test_nothing_to_extract_fails_the_cell_and_keeps_the_reply(
    shell: Any, run: RunCell, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run("%%llm -q -x sandbox/echo\nno code here", ok=False)
    assert isinstance(result.error_in_exec, UsageError)
    assert "no fenced code" in capsys.readouterr().err
    assert text_of(shell.user_ns["_"]) == "no code here"


def test_code_format_without_code_offers_nothing(shell: Any, run: RunCell) -> None:
    shell.rl_next_input = None
    run("%%llm -q -f code sandbox/echo\nno code here")
    assert shell.rl_next_input is None


def test_attachment_is_sent(shell: Any, run: RunCell, tmp_path: Any) -> None:
    (tmp_path / "notes.txt").write_text("the notes")
    run(f"%%llm -q sandbox/echo -a {tmp_path}/notes.txt\nRead this.")
    content = shell.user_ns["_"].messages[0].content
    assert [part.text for part in content] == ["Attachment notes.txt:\nthe notes\n", "Read this."]


def test_image_in_the_reply_is_shown_alone(
    run: RunCell, shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64

    published: list[dict[str, Any]] = []

    def publish(data: dict[str, Any], **_: Any) -> None:
        published.append(data)

    monkeypatch.setattr(shell.display_pub, "publish", publish)
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
    run(f"%%llm -f image sandbox/echo\ndata:image/png;base64,{picture}")
    assert [data.get("image/png") for data in published] == [picture]


def test_reply_without_an_image_is_shown_as_text(
    run: RunCell, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%%llm -f image sandbox/echo\nno picture")
    assert capsys.readouterr().out.count("no picture") == 1


@pytest.mark.parametrize("format", ["markdown", "text", "json", "html", "math"])
def test_every_format_shows_the_reply(
    run: RunCell, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    run(f'%%llm -f {format} sandbox/echo\n{{"a": 1}}')
    assert '{"a": 1}' in capsys.readouterr().out


def test_detached_reply_goes_on_after_its_cell(shell: Any, run: RunCell) -> None:
    run("%%llm --detach -q -o later\nHi")
    later: Any = shell.user_ns["later"]
    run("reply = await later")
    assert later.done()
    assert repr(later).startswith("<reply of sandbox/fast, done, ")
    assert later.text() == text_of(shell.user_ns["reply"])
    assert later.usage is shell.user_ns["reply"].usage
    assert spending.session().total.calls == 1


def test_detached_handle_is_the_value_of_the_cell(shell: Any, run: RunCell) -> None:
    run("%%llm --detach -q\nHi")
    run("reply = await _")
    assert text_of(shell.user_ns["reply"]).startswith(HELLO)


def test_detached_reply_can_be_stopped(shell: Any, run: RunCell) -> None:
    run("%%llm --detach -q -o later sandbox/slow\nTell me about turtles")
    run(
        "import asyncio\nwhile not later.text():\n    await asyncio.sleep(0.01)\nlater.stop()\n"
        "while not later.done():\n    await asyncio.sleep(0.01)"
    )
    assert repr(shell.user_ns["later"]).startswith("<reply of sandbox/slow, cancelled, ")
    assert shell.user_ns["later"].text()
    assert shell.user_ns["later"].stopped


def test_detached_failure_is_raised_by_await(
    shell: Any, run: RunCell, capsys: pytest.CaptureFixture[str]
) -> None:
    from mirascope_nb import llm

    run("%%llm --detach -o later sandbox/flaky-429\nHi")
    result = run("await later", ok=False)
    assert isinstance(result.error_in_exec, llm.RateLimitError)
    assert repr(shell.user_ns["later"]).startswith("<reply of sandbox/flaky-429, failed, ")
    assert "never retrieved" not in capsys.readouterr().err


def test_detached_failure_that_nothing_shows_is_printed(
    shell: Any, run: RunCell, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%%llm --detach -q -o later sandbox/flaky-429\nHi")
    run("import asyncio\nwhile not later.done():\n    await asyncio.sleep(0.01)")
    assert "reply of sandbox/flaky-429 failed: RateLimitError" in capsys.readouterr().err


async def test_detached_reply_says_that_it_has_not_begun() -> None:
    import asyncio

    from mirascope_nb.kernel import detach
    from mirascope_nb.magics.detached import DetachedReply

    handle = DetachedReply(detach(asyncio.sleep(0), name="a"), partial=lambda: None)
    assert handle.response is None
    assert handle.text() == ""
    with pytest.raises(AttributeError, match="await it first"):
        _ = handle.usage
    await handle


def test_detached_turn_is_kept_in_its_conversation(shell: Any, run: RunCell) -> None:
    run("%%llm --detach -q -o later -c talk\nMy name is Ada")
    run("await later")
    run("%%llm -q -c talk\nWhat is my name?")
    assert "Ada" in text_of(shell.user_ns["_"])


def test_bound_show_prompt_and_detach(shell: Any, run: RunCell) -> None:
    run("shown = %llm --show-prompt Hi")
    assert "[user]\nHi" in str(shell.user_ns["shown"])
    run("later = %llm --detach -q Hi")
    run("reply = await later")
    assert text_of(shell.user_ns["reply"]).startswith(HELLO)
