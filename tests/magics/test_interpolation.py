import runpy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError

from mirascope_nb.magics.interpolation import interpolate, interpolate_text

_corpus = runpy.run_path(str(Path(__file__).with_name("corpus.py")))
NAMES: dict[str, Any] = _corpus["NAMES"]
UNTOUCHED: dict[str, str] = _corpus["UNTOUCHED"]
FILLED_IN: dict[str, str] = _corpus["FILLED_IN"]
REFUSED: dict[str, str] = _corpus["REFUSED"]


def one(text: str, names: dict[str, Any] | None = None) -> str:
    pieces = interpolate(text, NAMES if names is None else names)
    assert len(pieces) <= 1
    return str(pieces[0]) if pieces else ""


@pytest.mark.parametrize(("text", "expected"), FILLED_IN.items())
def test_forms_are_replaced(text: str, expected: str) -> None:
    assert one(text) == expected


@pytest.mark.parametrize("kind", UNTOUCHED)
def test_other_languages_pass_untouched(kind: str) -> None:
    assert one(UNTOUCHED[kind]) == UNTOUCHED[kind]


@pytest.mark.parametrize(("text", "said"), REFUSED.items())
def test_slips_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        one(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        r"\frac{p}",
        r"\sqrt[3]{p}",
        r"\section*{p}",
        "}{p}",
        "x^{p}",
        "x_{p}",
        "${p}",
    ],
)
def test_unresolved_name_after_a_latex_command_stays(text: str) -> None:
    assert one(text) == text


def test_resolved_name_after_a_latex_command_is_inserted() -> None:
    assert one(r"\frac{n}{2}") == r"\frac7{2}"


def test_lone_unknown_name_is_an_error_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        one("Hi {namee}")
    assert str(caught.value) == (
        "{namee} names no variable. Did you mean {name}? "
        "For literal braces write {{namee}}, or use --raw."
    )


def test_lone_unknown_name_without_a_near_one() -> None:
    with pytest.raises(UsageError, match=r"^\{zzz\} names no variable\. For literal"):
        one("{zzz}")


def test_attribute_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UsageError) as caught:
        one("{thing.titl}")
    assert "{thing.titl}: thing has no .titl" in str(caught.value)
    assert "Did you mean title?" in str(caught.value)


@pytest.mark.parametrize("text", ["{items[9]}", "{data['no']}", "{n[0]}", "{data['key']['no']}"])
def test_item_that_is_not_there_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="has no"):
        one(text)


def test_format_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"\{name:\.2f\} cannot be inserted: ValueError"):
        one("{name:.2f}")


def test_error_of_a_value_is_one_line() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("two\nlines")

    with pytest.raises(UsageError) as caught:
        one("{b}", {"b": Broken()})
    assert "RuntimeError: two lines" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_inserted_text_is_not_scanned_again() -> None:
    names = {"a": "{b} {{b}} {nope}", "b": "B"}
    assert one("{a}{b}", names) == "{b} {{b}} {nope}B"


def test_text_is_inserted_verbatim() -> None:
    value = "line 1\n\n\t{x} \\n 'é' 🐢\u202e "
    assert one("[{v}]", {"v": value}) == f"[{value}]"


def test_date_format() -> None:
    import datetime as dt

    day = dt.date(2024, 2, 29)
    assert one("{day:%d.%m.%Y}", {"day": day}) == "29.02.2024"


def test_calls_are_never_made() -> None:
    called: list[int] = []
    names = {"f": lambda: called.append(1)}
    assert one("{f()} {f.__call__()}", names) == "{f()} {f.__call__()}"
    assert called == []


def test_response_is_inserted_as_its_text() -> None:
    class Reply:
        messages = ()
        finish_reason = None

        def text(self) -> str:
            return "the reply"

    assert one("{r}", {"r": Reply()}) == "the reply"


def test_only_text_goes_into_an_option() -> None:
    from mirascope_nb import llm

    image = llm.Image.from_url("https://example.com/a.png")
    assert interpolate_text("be {name}", NAMES) == "be Ada"
    with pytest.raises(UsageError, match="only text"):
        interpolate_text("{pic}", {"pic": image})


def test_part_splits_the_text() -> None:
    from mirascope_nb import llm

    image = llm.Image.from_url("https://example.com/a.png")
    assert interpolate("Look: {pic} and {name}", {**NAMES, "pic": image}) == (
        "Look: ",
        image,
        " and Ada",
    )


braces = st.text(alphabet=st.sampled_from('{}ab:!.[]"$\\^_ 0\n,') | st.characters(), max_size=60)


@given(braces)
def test_text_without_resolvable_names_is_unchanged(text: str) -> None:
    try:
        pieces = interpolate(text, {})
    except UsageError:
        return  # a lone {identifier}
    result = "".join(str(piece) for piece in pieces)
    # Only a doubled lone identifier changes: it loses its outer braces.
    import re

    assert result == re.sub(r"\{\{((?!\w*__)[^\W\d]\w*)\}\}", r"{\1}", text) or result == text


@given(st.text(max_size=40), st.text(alphabet="xyz\n '\"", max_size=20))
def test_value_is_inserted_verbatim_between_any_text(value: str, around: str) -> None:
    assert one(f"{around}{{v}}{around}", {"v": value}) == f"{around}{value}{around}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values)
def test_any_json_passes_untouched(value: Any) -> None:
    import json

    for separators in ((",", ":"), (", ", ": ")):
        text = json.dumps(value, separators=separators)
        try:
            assert one(text, {}) == text
        except UsageError:
            # A string in it that is itself a lone {identifier}.
            assert "{" in json.dumps(value, separators=separators).strip("{}")
