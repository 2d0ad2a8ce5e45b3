"""Structured replies as lines of text, whole and while they come."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope_nb.display.tree import GrowingValues, values_text

BOOK = {
    "title": "Dune",
    "pages": 612,
    "read": True,
    "subtitle": None,
    "tags": ["desert", "spice"],
    "author": {"name": "Frank Herbert", "born": 1920},
    "parts": [{"name": "Dune", "year": 1965}, {"name": "Messiah", "year": 1969}],
    "about": "Two lines\nof text",
}
LAID_OUT = """\
title: Dune
pages: 612
read: yes
subtitle:
tags:
  - desert
  - spice
author:
  name: Frank Herbert
  born: 1920
parts:
  - name: Dune
    year: 1965
  - name: Messiah
    year: 1969
about: Two lines
  of text"""


def grow(pieces: list[str]) -> str:
    growing = GrowingValues()
    return "".join([*(growing.feed(piece) for piece in pieces), growing.finish()])


def test_each_member_has_a_line() -> None:
    assert values_text(json.dumps(BOOK)) == LAID_OUT
    assert values_text(f"Here:\n```json\n{json.dumps(BOOK)}\n```\nThat is all.") == LAID_OUT


def test_a_plain_type_stands_for_itself() -> None:
    assert values_text('{"output": ["a", "b"]}') == "- a\n- b"
    assert values_text('{"output": 42}') == "42"


@pytest.mark.parametrize("text", ["", "Sorry, no.", "{}", "[]", "I [sic] do", "{no json}"])
def test_what_holds_no_values_is_left_as_it_is(text: str) -> None:
    assert values_text(text) is None
    assert grow([text]) == text


def test_a_reply_that_was_cut_off_is_laid_out_as_far_as_it_goes() -> None:
    assert values_text('{"title": "Dune", "author": {"name": "Frank H') == (
        "title: Dune\nauthor:\n  name: Frank H"
    )


def test_no_text_can_pass_for_a_member_and_nothing_acts_on_the_screen() -> None:
    text = values_text(json.dumps({"name": "x\nadmin: yes\x1b[2J", "a\nb": 1})) or ""
    assert text == "name: x\n  admin: yes\na b: 1"


def test_it_is_written_while_it_comes() -> None:
    growing = GrowingValues()
    source = json.dumps(BOOK)
    half = source.index("Herbert") + 3
    assert growing.feed(source[:half]) == LAID_OUT[: LAID_OUT.index("Herbert") + 3]
    assert growing.feed(source[half:]) == LAID_OUT[LAID_OUT.index("Herbert") + 3 :]
    assert growing.finish() == ""


def test_byte_by_byte_nothing_is_taken_back() -> None:
    assert grow(list(json.dumps(BOOK))) == LAID_OUT
    assert grow(list(json.dumps(BOOK, ensure_ascii=False, indent=2))) == LAID_OUT


def test_what_did_not_go_on_as_it_began_is_written_anew() -> None:
    assert grow(['{"output": "a', '", "more": 1}']) == "a\n\noutput: a\nmore: 1"


def test_what_is_nested_too_deep_is_left_as_it_is() -> None:
    text = "[" * 5000 + "]" * 5000
    assert values_text(text) is None


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
nested = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=6), nested, max_size=4), st.randoms())
def test_however_it_is_cut_the_end_holds_the_whole(value: Any, random: Any) -> None:
    source = json.dumps(value)
    cuts = sorted(random.randint(0, len(source)) for _ in range(3))
    pieces = [source[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    assert grow(pieces).endswith(values_text(source) or source)
