from types import SimpleNamespace
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.magics.conversations import Conversation, Turn, TurnKey
from mirascope_nb.magics.report import Report
from mirascope_nb.magics.transcript import Transcript, conversation_transcript

TRICK = "<script>alert(1)</script>\u202e\x1b[2J"


def html_of(value: Any) -> str:
    return str(value._repr_html_())


def test_plain_text_is_aligned() -> None:
    report = Report(
        title="T", columns=("a", "long"), rows=(("x", "1"), ("longer", "2")), notes=("N.",)
    )
    assert str(report) == repr(report)
    assert str(report) == "T\n\na       long\n------  ----\nx       1\nlonger  2\n\nN."


def test_report_without_rows_is_its_title() -> None:
    assert str(Report(title="T", columns=("a",))) == "T"


def test_rows_as_a_data_frame() -> None:
    pytest.importorskip("pandas")
    frame = Report(title="T", columns=("a", "b"), rows=(("x", "1"),)).to_frame()
    assert frame.to_dict("records") == [{"a": "x", "b": "1"}]


def test_nothing_in_a_report_acts() -> None:
    report = Report(title=TRICK, columns=("c",), rows=((TRICK,),), notes=(TRICK,))
    html = html_of(report)
    for text in (str(report), html):
        assert "\u202e" not in text
        assert "\x1b" not in text
    assert "<script" not in html
    assert "&lt;script" in html
    assert '<th scope="col">c</th>' in html


def test_transcript_shows_hidden_characters_and_keeps_lines() -> None:
    shown = Transcript((("user", f"one\n\ttwo\n{TRICK}"),))
    assert str(shown).startswith("[user]\none\n\ttwo\n<script>")
    assert "\u202e" not in str(shown)
    assert "\\u202e" in str(shown)
    assert "<script" not in html_of(shown)


def test_conversation_with_every_kind_of_part() -> None:
    conversation = Conversation("a", system="Be kind.")
    calls = llm.messages.assistant(
        [llm.Thought(thought="hm"), llm.ToolCall(id="1", name="f", args='{"x":1}')],
        model_id=None,
        provider_id=None,
    )
    user: Any = llm.messages.user(
        [
            "look",
            llm.Image.from_url("https://example.com/a.png"),
            llm.Document.from_bytes(b"%PDF-1234"),
            llm.ToolOutput(id="1", name="f", result="2"),
        ]
    )
    conversation.put(Turn(TurnKey("c"), (user, calls)))
    text = str(conversation_transcript(conversation))
    for words in (
        "[system]\nBe kind.",
        "[user]\nlook",
        "(image: https://example.com/a.png)",
        "(document: application/pdf, 9 bytes)",
        "(f gave 2)",
        "(thought) hm",
        '(calls f with {"x":1})',
    ):
        assert words in text


def test_text_document_is_shown_whole() -> None:
    part = SimpleNamespace(
        type="document",
        source=SimpleNamespace(type="text_document_source", data="a,b", media_type="text/csv"),
    )
    message: Any = SimpleNamespace(role="user", content=[part])
    conversation = Conversation("a")
    conversation.put(Turn(TurnKey("c"), (message,)))
    assert "(document: text/csv\na,b)" in str(conversation_transcript(conversation))
