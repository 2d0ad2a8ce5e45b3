"""Hidden characters: escaped in what a person decides on, stripped from what a person reads."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope_nb.text import (
    escape_invisible,
    is_invisible,
    one_line,
    plain_text,
    well_formed,
)
from mirascope_nb.text.escape import TerminalFilter


def test_every_character_that_unicode_calls_hidden_is_hidden() -> None:
    hidden = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}
    missed = [
        f"{code:04x}"
        for code in range(0x110000)
        if (unicodedata.category(chr(code)) in hidden) != is_invisible(chr(code))
        and unicodedata.category(chr(code)) in hidden
    ]
    assert missed == []


def test_blanks_and_fillers_that_look_like_nothing_are_hidden_too() -> None:
    for character in "\u00a0\u115f\u1680\u2003\u2800\u3000\u3164\uffa0\ufe0f\U000e0100":
        assert is_invisible(character)


def test_letters_marks_and_symbols_are_not() -> None:
    for character in " aé漢ع\u0301€😀\u0939":
        assert not is_invisible(character)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
        ("a\x1b[31m\x7f\x9b", "a\\x1b[31m\\x7f\\x9b"),
        ("pay\u202eload\u200b", "pay\\u202eload\\u200b"),
        ("\U000e0041\ud800", "\\U000e0041\\ud800"),
        ("naïve 漢字", "naïve 漢字"),
    ],
)
def test_hidden_characters_are_written_out(text: str, shown: str) -> None:
    assert escape_invisible(text) == shown


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=())))
def test_escaped_text_hides_nothing_and_can_be_sent(text: str) -> None:
    shown = escape_invisible(text)
    assert not any(is_invisible(character) for character in shown)
    shown.encode()


def test_halves_of_a_character_are_joined_and_lone_ones_replaced() -> None:
    assert well_formed("\ud83d\ude00") == "😀"
    assert well_formed("a\ud83d b\ude00") == "a\ufffd b\ufffd"
    assert well_formed("é") == "é"


def test_terminal_sequences_and_controls_are_stripped_from_prose() -> None:
    link = "\x1b]8;;https://evil\x07text\x1b]8;;\x1b\\"
    assert plain_text(f"\x1b[1;31mred\x1b[0m {link}\x08\x00 a\r\nb\rc\td") == "red text a\nb\nc\td"
    assert plain_text("\x9b2Jx\x9d0;title\x9cy") == "xy"
    assert plain_text("\x1b]never ended") == "]never ended"


def test_overrides_of_direction_are_stripped_and_marks_of_writing_stay() -> None:
    assert plain_text("a\u202eb\u2066c") == "abc"
    persian, family = "می\u200cخواهم", "👩\u200d👧 ❤\ufe0f"  # noqa: RUF001
    assert plain_text(persian) == persian
    assert plain_text(family) == family


def test_one_line_is_short_and_hides_nothing() -> None:
    assert one_line("  a\n\n b\u200bc  ") == "a b\\u200bc"
    assert one_line("x" * 300, limit=10) == "x" * 9 + "…"


HOSTILE = st.lists(
    st.sampled_from(
        [
            "\x1b",
            "[",
            "31m",
            "]",
            "8;;x",
            "\x07",
            "\\",
            "\x9b",
            "\x9d",
            "\x9c",
            "P",
            "a",
            "\r",
            "\n",
            "�",
            "�",
            " ",
            "\x1b[2J",
            "\x1b]0;t\x07",
        ]
    ),
    max_size=30,
)


@given(HOSTILE)
def test_a_stream_cut_anywhere_never_lets_a_control_character_through(pieces: list[str]) -> None:
    filtered = TerminalFilter()
    written = "".join(filtered.feed(piece) for piece in pieces) + filtered.flush()
    assert not any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in written)
    written.encode()


@given(HOSTILE)
def test_a_stream_reads_the_same_however_it_is_cut(pieces: list[str]) -> None:
    text = "".join(pieces)
    whole = TerminalFilter()
    by_character = TerminalFilter()
    at_once = whole.feed(text) + whole.flush()
    assert "".join(by_character.feed(c) for c in text) + by_character.flush() == at_once


def test_a_sequence_without_an_end_does_not_hold_the_rest_back_for_ever() -> None:
    filtered = TerminalFilter()
    written = filtered.feed("\x1b]0;") + "".join(filtered.feed("x" * 10) for _ in range(100))
    assert len(written) >= 900
