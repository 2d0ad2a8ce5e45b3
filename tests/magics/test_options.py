import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from mirascope_nb.magics.grammar import OPTIONS, SUBCOMMANDS, export, flags
from mirascope_nb.magics.options import Options, parse_cell_line, parse_prompt_line


def is_model(word: str) -> bool:
    return word == "fast" or word.startswith("sandbox/")


def line(text: str) -> tuple[Options, str]:
    return parse_prompt_line(text, is_model=is_model)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("-m a/b", "model", "a/b"),
        ("--model a/b", "model", "a/b"),
        ("--model=a/b", "model", "a/b"),
        ("-m=a/b", "model", "a/b"),
        ("a/b", "model", "a/b"),
        ("fast", "model", "fast"),
        ("-o reply", "output", "reply"),
        ("--output reply", "output", "reply"),
        ("-f json", "format", "json"),
        ("--format markdown", "format", "markdown"),
        ("-f text", "format", "text"),
        ("-f html", "format", "html"),
        ("-f code", "format", "code"),
        ("-f image", "format", "image"),
        ("-f math", "format", "math"),
        ("-s 'be brief'", "system", "be brief"),
        ('--system "-be brief"', "system", "-be brief"),
        ('--system="a b"', "system", "a b"),
        ("-p top_p=0.5", "params", {"top_p": 0.5}),
        ("-p top_k=4 -p seed=-1", "params", {"top_k": 4, "seed": -1}),
        ("--param max-tokens=7", "params", {"max_tokens": 7}),
        ("-p stop_sequences=a,b", "params", {"stop_sequences": ["a", "b"]}),
        ("-p thinking=low", "thinking", "low"),
        ("--temperature 0.2", "params", {"temperature": 0.2}),
        ("--temperature 0", "params", {"temperature": 0.0}),
        ("--max-tokens 10", "params", {"max_tokens": 10}),
        ("--thinking high", "thinking", "high"),
        ("-c", "conversation", "main"),
        ("-c chat", "conversation", "chat"),
        ("-c --raw", "conversation", "main"),
        ("-c a/b", "conversation", "main"),
        ("--conversation chat", "conversation", "chat"),
        ("--new", "new", True),
        ("--new", "conversation", "main"),
        ("-t one -t two", "tools", ("one", "two")),
        ("--tool one", "tools", ("one",)),
        ("--approve deny", "approve", "deny"),
        ("--schema 'name, age int'", "schema", "name, age int"),
        ("-a x.png -a df", "attachments", ("x.png", "df")),
        ("--attach x.png", "attachments", ("x.png",)),
        ("-x", "extract", True),
        ("--extract", "extract", True),
        ("-q", "quiet", True),
        ("--quiet", "quiet", True),
        ("-xq", "extract", True),
        ("-qx", "quiet", True),
        ("--raw", "raw", True),
        ("--no-stream", "no_stream", True),
        ("--detach", "detach", True),
        ("--timeout 2.5", "timeout", 2.5),
        ("--show-prompt", "show_prompt", True),
        ("--help", "help", True),
        ("-h", "help", True),
        (";", "silent", True),
        ("-q ;", "silent", True),
        ("a/b;", "silent", True),
        ("a/b;", "model", "a/b"),
    ],
)
def test_each_option_is_read(text: str, field: str, value: Any) -> None:
    assert getattr(parse_cell_line(text), field) == value


def test_an_empty_line_gives_nothing() -> None:
    assert parse_cell_line("") == Options()


def test_flag_anywhere_but_model_once() -> None:
    read = parse_cell_line("-o x a/b -q")
    assert (read.output, read.model, read.quiet) == ("x", "a/b", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--modle a/b", ["'--modle'", "Did you mean --model?", "%llm help"]),
        ("-model a/b", ["'-model'", "--model"]),
        ("--stream", ["'--stream'", "--no-stream"]),
        ("-z", ["'-z'"]),
        ("-o", ["-o needs a value", "NAME"]),
        ("-o -q", ["-o needs a value"]),
        ("-o --", ["-o needs a value"]),
        ("-o a.b", ["-o takes the name of a variable"]),
        ("-o class", ["-o takes the name of a variable"]),
        ("-o In", ["IPython's own"]),
        ("-o __x", ["IPython's own"]),
        ("-f jsn", ["'jsn'", "Did you mean json?", "markdown, text"]),
        ("--approve never", ["ask, allow, deny", "'never'"]),
        ("--thinking hihg", ["Did you mean high?"]),
        ("-p thinking=hihg", ["Did you mean high?"]),
        ("--temperature hot", ["--temperature takes a number", "'hot'"]),
        ("--temperature -1", ["not negative"]),
        ("--temperature nan", ["not negative"]),
        ("--max-tokens 0", ["whole number above 0"]),
        ("--max-tokens many", ["whole number above 0"]),
        ("--timeout 0", ["seconds above 0"]),
        ("-p top_p", ["NAME=VALUE"]),
        ("-p topp=1", ["'topp'", "Did you mean top_p?", "temperature"]),
        ("-p seed=x", ["-p seed takes a whole number"]),
        ("-p seed=1 -p seed=2", ["seed is given twice"]),
        ("-p temperature=1 --temperature 2", ["temperature is given twice"]),
        ("-m a/b -m c/d", ["-m is given twice"]),
        ("a/b c/d", ["'c/d'", "one word too many", "'a/b'"]),
        ("a/b hello", ["'hello'", "below its first line"]),
        ("a/b -m c/d", ["given twice"]),
        ("-q=1", ["-q is a switch"]),
        ("-c=a/b", ["letters, digits"]),
        ("-s 'open", ["not closed"]),
        ("-- hello", ["below its first line"]),
        ("--detach -x", ["--detach"]),
        ("--detach -f code", ["--detach"]),
    ],
)
def test_wrong_option_says_what_and_what_to_do(text: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_cell_line(text)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    "text",
    [
        "--api-key abc",
        "--api_key=abc",
        "--key abc",
        "--token abc",
        "-p api_key=abc",
        "-p key=abc",
        "sk-abc123",
        "-m sk-abcdef",
        "-s 'use sk-ant-REDACTED now'",
        "-p seed=sk-abcdef",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    ],
)
def test_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_cell_line(text)
    message = str(caught.value)
    assert "API key" in message
    assert "environment variable" in message
    for secret in ("abc", "sk-", "AIza"):
        assert secret not in message


