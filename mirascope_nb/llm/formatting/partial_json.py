r"""JSON that is still being written, parsed as it arrives.

`PartialJSON` is fed the pieces of a text and always has the value of what has arrived: the object
that begins at the first `{`, as far as it goes. Each character is looked at once, and containers
grow in place, so that a stream costs time in proportion to its length however often the value is
read.

What counts as a value is defined by
`pydantic_core.from_json(text, allow_partial="trailing-strings")`, which a test compares at every
prefix. In particular

- a string that is not closed is there as far as it goes, up to an escape that is not whole;
- a number at the end of the text is there if it is one so far: `1` of `12`, but nothing of `1.`;
- a word (`true`) is there when it is whole, and a name when it has a value;
- after a value, anything but a comma or a closing bracket ends the container: `{"a": 1 2` is
  `{"a": 1}`, for good;
- anything else that is not JSON, or nests more than 200 deep, leaves no value at all.

Only a number of more than 65,536 characters is refused here and not there.

States, and what moves between them (outside strings, white space moves nothing):

```
seek             {                      → at_first_name
at_first_name    "                      → in_text, a name      }  → after
at_name          "                      → in_text, a name
at_colon         :                      → at_value
at_first_value   ]                      → after                otherwise as at_value
at_value         "                      → in_text              -, digit  → in_number
                 {                      → at_first_name        t f n N I → in_word
                 [                      → at_first_value
in_text          "                      → at_colon after a name, else after
                 \                      → in_escape
in_escape        u                      → in_hex               otherwise → in_text
in_hex           the code is whole      → in_text, or in_hex for the second of a pair
in_number        what is no part of it  → after, with the same character
in_word          the word is whole      → after
after            ,                      → at_name or at_value  } or ]    → after, further out
                 anything else          → after, further out, with the same character
done             the object is over, or is not JSON: the rest of the text is ignored
```
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Any, Final, TypeAlias

__all__ = ["MISSING", "Missing", "PartialJSON"]


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = auto()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING
"""No value, or none yet. `None` would be JSON's `null`."""

Container: TypeAlias = dict[str, Any] | list[Any]

_MAX_DEPTH = 200
_MAX_INTEGER = 4_300
"""Digits before the point. Longer integers are refused: reading them takes quadratic time."""
_MAX_NUMBER = 65_536
"""In characters. Nobody means a number longer than this."""

_WHITESPACE = " \t\n\r"
# Halves of surrogate pairs end plain text as control characters do: neither may be in a string.
_PLAIN = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]*')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_HEX_BYTES = 4
_SURROGATES = range(0xD800, 0xE000)
_LOW_SURROGATES = range(0xDC00, 0xE000)

_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_WORDS: dict[str, tuple[str, Any]] = {
    "t": ("true", True),
    "f": ("false", False),
    "n": ("null", None),
    "N": ("NaN", float("nan")),
    "I": ("Infinity", float("inf")),
}
_MINUS_INFINITY = ("-Infinity", float("-inf"))

_DIGITS = "0123456789"
# How a number goes on: what it has come to, and what each character makes of that.
_NUMBER_MOVES: dict[str, dict[str, str]] = {
    "start": {"-": "minus", "0": "zero", **dict.fromkeys("123456789", "integer")},
    "minus": {"0": "zero", **dict.fromkeys("123456789", "integer")},
    "zero": {".": "point", "e": "e", "E": "e"},
    "integer": {**dict.fromkeys(_DIGITS, "integer"), ".": "point", "e": "e", "E": "e"},
    "point": dict.fromkeys(_DIGITS, "fraction"),
    "fraction": {**dict.fromkeys(_DIGITS, "fraction"), "e": "e", "E": "e"},
    "e": {"+": "sign", "-": "sign", **dict.fromkeys(_DIGITS, "exponent")},
    "sign": dict.fromkeys(_DIGITS, "exponent"),
    "exponent": dict.fromkeys(_DIGITS, "exponent"),
}
_WHOLE_NUMBERS = frozenset({"zero", "integer", "fraction", "exponent"})
_LONG_INTEGER = re.compile(rf"-?[0-9]{{{_MAX_INTEGER + 1}}}")


