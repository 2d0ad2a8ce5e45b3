"""Each option, each subcommand and each message of the magic, in a real kernel."""

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb.magics.grammar import OPTIONS, SUBCOMMANDS

if TYPE_CHECKING:
    from tests.magics.conftest import Kernel
else:
    Kernel = Any

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(180)]

_corpus = runpy.run_path(str(Path(__file__).with_name("corpus.py")))

SETUP = """
from types import SimpleNamespace
from pathlib import Path
import tempfile
from pydantic import BaseModel
from mirascope_nb import llm, spending

class Person(BaseModel):
    name: str
    age: int

@llm.tool
def get_weather(city: str) -> str:
    "Current weather in a city."
    return "22 °C"

@llm.tool
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b

class Shapeless:
    pass

nameless = lambda a: a
lazy = SimpleNamespace()
with __import__("contextlib").suppress(ImportError):
    import polars
    lazy = polars.LazyFrame({"a": [1]})

tools = [get_weather, add]
topic, df = "turtles", 3
note = Path(tempfile.mkdtemp()) / "note.txt"
note.write_text("The code word is swordfish.")
"""


@pytest.fixture(scope="module", autouse=True)
def prepared(kernel: Kernel) -> None:
    assert kernel.run(SETUP).reply["status"] == "ok"


# An option as it is typed, the body, and what is then true of `reply`.
GIVEN: dict[str, tuple[str, str, str]] = {
    "-m": ("-m sandbox/echo -o reply", "same", "reply.text() == 'same'"),
    "--model": ("--model=sandbox/echo -o reply", "same", "reply.text() == 'same'"),
    "-o": ("-o reply", "Hi", "reply.text().startswith('Hello!')"),
    "--output": ("--output reply", "Hi", "reply.text().startswith('Hello!')"),
    "-f": ("-f json -o reply", '{"a": 1} as JSON', "'JSON' in reply.messages[0].content.text"),
    "--format": ("--format text -o reply", "Hi", "reply.text().startswith('Hello!')"),
    "-s": ("-s 'Be brief.' -o reply", "Hi", "reply.messages[0].content.text == 'Be brief.'"),
    "--system": ("--system 'About {topic}.' -o reply", "Hi", "'turtles' in str(reply.messages[0])"),
    "-p": ("-p top_p=0.5 -p seed=3 -o reply", "Hi", "reply.params == {'top_p': 0.5, 'seed': 3}"),
    "--param": ("--param max_tokens=5 -o reply", "Hi", "reply.params == {'max_tokens': 5}"),
    "--temperature": ("--temperature 0 -o reply", "Hi", "reply.params == {'temperature': 0.0}"),
    "--max-tokens": (
        "--max-tokens 3 -o reply",
        "Hi there",
        "reply.finish_reason.value == 'max_tokens'",
    ),
    "--thinking": (
        "sandbox/thinker --thinking low -o reply",
        "Why?",
        "reply.params['thinking']['level'] == 'low' and len(reply.thoughts) >= 0",
    ),
    "-c": ("-c talk -o reply", "My name is Ada", "len(reply.messages) == 2"),
    "--conversation": ("--conversation talk -o reply", "What is my name?", "'Ada' in reply.text()"),
    "--new": ("-c talk --new -o reply", "What is my name?", "'Ada' not in reply.text()"),
    "-t": (
        "-t get_weather --approve allow -o reply",
        "What is the weather in Paris?",
        "'22 °C' in reply.text()",
    ),
    "--tool": ("--tool tools --approve deny -o reply", "Hi", "len(reply.toolkit.tools) == 2"),
    "--approve": (
        "-t tools --approve deny -o reply",
        "What is the weather in Paris?",
        "'22 °C' not in reply.text()",
    ),
    "--schema": ("--schema Person -o reply", "Ada, 36 years old.", "reply.parse().age == 36"),
    "-a": ("-a note -o reply", "What is the code word?", "'swordfish' in str(reply.messages[0])"),
    "--attach": (
        "--attach {note} -o reply",
        "The code word?",
        "'swordfish' in str(reply.messages[0])",
    ),
    "-x": (
        "-x -o reply",
        "Write a Python function that adds two numbers",
        "reply.startswith('def ')",
    ),
    "--extract": (
        "--extract -o reply",
        "Write a Python function that adds two numbers",
        "'```' not in reply",
    ),
    "-q": ("-q -o reply", "Hi", "reply.text().startswith('Hello!')"),
    "--quiet": ("--quiet -o reply", "Hi", "reply.text().startswith('Hello!')"),
    "--raw": (
        "sandbox/echo --raw -o reply",
        "{topic} {nobody}",
        "reply.text() == '{topic} {nobody}'",
    ),
    "--no-stream": ("--no-stream -o reply", "Hi", "not hasattr(reply, 'chunk_stream')"),
    "--detach": ("--detach -q -o reply", "Hi", "(await reply).text().startswith('Hello!')"),
    "--timeout": ("--timeout 20 -o reply", "Hi", "reply.model.timeout == 20"),
    "--show-prompt": ("--show-prompt", "About {topic}", "True"),
    "-h": ("-h", "", "True"),
    "--help": ("--help", "", "True"),
}