def test_key_in_a_one_line_prompt_is_refused() -> None:
    with pytest.raises(UsageError, match="API key") as caught:
        line("is sk-proj-abcdefghijklmnop a good key?")
    assert "sk-proj" not in str(caught.value)


@pytest.mark.parametrize("prompt", ["how do I use sk-learn?", "what does key=len mean", "a token"])
def test_words_like_keys_are_no_keys(prompt: str) -> None:
    assert line(prompt)[1] == prompt


@pytest.mark.parametrize(
    ("text", "model", "prompt"),
    [
        ("What's new?", None, "What's new?"),
        ("fast food in Paris", "fast", "food in Paris"),
        ("sandbox/assistant Hi", "sandbox/assistant", "Hi"),
        ("and/or what", None, "and/or what"),
        ("-- fast food", None, "fast food"),
        ("-m a/b it's -o x", "a/b", "it's -o x"),
        ("-m a/b -- -o x", "a/b", "-o x"),
        ("-5 + 3 is?", None, "-5 + 3 is?"),
        ("- a list", None, "- a list"),
        ("-q 'quoted' \"text", None, "'quoted' \"text"),
        ("  spaced   out  ", None, "spaced   out"),
        ("", None, ""),
    ],
)
def test_one_line_prompt_begins_where_the_options_end(
    text: str, model: str | None, prompt: str
) -> None:
    options, rest = line(text)
    assert (options.model, rest) == (model, prompt)


def test_one_line_prompt_with_conversation_and_semicolon() -> None:
    options, prompt = line("-c chat -q My name is Ada;")
    assert (options.conversation, options.quiet, options.silent) == ("chat", True, True)
    assert prompt == "My name is Ada"


def test_one_line_prompt_refuses_an_unknown_option() -> None:
    with pytest.raises(UsageError, match="--modle"):
        line("--modle a/b hi")


def test_values_are_expanded_before_they_are_read() -> None:
    read = parse_cell_line(
        "-m {m} --temperature {t}", expand=lambda value: {"{m}": "a/b", "{t}": "0.5"}[value]
    )
    assert (read.model, read.params) == ("a/b", {"temperature": 0.5})


def test_raw_line_is_not_expanded() -> None:
    def never(value: str) -> str:
        raise AssertionError(value)

    assert parse_cell_line("--raw -s {x}", expand=never).system == "{x}"


def test_expanded_value_cannot_become_options() -> None:
    read = parse_cell_line("-s {x}", expand=lambda _: "a -o b --raw")
    assert (read.system, read.output, read.raw) == ("a -o b --raw", None, False)


def test_export_is_plain_json_and_complete() -> None:
    exported = json.loads(json.dumps(export()))
    assert [each["flags"] for each in exported["options"]] == [list(each.flags) for each in OPTIONS]
    assert exported["options"][2]["choices"][0] == "markdown"
    assert [each["name"] for each in exported["subcommands"]] == [each.name for each in SUBCOMMANDS]


def test_jupyterlab_extension_has_the_same_grammar() -> None:
    root = Path(__file__).parents[2]
    theirs = root / "labextension" / "src" / "plugin" / "grammar.json"
    assert json.loads(theirs.read_text(encoding="utf-8")) == export(), (
        "write mirascope_nb.magics.grammar.export() there again"
    )


def test_flags_are_unique() -> None:
    assert len(flags()) == len(set(flags()))


def test_every_option_sets_a_field() -> None:
    fields = set(Options.__dataclass_fields__)
    assert {option.name for option in OPTIONS} <= fields | {"temperature", "max_tokens"}