class PartialJSON:
    """An incremental parser of one JSON object, which never raises.

    A state is the method that takes the text at hand and an index into it, and returns the index
    to go on from.
    """

    __slots__ = (
        "_before",
        "_containers",
        "_high",
        "_is_name",
        "_is_shown",
        "_name",
        "_parts",
        "_pending",
        "_phase",
        "_root",
        "_state",
        "_text",
        "_word",
        "has_repeats",
    )

    has_repeats: bool
    """Whether an object has named a member twice, so that a value which was over has changed."""

    def __init__(self) -> None:
        self.has_repeats = False
        self._containers: list[Container] = []  # the outermost first
        self._root: Any = MISSING
        self._state = self._seek
        self._name = ""  # of the member whose value is next or under way
        # The string under way:
        self._is_name = False
        self._parts: list[str] = []  # what came since it was last joined
        self._text = ""  # what came before, as it stands in its container
        # The escape, number or word under way:
        self._pending = ""
        self._high = 0  # the first half of a surrogate pair that waits for the second
        self._phase = "start"
        self._word: tuple[str, Any] = ("", None)
        # A number that is in its container though it may go on, and what was in its place:
        self._is_shown = False
        self._before: Any = MISSING

    def feed(self, delta: str) -> None:
        """Take the next piece of the text."""
        if self._is_shown:
            self._withdraw_number()
        index = 0
        while index < len(delta):
            index = self._state(delta, index)

    @property
    def value(self) -> Any:
        """The value of the text so far, or `MISSING`.

        It is the parser's own object, which goes on growing: copy it to keep it.
        """
        if self._state == self._in_number:
            if not self._is_shown:
                self._show_number()
        elif self._parts and not self._is_name:
            self._join()
        return self._root

    @property
    def is_complete(self) -> bool:
        """Whether the object is over, so that nothing can change its value any more."""
        return self._state == self._done

    # Outside strings

    def _seek(self, text: str, index: int) -> int:
        index = text.find("{", index)
        if index < 0:
            return len(text)
        self._root = {}
        self._containers.append(self._root)
        self._state = self._at_first_name
        return index + 1

    def _at_first_name(self, text: str, index: int) -> int:
        if text[index] == "}":
            return self._close(index + 1)
        return self._at_name(text, index)

    def _at_name(self, text: str, index: int) -> int:
        mark = text[index]
        if mark in _WHITESPACE:
            return index + 1
        if mark != '"':
            return self._fail(text)
        self._is_name = True
        self._state = self._in_text
        return index + 1

    def _at_colon(self, text: str, index: int) -> int:
        mark = text[index]
        if mark in _WHITESPACE:
            return index + 1
        if mark != ":":
            return self._fail(text)
        self._state = self._at_value
        return index + 1

    def _at_first_value(self, text: str, index: int) -> int:
        if text[index] == "]":
            return self._close(index + 1)
        return self._at_value(text, index)

    def _at_value(self, text: str, index: int) -> int:
        mark = text[index]
        if mark in _WHITESPACE:
            return index + 1
        if len(self._containers) > _MAX_DEPTH:
            return self._fail(text)
        if mark == '"':
            self._put("")
            self._state = self._in_text
            return index + 1
        if mark == "{":
            return self._open({}, index + 1)
        if mark == "[":
            return self._open([], index + 1)
        self._pending = ""
        if mark in _NUMBER_MOVES["start"]:
            self._phase = "start"
            self._state = self._in_number
            return index
        if mark in _WORDS:
            self._word = _WORDS[mark]
            self._state = self._in_word
            return index
        return self._fail(text)

    def _after(self, text: str, index: int) -> int:
        mark = text[index]
        if mark in _WHITESPACE:
            return index + 1
        is_object = isinstance(self._containers[-1], dict)
        if mark == ",":
            self._state = self._at_name if is_object else self._at_value
            return index + 1
        is_end = mark == ("}" if is_object else "]")
        return self._close(index + is_end)

    def _done(self, text: str, index: int) -> int:  # noqa: ARG002, a state like the others
        return len(text)

    def _fail(self, text: str) -> int:
        self._containers.clear()
        self._parts.clear()
        self._root = MISSING
        self._state = self._done
        return len(text)

    def _put(self, value: object) -> None:
        container = self._containers[-1]
        if isinstance(container, dict):
            self.has_repeats = self.has_repeats or self._name in container
            container[self._name] = value
        else:
            container.append(value)

    def _open(self, container: Container, index: int) -> int:
        self._put(container)
        self._containers.append(container)
        self._state = self._at_first_name if isinstance(container, dict) else self._at_first_value
        return index

    def _close(self, index: int) -> int:
        self._containers.pop()
        self._state = self._after if self._containers else self._done
        return index

    # Strings

    def _in_text(self, text: str, index: int) -> int:
        plain = _PLAIN.match(text, index)
        end = plain.end() if plain else index
        if end > index:
            self._parts.append(text[index:end])
        if end == len(text):
            return end
        if text[end] == "\\":
            self._state = self._in_escape
        elif text[end] == '"':
            self._end_text()
        else:
            return self._fail(text)
        return end + 1

    def _end_text(self) -> None:
        if self._is_name:
            self._name = "".join(self._parts)
            self._parts.clear()
            self._is_name = False
            self._state = self._at_colon
        else:
            self._join()
            self._text = ""
            self._state = self._after

    def _join(self) -> None:
        """Bring the string in its container up to date."""
        container = self._containers[-1]
        key: Any = self._name if isinstance(container, dict) else -1
        text = self._text
        # With no other reference to it, CPython lengthens a string in place.
        self._text = container[key] = ""
        text += "".join(self._parts)
        self._text = container[key] = text
        self._parts.clear()

    def _in_escape(self, text: str, index: int) -> int:
        mark = text[index]
        if mark == "u":
            self._pending = ""
            self._state = self._in_hex
        elif mark in _ESCAPES:
            self._parts.append(_ESCAPES[mark])
            self._state = self._in_text
        else:
            return self._fail(text)
        return index + 1

    def _in_hex(self, text: str, index: int) -> int:
        # `\u` and four bytes. In the second half of a pair, `\u` itself is pending as well.
        self._pending += text[index]
        if self._high and len(self._pending) <= len("\\u"):
            return index + 1 if "\\u".startswith(self._pending) else self._fail(text)
        digits = self._pending[2:] if self._high else self._pending
        if len(digits.encode(errors="replace")) < _HEX_BYTES:
            return index + 1
        if not _HEX.fullmatch(digits):
            return self._fail(text)
        self._pending = ""
        return index + 1 if self._add_code_unit(int(digits, 16)) else self._fail(text)

    def _add_code_unit(self, unit: int) -> bool:
        """Take a UTF-16 code unit, and say whether it may stand where it stands."""
        is_low = unit in _LOW_SURROGATES
        if is_low != bool(self._high):
            return False
        if is_low:
            unit = 0x10000 + ((self._high - 0xD800) << 10) + (unit - 0xDC00)
            self._high = 0
        elif unit in _SURROGATES:
            self._high = unit
            return True
        self._parts.append(chr(unit))
        self._state = self._in_text
        return True

    # Numbers and words

    def _in_number(self, text: str, index: int) -> int:
        end = index
        while end < len(text):
            phase = _NUMBER_MOVES[self._phase].get(text[end])
            if phase is None:
                break
            self._phase = phase
            end += 1
        self._pending += text[index:end]
        if len(self._pending) > _MAX_NUMBER or _LONG_INTEGER.match(self._pending):
            return self._fail(text)
        if end == len(text):
            return end
        return self._end_number(text, end)

    def _end_number(self, text: str, index: int) -> int:
        mark = text[index]
        if self._phase == "minus" and mark == "I":
            self._word = _MINUS_INFINITY
            self._state = self._in_word
            return index
        number = self._number()
        if number is MISSING or (self._phase == "zero" and mark in _DIGITS):
            return self._fail(text)
        self._put(number)
        self._state = self._after
        return index

    def _number(self) -> int | float | Missing:
        """The number under way, if it is one so far."""
        if self._phase not in _WHOLE_NUMBERS:
            return MISSING
        try:
            return (int if self._phase in {"zero", "integer"} else float)(self._pending)
        except ValueError:  # longer than this interpreter is set to take
            return MISSING

    def _show_number(self) -> None:
        number = self._number()
        if number is MISSING:
            return
        container = self._containers[-1]
        self._before = (
            container.get(self._name, MISSING) if isinstance(container, dict) else MISSING
        )
        self._put(number)
        self._is_shown = True

    def _withdraw_number(self) -> None:
        container = self._containers[-1]
        if isinstance(container, list):
            container.pop()
        elif self._before is MISSING:
            del container[self._name]
        else:
            container[self._name] = self._before
        self._is_shown = False

    def _in_word(self, text: str, index: int) -> int:
        word, value = self._word
        rest = word[len(self._pending) :]
        piece = text[index : index + len(rest)]
        if not rest.startswith(piece):
            return self._fail(text)
        self._pending += piece
        if self._pending == word:
            self._put(value)
            self._state = self._after
        return index + len(piece)
