"""Text that matches a regular expression, for schemas that demand a `pattern`."""

import importlib
import re
from collections.abc import Iterator
from typing import Any

_MOST_REPEATS = 2
_COMMON = ("1", "a", "A1", "abc", "123", "a-1", "example.org", "2026-01-15")
_CANDIDATES = "aA1_- .@/:+" + "bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ0234567890"


def matching(pattern: str) -> str | None:
    """A short text that the pattern matches, or `None` when it is beyond this simple search.

    Conditions that look around or refer back are ignored in the search; the result is checked.
    """
    try:
        # The parse tree of a pattern has no public face.
        tree: Any = importlib.import_module("re._parser").parse(pattern)
        candidates = ("".join(_write(tree)), *_COMMON)
        return next((text for text in candidates if re.search(pattern, text)), None)
    except (ImportError, re.error, RecursionError, OverflowError, LookupError, TypeError):
        return None


def _write(tree: Any) -> Iterator[str]:
    for operation, argument in tree:
        yield from _piece(str(operation), argument)


def _piece(operation: str, argument: Any) -> Iterator[str]:
    match operation:
        case "LITERAL":
            yield chr(argument)
        case "NOT_LITERAL":
            yield next(letter for letter in _CANDIDATES if ord(letter) != argument)
        case "ANY":
            yield "a"
        case "IN":
            yield next(
                letter for letter in _CANDIDATES + _letters(argument) if _is_in(letter, argument)
            )
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, body = argument
            for _ in range(max(int(least), min(int(most), _MOST_REPEATS if not least else 0))):
                yield from _write(body)
        case "SUBPATTERN":
            yield from _write(argument[-1])
        case "ATOMIC_GROUP":
            yield from _write(argument)
        case "BRANCH":
            yield from _write(argument[1][0])
        case _:  # anchors and conditions write nothing
            return


def _letters(members: Any) -> str:
    """The letters a set names itself, in case none of the usual ones is in it."""
    letters: list[str] = []
    for operation, argument in members:
        if str(operation) == "LITERAL":
            letters.append(chr(argument))
        elif str(operation) == "RANGE":
            letters.append(chr(argument[0]))
    return "".join(letters)


def _is_in(letter: str, members: Any) -> bool:
    inside, negated = False, False
    for operation, argument in members:
        match str(operation):
            case "NEGATE":
                negated = True
            case "LITERAL":
                inside = inside or ord(letter) == argument
            case "RANGE":
                inside = inside or argument[0] <= ord(letter) <= argument[1]
            case _:
                inside = inside or _has_category(letter, str(argument))
    return inside is not negated


def _has_category(letter: str, category: str) -> bool:
    kinds = {
        "CATEGORY_DIGIT": letter.isdigit(),
        "CATEGORY_WORD": letter.isalnum() or letter == "_",
        "CATEGORY_SPACE": letter.isspace(),
    }
    if category in kinds:
        return kinds[category]
    return not kinds.get(category.replace("_NOT", ""), True)
