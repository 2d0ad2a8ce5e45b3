"""Structured replies are laid out in tables, and nothing in them becomes markup."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mirascope_nb import llm
from mirascope_nb.display.bundle import said_markdown
from mirascope_nb.display.reprs import response_mimebundle
from mirascope_nb.display.values import MAX_ROWS, values_markdown
from mirascope_nb.text import neutralise

CASES: list[dict[str, str]] = json.loads(
    (Path(__file__).parents[2] / "labextension/tests/fixtures/values.json").read_text("utf-8")
)


def tables(markdown: str) -> list[list[list[str]]]:
    """The tables of a Markdown text as a reader sees them: rows of cells."""
    found: list[list[list[str]]] = []
    for token in MarkdownIt().enable("table").parse(markdown):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and found:
            found[-1][-1].append("".join(each.content for each in token.children or []))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_saved_output_and_the_live_card_agree(case: dict[str, str]) -> None:
    assert values_markdown(case["text"]) == case["markdown"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_laid_out_is_neutral_already(case: dict[str, str]) -> None:
    assert neutralise(case["markdown"]).strip() == case["markdown"]


def test_an_object_is_a_table_of_its_members() -> None:
    assert tables(values_markdown('{"a|b": "x | *y*", "n": 1}') or "") == [
        [["field", "value"], ["a|b", "x | *y*"], ["n", "1"]]
    ]


@pytest.mark.parametrize("text", ["", "words only", "{", "[1, 2", "{}", "[]", "a {b} c", "}{"])
def test_where_there_is_nothing_to_lay_out_nothing_is(text: str) -> None:
    assert values_markdown(text) is None


def test_json_that_broke_off_is_shown_as_it_is() -> None:
    assert said_markdown('{"a": "b', "values") == '```json\n{"a": "b\n```'


def test_words_before_a_tool_call_are_markdown() -> None:
    assert said_markdown("I will **look**.", "values") == "I will **look**."


def test_many_rows_are_cut_and_say_so() -> None:
    markdown = values_markdown(json.dumps([{"n": n} for n in range(MAX_ROWS + 1234)])) or ""
    assert len(tables(markdown)[0]) == MAX_ROWS + 1
    assert markdown.endswith("*and 1,234 more*")


def test_deep_nesting_ends_in_json() -> None:
    value: Any = 1
    for _ in range(5000):
        value = {"a": value}
    text = '{"a":' * 5000 + "1" + "}" * 5000
    assert values_markdown(text) is None or "a" in (values_markdown(text) or "")


def test_a_response_shows_its_object() -> None:
    response = llm.Model("sandbox/fast").call("Recommend a fantasy book.", format=list[str])
    data, _ = response_mimebundle(response)
    assert data["text/markdown"].startswith("- ")
    record = data["application/vnd.mirascope-nb.run+json"]
    assert record["format"] == "values"
    lines = data["text/markdown"].split("\n")
    assert record["blocks"][0]["lines"] == [0, len(lines)]
    assert data["text/plain"].startswith("- ")


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
nested = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)  # a busy machine is no defect
@given(st.dictionaries(st.text(max_size=6), nested, max_size=4) | st.lists(nested, max_size=4))
def test_nothing_in_a_value_becomes_markup(value: Any) -> None:
    markdown = values_markdown(json.dumps(value)) or ""
    allowed = {
        *("paragraph_open", "paragraph_close", "inline", "bullet_list_open", "bullet_list_close"),
        *("list_item_open", "list_item_close", "table_open", "table_close", "thead_open"),
        *("thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close", "th_open", "th_close"),
        *("td_open", "td_close"),
    }
    inline = {"text", "strong_open", "strong_close", "em_open", "em_close", "text_special"}
    for token in MarkdownIt().enable("table").parse(neutralise(markdown)):
        assert token.type in allowed, markdown
        assert {each.type for each in token.children or []} <= inline, markdown
