"""Each subcommand in a real shell."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionResult

from mirascope_nb.magics.grammar import SUBCOMMANDS, find_subcommand

RunCell = Callable[..., ExecutionResult]


@pytest.fixture
def said(run: RunCell, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """What a cell prints."""

    def run_and_read(source: str, **kwargs: Any) -> str:
        capsys.readouterr()
        run(source, **kwargs)
        captured = capsys.readouterr()
        return captured.out + captured.err

    return run_and_read


Said = Callable[..., str]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "help"),
        ("help", "help"),
        ("--help", "help"),
        ("-h", "help"),
        ("list", "list"),
        ("list openai", "list openai"),
        ("alias a b/c", "alias a b/c"),
        ("alias", "alias"),
        ("dealias a", "dealias a"),
        ("history", "history"),
        ("history x;", "history x"),
        ("approvals revoke r1", "approvals revoke r1"),
        ("fix", "fix"),
        ("cost", "cost"),
    ],
)
def test_line_that_is_a_subcommand(line: str, expected: str) -> None:
    found = find_subcommand(line)
    assert found is not None
    assert " ".join([found[0].name, *found[1]]) == expected


@pytest.mark.parametrize(
    "line",
    [
        "list the planets",
        "help me write a letter",
        "help me",
        "cost of living in Lima?",
        "fix the bug in this",
        "tools for gardening",
        "history of the world",
        "-- cost",
        "-m a/b cost",
        "What is a list?",
        "Costa Rica",
        "hello",
        "version 2 of what?",
    ],
)
def test_line_that_is_a_prompt(line: str) -> None:
    assert find_subcommand(line) is None


@pytest.mark.parametrize(
    ("line", "meant"), [("histroy", "history"), ("approval", "approvals"), ("docter", "doctor")]
)
def test_slip_of_a_lone_word_is_not_sent(line: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"Did you mean `%llm {meant}`"):
        find_subcommand(line)


def test_subcommand_that_lacks_its_word() -> None:
    with pytest.raises(UsageError, match="%llm dealias NAME: drop a short name"):
        find_subcommand("dealias")


def test_prompt_of_one_word_can_be_forced(shell: Any, run: RunCell) -> None:
    run("%llm -q -m sandbox/echo -- cost")
    assert shell.user_ns["_"].text() == "cost"


@pytest.mark.parametrize(
    "source", ["%llm", "%llm help", "%llm --help", "%%llm --help\nx", "%llm -q --help"]
)
def test_help_names_every_option_and_subcommand(said: Said, source: str) -> None:
    out = said(source)
    for words in ("-m, --model MODEL", "--show-prompt", "-c, --conversation [NAME]", "{Err}"):
        assert words in out
    for command in SUBCOMMANDS:
        assert f"%llm {command.usage}" in out


def test_version(said: Said) -> None:
    from mirascope_nb import __version__

    assert said("%llm version").strip() == f"mirascope_nb {__version__}"


def test_bound_report_is_not_shown(shell: Any, said: Said) -> None:
    assert said("report = %llm version") == ""
    assert "mirascope_nb" in str(shell.user_ns["report"])


def test_list_names_providers_and_their_keys(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-indeed-0000")
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    lines = said("%llm list").splitlines()
    openai = next(line for line in lines if line.startswith("openai "))
    assert openai.split()[:3] == ["openai", "OPENAI_API_KEY", "set"]
    openrouter = next(line for line in lines if line.startswith("openrouter "))
    assert openrouter.split()[1:4] == ["OPENROUTER_API_KEY", "not", "set"]
    assert any(line.split()[:3] == ["sandbox", "not", "needed"] for line in lines)
    assert any(line.startswith("mirascope ") and "MIRASCOPE_API_KEY" in line for line in lines)
    assert not any("secret" in line for line in lines)


def test_list_of_a_provider_and_of_all(said: Said) -> None:
    assert "sandbox/echo" in said("%llm list sandbox")
    assert "sandbox/echo" in said("%llm list all")


def test_list_of_an_unknown_provider(said: Said) -> None:
    out = said("%llm list opnai", ok=False)
    assert "'opnai' is not a provider. Did you mean openai?" in out
    assert "`%llm -- list opnai`" in out


def test_alias_is_used_and_dropped(shell: Any, said: Said, run: RunCell) -> None:
    assert "There are no aliases." in said("%llm alias")
    assert "parrot is sandbox/echo." in said("%llm alias parrot sandbox/echo")
    assert "parrot" in said("%llm alias")
    assert "parrot is sandbox/echo." in said("%llm alias parrot")
    for source in ("%%llm -q parrot\nsame", "%llm -q -m parrot same", "%llm parrot -q same"):
        run(source)
        assert shell.user_ns["_"].text() == "same"
    run("%llm alias bird parrot")
    assert "bird is sandbox/echo." in said("%llm alias bird")
    assert "parrot no longer stands for sandbox/echo." in said("%llm dealias parrot")
    assert "'parrot' is neither" in said("%%llm parrot\nsame", ok=False)


def test_default_alias_is_the_model(shell: Any, run: RunCell) -> None:
    run("%llm alias default sandbox/echo")
    run("%%llm -q\nsame")
    assert shell.user_ns["_"].text() == "same"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("%llm alias list sandbox/echo", "list is a subcommand"),
        ("%llm alias a/b sandbox/echo", "one word without a slash"),
        ("%llm alias a nonsense", "'nonsense' is not a model"),
        ("%llm alias nobody", "there is no alias 'nobody'"),
        ("%llm dealias nobody", "there is no alias 'nobody'"),
    ],
)
def test_wrong_alias(said: Said, source: str, words: str) -> None:
    assert words in said(source, ok=False)


def test_conversation_goes_on_and_is_shown(shell: Any, run: RunCell, said: Said) -> None:
    assert "There are no conversations." in said("%llm history")
    run("%%llm -q -c chat -s 'Be kind.'\nMy name is Ada")
    run("%llm -q -c chat What is my name?")
    assert "Ada" in shell.user_ns["_"].text()
    assert shell.user_ns["_"].messages[0].content.text == "Be kind."
    out = said("%llm history chat")
    assert out.startswith("[system]\nBe kind.\n\n[user]\nMy name is Ada\n\n[assistant]\n")
    assert said("%llm history") == out
    run("%%llm -q -c other\nHi")
    assert "chat" in said("%llm history")
    assert "other" in said("%llm history")


def test_system_message_stays_and_a_formats_does_not(shell: Any, run: RunCell) -> None:
    run("%config LLMMagics.system = 'By default.'")
    run("%%llm -q -c chat -s 'Be kind.'\nHi")
    run("%%llm -q -c chat -f json\nHi again")
    said = shell.user_ns["_"].messages[0].content.text
    assert said.startswith("Be kind.\n\nAnswer with one JSON value")
    run("%%llm -q -c chat\nAnd again")
    assert shell.user_ns["_"].messages[0].content.text == "Be kind."


def test_same_cell_replaces_its_turn(shell: Any, run: RunCell, said: Said) -> None:
    for name in ("Ada", "Bob"):
        run(f"name = {name!r}")
        run("%%llm -q -c chat\nMy name is {name}")
    run("%%llm -q -c chat\nWhat is my name?")
    assert "Bob" in shell.user_ns["_"].text()
    assert said("%llm history chat").count("[user]") == 2


def test_loop_takes_a_turn_each_time(run: RunCell, said: Said) -> None:
    source = "for n in range(3):\n    %llm -q -c chat Turn {n}"
    run(source)
    assert said("%llm history chat").count("[user]") == 3
    run(source)
    assert said("%llm history chat").count("[user]") == 3


def test_new_starts_over(run: RunCell, said: Said) -> None:
    run("%%llm -q -c chat\nMy name is Ada")
    run("%%llm -q -c chat --new\nHi")
    assert "Ada" not in said("%llm history chat")
    run("%%llm -q -c\nOne")
    run("%%llm -q --new\nTwo")
    assert "One" not in said("%llm history main")


def test_failed_turn_is_not_kept(run: RunCell, said: Said) -> None:
    run("%%llm -q -c chat\nMy name is Ada")
    run("%%llm -q -c chat --new sandbox/flaky-429\nHi", ok=False)
    out = said("%llm history chat")
    assert "Ada" in out
    assert "Hi\n" not in out


def test_tools_stay_in_the_conversation(run: RunCell, said: Said) -> None:
    run(
        "from mirascope_nb import llm\n@llm.tool\ndef get_weather(city: str) -> str:\n"
        "    'Current weather in a city.'\n    return 'sunny'"
    )
    run("%%llm -q -c chat -t get_weather --approve allow\nWhat is the weather in Paris?")
    out = said("%llm history chat")
    assert '(calls get_weather with {"city":"Paris"})' in out
    assert "(get_weather gave sunny)" in out


def test_reset(run: RunCell, said: Said) -> None:
    for name in ("a", "b", "c"):
        run(f"%%llm -q -c {name}\nHi")
    assert "Forgot the conversation a." in said("%llm reset a")
    assert "there is no conversation 'a'" in said("%llm reset a", ok=False)
    assert "Forgot 2 conversations." in said("%llm reset all")
    assert said("%llm reset") == "There is no conversation main to forget.\n"
    run("%%llm -q -c other\nHi")
    assert "There are other." in said("%llm reset")
    run("%%llm -q -c\nHi")
    assert "Forgot the conversation main." in said("%llm reset")
    assert "there is no conversation 'chta'" in said("%llm history chta", ok=False)


def test_tools_lists_tools_lists_and_toolkits(run: RunCell, said: Said) -> None:
    assert "There are no tools" in said("%llm tools")
    run(
        "from mirascope_nb import llm\n@llm.tool\ndef add(a: int, b: int) -> int:\n"
        "    'Adds.\\n\\nMore.'\n    return a + b\nkit = llm.Toolkit([add])\nboth = [add, kit]\n"
        "itself = [0]\nitself.append(itself)\ndata = [add] * 1000"
    )
    out = said("%llm tools")
    assert "add       add(a, b)  Adds." in out
    assert "kit       add(a, b)  Adds." in out
    assert out.count("both      add(a, b)  Adds.") == 2
    assert "itself" not in out
    assert "data" not in out


def test_approvals_lists_decisions_and_revokes(shell: Any, run: RunCell, said: Said) -> None:
    run(
        "from mirascope_nb import llm\n@llm.tool\ndef get_weather(city: str) -> str:\n"
        "    'Current weather in a city.'\n    return 'sunny'"
    )
    run("%%llm -q -t get_weather --approve deny\nWhat is the weather in Paris?")
    out = said("%llm approvals")
    assert "get_weather" in out
    assert "denied" in out
    rule = said("%llm approvals allow get_weather").split("rule ")[1].split(":")[0]
    assert f"{rule}: allow get_weather" in said("%llm approvals")
    run("%%llm -q -t get_weather\nWhat is the weather in Paris?")
    run("decisions = %llm approvals")
    assert [entry.outcome for entry in shell.user_ns["decisions"].decisions][-1] == "approved"
    assert len(shell.user_ns["decisions"].to_frame()) >= 2
    assert "get_weather" in shell.user_ns["decisions"]._repr_html_()
    assert f"Revoked {rule}" in said(f"%llm approvals revoke {rule}")
    assert "there is no rule" in said(f"%llm approvals revoke {rule}", ok=False)
    run("%llm approvals deny get_weather")
    assert "Revoked 1 rule." in said("%llm approvals revoke all")
    assert "allow TOOL" in said("%llm approvals nonsense", ok=False)


def test_cost_counts_every_reply(run: RunCell, said: Said) -> None:
    assert "Nothing has been spent" in said("%llm cost")
    run("%%llm -q\nHi")
    run("%%llm -q sandbox/echo\nHi")
    run("%%llm -q sandbox/echo\nHi")
    rows = [line.split() for line in said("%llm cost").splitlines()]
    calls = {row[0]: row[1] for row in rows if len(row) > 2}
    assert calls["sandbox/fast"] == "1"
    assert calls["sandbox/echo"] == "2"
    assert calls["total"] == "3"


def test_config_lists_the_defaults(said: Said) -> None:
    out = said("%llm config")
    assert "LLMMagics.model" in out
    assert "'sandbox/fast'" in out
    assert "%config LLMMagics.model" in out


def test_doctor_names_keys_and_shows_none(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-indeed-0000")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hidden@127.0.0.1:1")
    out = said("%llm doctor")
    assert "OPENAI_API_KEY is set" in out
    assert "httpx2, with HTTPS_PROXY" in out
    for name in ("mirascope_nb", "python", "ipython", "ipykernel", "front end", "await on"):
        assert name in out
    assert "secret" not in out
    assert "hidden" not in out


def test_fix_sends_the_cell_and_the_traceback_and_offers_code(shell: Any, run: RunCell) -> None:
    run("def halve(x):\n    return x / nothing\nhalve(1)", ok=False)
    run("fixed = %llm fix sandbox/echo")
    sent = shell.user_ns["fixed"].text()
    assert "return x / nothing" in sent
    assert "NameError: name 'nothing' is not defined" in sent
    assert "interactiveshell" not in sent
    assert shell.rl_next_input is not None
    assert "return x / nothing" in shell.rl_next_input


def test_fix_of_what_is_no_python_sends_the_cell_and_no_frame(shell: Any, run: RunCell) -> None:
    run("x = = 3", ok=False)
    run("fixed = %llm fix sandbox/echo")
    sent = shell.user_ns["fixed"].text()
    assert "SyntaxError: invalid syntax" in sent
    assert sent.count("x = = 3") == 2
    assert "compilerop" not in sent


def test_fix_ignores_wrong_usage_and_stops(shell: Any, run: RunCell) -> None:
    run("1 / 0", ok=False)
    run("%%llm --modle\nHi", ok=False)
    run("raise KeyboardInterrupt", ok=False)
    run("fixed = %llm fix sandbox/echo")
    assert "ZeroDivisionError" in shell.user_ns["fixed"].text()


def test_fix_takes_keys_out(shell: Any, run: RunCell) -> None:
    run("raise ValueError('sk-' + 'proj-abcdefghijklmnop is wrong')", ok=False)
    run("fixed = %llm fix sandbox/echo")
    assert "[key removed] is wrong" in shell.user_ns["fixed"].text()


def test_fix_with_nothing_to_fix(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "last_value", raising=False)
    assert "there is no error to fix" in said("%llm fix", ok=False)


def test_fix_with_what_is_no_model(said: Said, run: RunCell) -> None:
    run("1 / 0", ok=False)
    assert "`%llm -- fix everything`" in said("%llm fix everything", ok=False)


_NEST = """
import asyncio
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
from mirascope_nb.magics import load
load(shell)
assert "nest_asyncio2" not in __import__("sys").modules
shell.run_cell("async def main(): return 5")
shell.run_cell("%llm nest").raise_error()
shell.run_cell("import asyncio; await asyncio.sleep(0); x = asyncio.run(main())").raise_error()
assert shell.user_ns["x"] == 5
"""


def test_nest_is_explicit_and_says_what_it_costs() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _NEST],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert "asyncio.run(...)" in ran.stdout
    assert "What it costs" in ran.stdout


def test_nest_without_the_package(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nest_asyncio2", None)
    assert "%pip install nest-asyncio2" in said("%llm nest", ok=False)


def test_subcommand_in_a_function(said: Said) -> None:
    assert "mirascope_nb" in said("def f():\n    %llm version\nf()")
