from typing import Any

import pytest
from IPython.core.error import UsageError

from mirascope_nb import llm
from mirascope_nb.magics.cell import CellConfig, CellRequest, Choice, read_cell, read_line

CONFIG = CellConfig(
    model="sandbox/fast",
    aliases={"parrot": "sandbox/echo"},
    providers=frozenset({"sandbox", "openai"}),
)


def cell(
    line: str, body: str = "Hi", names: dict[str, Any] | None = None, **config: Any
) -> CellRequest:
    from dataclasses import replace

    request = read_cell(line, body, names or {}, replace(CONFIG, **config))
    assert request is not None
    return request


@llm.tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


@llm.tool
def multiply(a: int, b: int) -> int:
    """Multiplies."""
    return a * b


def test_the_least_request() -> None:
    assert cell("") == CellRequest(
        choice=Choice(model="sandbox/fast", params={}, timeout=None), content=("Hi",)
    )


def test_request_is_frozen() -> None:
    with pytest.raises(AttributeError):
        cell("").quiet = True  # pyright: ignore[reportAttributeAccessIssue]


def test_everything_at_once() -> None:
    request = cell(
        "openai/x -o out -f json -s 'Be {mood}.' -p top_p=0.5 --temperature 0 --max-tokens 9 "
        "--thinking low -c talk --new -t add --approve deny --schema 'a int' -x -q --no-stream "
        "--timeout 3 --show-prompt",
        names={"mood": "kind", "add": add},
    )
    assert (request.model, request.output, request.format) == ("openai/x", "out", "json")
    assert request.system == "Be kind."
    assert request.params == {
        "top_p": 0.5,
        "temperature": 0.0,
        "max_tokens": 9,
        "thinking": {"level": "low", "include_thoughts": True},
    }
    assert (request.conversation, request.new, request.tools) == ("talk", True, (add,))
    assert (request.approve, request.timeout, request.stream) == ("deny", 3.0, False)
    assert set(request.schema.model_fields) == {"a"}
    assert request.extract
    assert request.quiet
    assert request.show_prompt


def test_line_wins_over_the_defaults() -> None:
    defaults: dict[str, Any] = {
        "system": "default",
        "format": "text",
        "approve": "allow",
        "params": {"temperature": 1.0, "seed": 1},
        "timeout": 9.0,
        "stream": False,
    }
    request = cell("", **defaults)
    assert (request.system_message(), request.format, request.approve) == (
        "default",
        "text",
        "allow",
    )
    assert (request.params, request.timeout, request.stream) == (
        {"temperature": 1.0, "seed": 1},
        9.0,
        False,
    )
    request = cell("-s own -f html --approve ask --temperature 0 --timeout 1", **defaults)
    assert (request.system, request.format, request.approve) == ("own", "html", "ask")
    assert request.params == {"temperature": 0.0, "seed": 1}
    assert request.timeout == 1.0
    assert cell("-s ''", **defaults).system_message() is None


def test_attachments_come_before_the_prompt() -> None:
    image = llm.Image.from_url("https://example.com/a.png")
    assert cell("-a pic -a n", names={"pic": image, "n": 1}).content == (
        image,
        "Attachment n:\n1\n",
        "Hi",
    )


def test_attachment_alone_is_enough() -> None:
    image = llm.Image.from_url("https://example.com/a.png")
    assert cell("-a pic", body="\n", names={"pic": image}).content == (image,)


def test_body_loses_only_its_blank_edges() -> None:
    assert cell("", body="\n\n  one\n\n two  \n\n").content == ("  one\n\n two",)


@pytest.mark.parametrize("body", ["", "\n", "  \n\t\n"])
def test_empty_prompt_is_refused(body: str) -> None:
    with pytest.raises(UsageError, match="nothing to send"):
        cell("", body=body)


def test_empty_value_is_refused_too() -> None:
    with pytest.raises(UsageError, match="nothing to send"):
        cell("", body="{x}", names={"x": ""})


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("-f json", "Answer with one JSON value and nothing else."),
        ("-f code -s Short.", "Short.\n\nAnswer with code in one fenced block, marked with"),
        ("-f markdown", None),
        ("-f json --schema 'a int'", None),
    ],
)
def test_format_is_asked_for(options: str, wanted: str | None) -> None:
    said = cell(options).system_message()
    assert said is None if wanted is None else said is not None and said.startswith(wanted)


