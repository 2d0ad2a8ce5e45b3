"""Mime bundles: neutral, complete, and equal between equal runs."""

from collections.abc import Callable

import pytest

from mirascope_nb.display import (
    METADATA_KEY,
    MIME_TYPE,
    Failed,
    Reasoned,
    Reply,
    Said,
    ToolRun,
    extract_code,
    reply_bundle,
    reply_markdown,
    reply_text,
)
from mirascope_nb.display.bundle import arguments_line
from mirascope_nb.text.neutralise import is_neutral

MakeReply = Callable[..., Reply]
WEATHER = ToolRun(
    call="c",
    name="weather",
    arguments='{"city":"Tokyo","days":2}',
    state="ok",
    decision="approved",
    by="person",
    result="72",
)


def test_a_bundle_has_three_views_and_its_timing_apart(make_reply: MakeReply) -> None:
    data, metadata = reply_bundle(make_reply(Said(text="Hi **you**"), elapsed=1.0))
    assert data["text/markdown"] == data["text/plain"] == "Hi **you**"
    assert data[MIME_TYPE]["blocks"] == [{"type": "text", "lines": [0, 1]}]
    assert metadata[METADATA_KEY]["elapsed"] == 1.0
    assert set(data) == {"text/markdown", "text/plain", MIME_TYPE}


def test_a_text_block_names_its_lines_in_the_markdown(make_reply: MakeReply) -> None:
    reply = make_reply(
        Reasoned(text="hm"), Said(text="a\n\nb"), WEATHER, Said(text=""), Said(text="c <b>")
    )
    markdown, places = reply_markdown(reply)
    lines = markdown.split("\n")
    assert [lines[first:last] for first, last in places] == [["a", "", "b"], [], ["c &lt;b>"]]


def test_tool_calls_are_told_in_both_texts(make_reply: MakeReply) -> None:
    data = reply_bundle(make_reply(WEATHER)).data
    head = 'weather(city="Tokyo", days=2)'
    assert data["text/plain"] == f"[tool] {head} · approved by a person, ok\n  72"
    assert data["text/markdown"] == f"`{head}` · approved by a person, ok\n\n```text\n72\n```"


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        (ToolRun(call="", name="t", arguments="{}", state="proposed"), "not run"),
        (
            ToolRun(
                call="", name="t", arguments="", state="denied", decision="denied", by="person",
                reason="Not before Monday.",
            ),
            "denied by a person: Not before Monday.",
        ),
        (
            ToolRun(
                call="", name="t", arguments="", state="auto_denied", decision="auto_denied",
                by="policy",
            ),
            "denied by policy",
        ),
        (
            ToolRun(
                call="", name="t", arguments="", state="expired", decision="expired", by="timeout"
            ),
            "expired",
        ),
    ],
)  # fmt: skip
def test_a_verdict_says_what_happened_and_who_decided(
    make_reply: MakeReply, tool: ToolRun, told: str
) -> None:
    assert reply_text(make_reply(tool)) == f"[tool] t() · {told}"


@pytest.mark.parametrize(
    ("fields", "ending"),
    [
        ({"state": "stopped"}, "Stopped."),
        ({"finish": "max_tokens"}, "Ended early: max tokens."),
        ({"state": "streaming"}, "Still running."),
    ],
)
def test_how_it_ended_is_said_below(
    make_reply: MakeReply, fields: dict[str, str], ending: str
) -> None:
    reply = make_reply(Said(text="Hi"), **fields)
    assert reply_markdown(reply)[0] == f"Hi\n\n*{ending}*"
    assert reply_text(reply) == f"Hi\n\n[{ending}]"


def test_a_note_stands_above_and_its_marks_are_literal(make_reply: MakeReply) -> None:
    reply = make_reply(Said(text="Hi"), note="A *title* <b>")
    markdown, [(first, last)] = reply_markdown(reply)
    assert markdown == "*A \\*title\\* &lt;b>*\n\nHi"
    assert markdown.split("\n")[first:last] == ["Hi"]
    assert reply_text(reply) == "[A *title* <b>]\n\nHi"


def test_an_error_is_two_lines_and_its_marks_are_literal(make_reply: MakeReply) -> None:
    reply = make_reply(Failed(title="Bad *x* <b>", message="Do `y`."), state="failed")
    assert reply_markdown(reply)[0] == "**Bad \\*x\\* &lt;b>**\n\nDo \\`y\\`."
    assert reply_text(reply) == "Bad *x* <b>\nDo `y`."


@pytest.mark.parametrize(
    ("format", "text", "markdown"),
    [
        ("text", "# a <b>", "```text\n# a <b>\n```"),
        ("json", '{"a": [1]}', '```json\n{\n  "a": [\n    1\n  ]\n}\n```'),
        ("json", '{"a":', '```json\n{"a":\n```'),
        ("html", "<b>x</b>", "```html\n<b>x</b>\n```"),
        ("code", "Sure:\n```py\nx = 1\n```\nDone.", "```py\nx = 1\n```"),
        ("code", "```c++ x\nint x;\n```", "```c++\nint x;\n```"),
        ("code", "```mermaid\ngraph\n```", "```text\ngraph\n```"),
        ("math", "x^2", "$$\nx^2\n$$"),
        ("math", "So $x$.", "So $x$."),
    ],
)
def test_the_format_decides_how_a_text_is_shown(
    make_reply: MakeReply, format: str, text: str, markdown: str
) -> None:
    assert reply_markdown(make_reply(Said(text=text), format=format))[0] == markdown


def test_a_piece_cannot_change_how_the_next_one_is_read(make_reply: MakeReply) -> None:
    # An open fence is closed; a list would make text of the indented code that follows it.
    fence = make_reply(Said(text="```\nopen"), Said(text="```\n<script>\n```"), WEATHER)
    listed = make_reply(Said(text="- a"), Said(text="    <script>"))
    for reply in (fence, listed):
        markdown, places = reply_markdown(reply)
        assert is_neutral(markdown)
        assert len(places) == 2
    lines = reply_markdown(listed)[0].split("\n")
    assert lines[slice(*reply_markdown(listed)[1][1])] == ["```text", "    <script>", "```"]


def test_backticks_in_a_call_do_not_end_its_code(make_reply: MakeReply) -> None:
    tool = ToolRun(call="", name="t", arguments='{"a":"``<b>`"}', state="ok")
    markdown = reply_markdown(make_reply(tool))[0]
    assert markdown == '```t(a="``<b>`")``` · ok'
    assert is_neutral(markdown)


def test_hidden_characters_of_a_call_are_shown_and_those_of_a_reply_are_gone(
    make_reply: MakeReply,
) -> None:
    tool = ToolRun(call="", name="t", arguments='{"a":"x\u202ey"}', state="ok")
    text = reply_text(make_reply(tool, Said(text="a\x1b[2J\u202eb")))
    assert text == '[tool] t(a="x\\u202ey") · ok\n\nab'


def test_arguments_that_are_no_object_are_shown_as_they_are() -> None:
    assert arguments_line('{"a":') == '{"a":'
    assert arguments_line("[1]") == "[1]"
    assert arguments_line("") == ""
    assert arguments_line("[" * 100_000) == "[" * 100_000


def test_code_is_taken_from_the_first_fence_or_is_all_of_it() -> None:
    assert extract_code("a\n~~~ js x\nb\n```\n~~~\nc") == ("js", "b\n```")
    assert extract_code("````py\na\n```\n````") == ("py", "a\n```")
    assert extract_code("```py\nnever closed") == ("py", "never closed")
    assert extract_code("x = 1") == ("text", "x = 1")