def test_no_option_is_left_out() -> None:
    assert set(GIVEN) == {flag for option in OPTIONS for flag in option.flags}


@pytest.mark.parametrize("flag", GIVEN)
def test_each_option_does_what_it_says(kernel: Kernel, flag: str) -> None:
    line, body, expected = GIVEN[flag]
    ran = kernel.run(f"%%llm {line}\n{body}")
    assert ran.reply["status"] == "ok", ran.messages
    shown = [kind for kind in ran.outputs if kind != "stream"]
    assert shown == ([] if flag in ("-q", "--quiet", "--detach") else ["display_data"])
    ran = kernel.run(expected)
    assert ran.of("execute_result")[0]["data"]["text/plain"] == "True", (flag, ran.messages)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%llm", "%%llm"),
        ("%llm help", "--show-prompt"),
        ("%llm --help", "--show-prompt"),
        ("%llm list", "sandbox"),
        ("%llm list sandbox", "sandbox/echo"),
        ("%llm list all", "openai/gpt-5-mini"),
        ("%llm alias parrot sandbox/echo", "parrot is sandbox/echo"),
        ("%llm alias", "parrot"),
        ("%llm alias parrot", "parrot is sandbox/echo"),
        ("%llm dealias parrot", "parrot no longer stands"),
        ("%llm history", "[user]"),
        ("%llm history talk", "[user]"),
        ("%llm reset talk", "Forgot the conversation talk."),
        ("%llm reset all", "Forgot 0 conversations."),
        ("%llm tools", "get_weather(city)"),
        ("%llm approvals", "get_weather"),
        ("%llm approvals allow get_weather", "allow get_weather"),
        ("%llm approvals revoke all", "Revoked 1 rule."),
        ("%llm cost", "sandbox/fast"),
        ("%llm config", "LLMMagics.timeout"),
        ("%llm doctor", "ipykernel"),
        ("%llm nest", "What it costs"),
        ("%llm version", "mirascope_nb 0."),
    ],
)
def test_each_subcommand_reports(kernel: Kernel, line: str, words: str) -> None:
    kernel.run("%%llm -q -c talk\nHi") if "talk" in line or line == "%llm history" else None
    ran = kernel.run(line)
    assert ran.reply["status"] == "ok", ran.messages
    (shown,) = ran.of("display_data")
    assert words in shown["data"]["text/plain"]
    assert "text/html" in shown["data"]


def test_no_subcommand_is_left_out() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert [each.name for each in SUBCOMMANDS if f"%llm {each.name}" not in here] == []


def test_fix_explains_the_last_error_and_offers_a_cell(kernel: Kernel) -> None:
    kernel.run("1 / 0")
    ran = kernel.run("%llm fix sandbox/fast")
    assert ran.reply["status"] == "ok"
    assert "ZeroDivisionError" in kernel.value("str(_.messages[-2].content[0].text)")