def test_system_message_of_the_conversation_comes_between() -> None:
    assert cell("-s line", system="default").system_message("earlier") == "line"
    assert cell("", system="default").system_message("earlier") == "earlier"
    assert cell("", system="default").system_message() == "default"


@pytest.mark.parametrize(
    ("options", "offers"),
    [("", False), ("-x", True), ("-x -o a", False), ("-f code", True), ("-f code -o a", True)],
)
def test_code_is_offered_where_it_is_not_bound(options: str, *, offers: bool) -> None:
    assert cell(options).offers_code is offers


def test_tools_from_lists_toolkits_functions_and_the_provider() -> None:
    def plain(x: int) -> int:
        """Plain."""
        return x

    names = {"add": add, "both": [add, multiply], "kit": llm.Toolkit([multiply]), "plain": plain}
    assert cell("-t both", names=names).tools == (add, multiply)
    assert cell("-t add -t kit", names=names).tools == (add, multiply)
    assert [tool.name for tool in cell("-t plain", names=names).tools] == ["plain"]
    assert cell("-t web_search").tools == (llm.WebSearchTool(),)


def test_tool_inside_a_module() -> None:
    class Box:
        tool = add

    assert cell("-t box.tool", names={"box": Box}).tools == (add,)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("-t nothing", "-t 'nothing' is not among your variables"),
        ("-t ad", "Did you mean add?"),
        ("-t number", "neither a tool, a list of tools nor a toolkit"),
        ("-t add -t add", "two tools called add"),
        ("nonsense", "'nonsense' is neither provider/model nor an alias"),
        ("parot", "Did you mean parrot?"),
        ("sk/", "'sk/' is not a model"),
        ("--schema Nothing", "there is no Nothing"),
        ("-a nothing.txt", "neither a variable nor a file"),
        ("-s {mod}", "{mod} names no variable. Did you mean {mood}?"),
    ],
)
def test_wrong_name_is_refused(options: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        cell(options, names={"add": add, "number": 1, "mood": "kind"})
    assert words in str(caught.value)


def test_without_a_model_it_says_how_to_set_one() -> None:
    with pytest.raises(UsageError, match=r"%config LLMMagics\.model = 'provider/model'"):
        cell("", model=None)


def test_help_is_no_request() -> None:
    assert read_cell("--help", "", {}, CONFIG) is None
    assert read_line("--help", {}, CONFIG) is None


@pytest.mark.parametrize(
    ("line", "model", "prompt"),
    [
        ("Hi there", "sandbox/fast", "Hi there"),
        ("parrot Hi", "sandbox/echo", "Hi"),
        ("openai/x Hi", "openai/x", "Hi"),
        ("yes/no?", "sandbox/fast", "yes/no?"),
        ("-- parrot Hi", "sandbox/fast", "parrot Hi"),
        ("parrot", "sandbox/echo", None),
    ],
)
def test_one_line(line: str, model: str, prompt: str | None) -> None:
    if prompt is None:
        with pytest.raises(UsageError, match="nothing to send"):
            read_line(line, {}, CONFIG)
        return
    request = read_line(line, {}, CONFIG)
    assert request is not None
    assert (request.model, request.content) == (model, (prompt,))


def test_one_line_inserts_and_raw_does_not() -> None:
    names = {"x": 5}
    request = read_line("-m sandbox/{x} {x}", names, CONFIG)
    assert request is not None
    assert (request.model, request.content) == ("sandbox/5", ("5",))
    request = read_line("--raw {x}", names, CONFIG)
    assert request is not None
    assert request.content == ("{x}",)


@pytest.mark.parametrize("read", [lambda: cell("openai:gpt-5"), lambda: cell("-m openai:gpt-5")])
def test_a_model_written_with_a_colon_is_told_how(read: Any) -> None:
    with pytest.raises(UsageError, match=r"written with a slash here: openai/gpt-5\."):
        read()


def test_a_one_line_prompt_is_told_too_where_the_word_is_a_provider() -> None:
    with pytest.raises(UsageError, match="openai/gpt-5"):
        read_line("openai:gpt-5 Hi", {}, CONFIG)
    for prompt in ("note:this is a prompt", "openai: what is it?", "10:30 is when?"):
        request = read_line(prompt, {}, CONFIG)
        assert request is not None
        assert request.content == (prompt,)