# What is typed, and what the one line says; nothing is sent.
WRONG: dict[str, str] = {
    "%%llm --modle\nHi": "Did you mean --model?",
    "%%llm -z\nHi": "'-z' is not an option of %llm.",
    "%%llm -o\nHi": "-o needs a value",
    "%%llm -o a.b\nHi": "takes the name of a variable",
    "%%llm -o In\nHi": "IPython's own",
    "%%llm -f jsn\nHi": "Did you mean json?",
    "%%llm --approve never\nHi": "takes one of ask, allow, deny",
    "%%llm --thinking hihg\nHi": "Did you mean high?",
    "%%llm --temperature hot\nHi": "takes a number",
    "%%llm --temperature -1\nHi": "not negative",
    "%%llm --max-tokens 0\nHi": "whole number above 0",
    "%%llm --timeout 0\nHi": "seconds above 0",
    "%%llm -p top_p\nHi": "-p takes NAME=VALUE",
    "%%llm -p topp=1\nHi": "Did you mean top_p?",
    "%%llm -p seed=1 -p seed=2\nHi": "seed is given twice",
    "%%llm -m a/b -m c/d\nHi": "-m is given twice",
    "%%llm a/b c/d\nHi": "one word too many",
    "%%llm -q=1\nHi": "is a switch",
    "%%llm -c=a/b\nHi": "letters, digits",
    "%%llm -s 'open\nHi": "is not closed",
    "%%llm -- Hi\nHi": "below its first line",
    "%%llm --detach -x\nHi": "--detach",
    "%%llm # a comment\nHi": "'#'",
    "x = 1\n%%llm\nWhat's new?": "give it a cell of its own",
    "x = %%llm\nHi": "write `%%llm -o NAME`",
    "%%llm list": "The subcommand is `%llm list`",
    "%%llm openai\nHi": "write openai/MODEL",
    "%%llm gpt-5-mini\nHi": "Did you mean openai/gpt-5-mini",
    "%%llm -osome\nHi": "Did you mean -o some?",
    "%%llm \\\n-q\nHi": "the %llm line ends in a backslash",
    "%%llm -s “Be brief”\nHi": "has a typographic ”",
    "%%llm sandbox/echo —quiet\nHi": "has a typographic —",
    "%%llm -o größe.a\nHi": "not 'größe.a'",
    "%%llm -c 'my talk'\nHi": "letters, digits",
    "%%llm -f Json\nHi": "Did you mean json?",
    '%%llm -p stop_sequences=["a"]\nHi': "or a list in quotes",
    "%%llm -p thinking=True\nHi": "-p thinking takes one of none",
    "%%llm -t topic,add\nHi": "-t 'topic' is neither",
    "%%llm -t nameless\nHi": "which a lambda lacks",
    "%%llm --schema Shapeless\nHi": "cannot be the shape of a reply",
    "%%llm --schema name, age int\nHi": "takes its fields in quotes",
    "%%llm --schema 'name Optionl[int]'\nHi": "'Optionl[int]' is not a type",
    "%%llm -a lazy\nHi": "send what its .collect() gives",
    "%%llm\nIn {lazy}": "send what its .collect() gives",
    "%%llm -a /\nHi": "is a folder",
    "%llm register bird sandbox/echo": "Did you mean `%llm alias bird sandbox/echo`?",
    "%llm delete bird": "Did you mean `%llm dealias bird`?",
    "%%llm openai:gpt-5\nHi": "written with a slash here: openai/gpt-5",
    "%%llm parot\nHi": "neither provider/model nor an alias",
    "%%llm": "nothing to send",
    "%%llm\n  \n": "nothing to send",
    "%%llm -q": "nothing to send",
    "%llm -q": "nothing to send",
    "%%llm --api-key abc\nHi": "an API key does not belong on a magic line",
    "%%llm\nHi {topci}": "Did you mean {topic}?",
    "%%llm\n{topic.nothing}": "topic has no .nothing",
    "%%llm -t get_wether\nHi": "Did you mean get_weather?",
    "%%llm -t topic\nHi": "neither a tool, a list of tools nor a toolkit",
    "%%llm -t add -t add\nHi": "two tools called add",
    "%%llm --schema Persn\nHi": "Person",
    "%%llm --schema 'name whatever'\nHi": "whatever",
    "%%llm -a nothing.png\nHi": "A path begins in the folder that `%pwd` names.",
    "%llm lst": "Did you mean `%llm list`?",
    "%llm models": "Did you mean `%llm list`?",
    "%llm error": "Did you mean `%llm fix`?",
    "%llm list nowhere": "is not a provider",
    "%llm alias one/two sandbox/echo": "without a slash",
    "%llm alias cost sandbox/echo": "is a subcommand",
    "%llm alias bird parrot": "write it as provider/model",
    "%llm alias nobody": "there is no alias",
    "%llm dealias nobody": "there is no alias",
    "%llm dealias": "dealias NAME",
    "%llm history nobody": "there is no conversation",
    "%llm reset nobody": "there is no conversation",
    "%llm approvals revoke r999": "there is no rule",
    "%llm approvals perhaps": "approvals [allow TOOL",
    "def f():\n    %llm --detach Hi\nf()": "--detach needs a cell of its own",
}


@pytest.mark.parametrize("cell", WRONG)
def test_each_slip_is_told_in_a_line_and_sends_nothing(kernel: Kernel, cell: str) -> None:
    before = kernel.value("spending.session().total.calls")
    ran = kernel.run(cell)
    assert (ran.reply["status"], ran.reply["ename"]) == ("error", "UsageError"), ran.messages
    told = "".join(each["text"] for each in ran.of("stream"))
    assert told.startswith("UsageError: ")
    assert WRONG[cell] in told
    assert told.strip().count("\n") == 0
    assert "abc" not in told or "--api-key" not in cell
    assert kernel.value("spending.session().total.calls") == before


def test_without_a_model_the_line_says_how_to_set_one(kernel: Kernel) -> None:
    kernel.run("%config LLMMagics.model = ''")
    ran = kernel.run("%%llm\nHi")
    kernel.run("%config LLMMagics.model = 'sandbox/fast'")
    assert "%config LLMMagics.model" in ran.of("stream")[0]["text"]


@pytest.mark.parametrize(
    ("setting", "refused"),
    [
        ("model = 'nothing'", "write it as provider/model"),
        ("model = 'sk-abcdefghijklmnopqrstuvwxyz'", "that is an API key"),
        ("format = 'jsn'", "jsn"),
        ("approve = 'never'", "never"),
        ("aliases = {'a/b': 'c/d'}", "without a slash"),
        ("temperature = -1", "LLMMagics.temperature takes a number that is not negative"),
        ("max_tokens = 0", "LLMMagics.max_tokens takes a whole number above 0"),
        ("timeout = 0", "LLMMagics.timeout takes a number of seconds above 0"),
        ("thinking = 'hihg'", "hihg"),
        ("stream = 'no'", "stream"),
    ],
)
def test_a_wrong_default_is_refused_at_once(kernel: Kernel, setting: str, refused: str) -> None:
    ran = kernel.run(f"%config LLMMagics.{setting}")
    told = "".join(each["text"] for each in ran.of("stream"))
    assert refused in told
    assert "abcdefgh" not in told
    assert kernel.value("get_ipython().magics_manager.registry['LLMMagics'].model") == (
        "sandbox/fast"
    )


def test_defaults_are_used_and_the_line_wins(kernel: Kernel) -> None:
    kernel.run("%config LLMMagics.temperature = 0.9\n%config LLMMagics.system = 'Be kind.'")
    kernel.run("%%llm -q -o first\nHi")
    kernel.run("%%llm -q -o second --temperature 0.1 -s 'Be brief.'\nHi")
    kernel.run("%config LLMMagics.temperature = None\n%config LLMMagics.system = ''")
    assert kernel.value("(first.params, first.messages[0].content.text)") == (
        {"temperature": 0.9},
        "Be kind.",
    )
    assert kernel.value("(second.params, second.messages[0].content.text)") == (
        {"temperature": 0.1},
        "Be brief.",
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-f md", "reply.text().startswith('Hello!')"),
        ("-t get_weather,add --approve allow", "len(reply.toolkit.tools) == 2"),
        (
            """-p 'stop_sequences=["x, y", "z"]'""",
            "reply.params['stop_sequences'] == ['x, y', 'z']",
        ),
        ("-p stop_sequences=x,y", "reply.params['stop_sequences'] == ['x', 'y']"),
        ("--schema 'a {b, c int}, tags [str]'", "reply.parse().a.c >= 0"),
    ],
)
def test_a_value_may_be_written_in_ways(kernel: Kernel, line: str, expected: str) -> None:
    ran = kernel.run(f"# a comment first\n\n%%llm {line} -o reply\nHi")
    assert ran.reply["status"] == "ok", ran.messages
    assert kernel.value(expected) is True


def test_pasted_texts_arrive_as_they_are(kernel: Kernel) -> None:
    kernel.run("name, x, n, i, items, data, color, user = 'Ada', 3.1, 7, 0, ['a'], {}, 'blue', 1")
    changed: list[str] = []
    for kind, text in _corpus["UNTOUCHED"].items():
        ran = kernel.run(f"%%llm sandbox/echo -q -o pasted\n{text}")
        sent = kernel.value("pasted.messages[-2].content[0].text")
        if ran.reply["status"] != "ok" or sent != text.strip("\n").rstrip():
            changed.append(kind)
    assert changed == []
