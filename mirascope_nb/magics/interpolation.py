"""Inserts a user's variables into a prompt.

The forms are `{name}`, `{name.attribute}`, `{name[0]}`, `{name['key']}`, `{name!r}` and
`{name:.2f}`, in any combination. A form is replaced only when `name` is a variable of the user's.
Every other brace stays as it is, so JSON, TypeScript, CSS, LaTeX and templates pass untouched:

- a lone `{identifier}` that names no variable is an error, since it is most often a slip; directly
  after a LaTeX command, `}`, `^` or `_`, or after the `$` of `${name}`, it stays literal;
- `{{name}}` sends `{name}`, and `{{{name}}}` a value within braces;
- there are no calls and no names with double underscores: `{f()}` and `{x.__class__}` stay literal.

The text is read once: what was inserted is never looked at again. A `str` is inserted verbatim. An
image, a figure or a data frame becomes a content part of its own (see `parts`).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from IPython.core.error import UsageError

from mirascope_nb.magics.nearest import did_you_mean
from mirascope_nb.magics.parts import Part, as_parts, as_text

_NAME: Final = r"(?!\w*__)[^\W\d]\w*"
_STEP: Final = rf"""(?:\.{_NAME}|\[(?:-?\d+|'[^'\n]*'|"[^"\n]*")\])"""
# Python's own format specification; or one for dates, which is known by its percent sign.
_SPEC: Final = (
    r"(?:(?:.?[<>=^])?[-+ ]?z?\#?0?\d*[_,]?(?:\.\d+)?[bcdeEfFgGnosxX%]?|[^{}\n]*%[^{}\n]*)"
)
_FIELD: Final = (
    rf"(?P<root>{_NAME})(?P<path>{_STEP}*)(?:!(?P<conversion>[rsa]))?(?::(?P<spec>{_SPEC}))?"
)
_PLACE: Final = re.compile(rf"\{{{_FIELD}\}}")
_STEPS: Final = re.compile(_STEP)
# What stands before a brace that LaTeX (or a shell's or TypeScript's `${name}`) means itself.
_LITERAL_AFTER: Final = re.compile(r"(?:\\[A-Za-z]+\*?(?:\[[^\[\]\n]*\])*|[}^_$])\Z")
# Long enough for any LaTeX command with its optional argument; keeps the look back cheap.
_LOOK_BACK: Final = 120
_CONVERSIONS: Final[Mapping[str, Callable[[Any], str]]] = {"r": repr, "s": as_text, "a": ascii}


@dataclass(frozen=True, slots=True)
class _Field:
    """One form as it was written."""

    source: str
    root: str
    path: str
    conversion: str | None
    spec: str | None

    @property
    def is_lone(self) -> bool:
        """Whether it is nothing but `{identifier}`."""
        return self.source == f"{{{self.root}}}"


def interpolate(text: str, namespace: Mapping[str, Any]) -> tuple[str | Part, ...]:
    """Replace the forms in a prompt, and cut it where a value is no text.

    Args:
        text: The prompt as written.
        namespace: The variables that may be named. Nothing else is looked at.

    Returns:
        Texts and content parts in order; adjacent texts are joined and empty ones left out.

    Raises:
        UsageError: A lone `{identifier}` names no variable, or a value cannot be had.
    """
    pieces: list[str | Part] = []
    for piece in _pieces(text, namespace):
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        elif piece != "":
            pieces.append(piece)
    return tuple(pieces)


def interpolate_text(text: str, namespace: Mapping[str, Any]) -> str:
    """Replace the forms where only text can stand: in an option, in a system message.

    Raises:
        UsageError: As for `interpolate`; also where a value is an image or other content part.
    """
    pieces = interpolate(text, namespace)
    if not all(isinstance(piece, str) for piece in pieces):
        raise UsageError(
            "only text can be inserted on the magic line; attach an image with -a NAME."
        )
    return "".join(piece for piece in pieces if isinstance(piece, str))


def _pieces(text: str, namespace: Mapping[str, Any]) -> Iterator[str | Part]:
    at = 0
    for match in _PLACE.finditer(text):
        start, end = match.span()
        if start < at:
            continue
        field = _Field(match[0], match["root"], match["path"], match["conversion"], match["spec"])
        known = field.root in namespace
        doubled = _doubling(text, start, end, at)
        if doubled and not known and not (field.is_lone and doubled == 1):
            continue
        if doubled == 1:
            # `{{name}}`: the outer pair goes, and the form is sent as it stands.
            yield text[at : start - 1]
            yield field.source
            at = end + 1
        elif known:
            # In `{{{name}}}` the two outer pairs make one brace each.
            yield text[at : start - doubled // 2]
            yield from _insert(field, namespace)
            at = end + doubled // 2
        elif field.is_lone and not _stays_literal(text, start):
            raise UsageError(_unresolved(field.root, namespace))
    yield text[at:]


def _doubling(text: str, start: int, end: int, done: int) -> int:
    """How many more braces stand on both sides of a form: 0, 1, or 2."""
    count = 0
    while (
        count < 2  # noqa: PLR2004 - further braces are text
        and start - count - 1 >= done
        and text[start - count - 1] == "{"
        and text[end + count : end + count + 1] == "}"
    ):
        count += 1
    return count


def _stays_literal(text: str, start: int) -> bool:
    return _LITERAL_AFTER.search(text[max(0, start - _LOOK_BACK) : start]) is not None


def _insert(field: _Field, namespace: Mapping[str, Any]) -> tuple[str | Part, ...]:
    value = _follow(field, namespace[field.root])
    try:
        if field.conversion is not None:
            return (format(_CONVERSIONS[field.conversion](value), field.spec or ""),)
        if field.spec:
            return (format(value, field.spec),)
        return as_parts(value) or (as_text(value),)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{field.source} cannot be inserted: {_cause(error)}.") from error


def _follow(field: _Field, value: Any) -> Any:
    """Walk `.name` and `[key]` steps from a value."""
    done = field.root
    for match in _STEPS.finditer(field.path):
        step = match[0]
        try:
            if step.startswith("."):
                value = getattr(value, step[1:])
            else:
                key = step[1:-1]
                value = value[key[1:-1] if key[0] in "'\"" else int(key)]
        except Exception as error:
            hint = did_you_mean(step[1:], _members(value)) if step.startswith(".") else ""
            raise UsageError(
                f"{field.source}: {done} has no {step} ({_cause(error)}).{hint} "
                f"For literal braces write {{{field.source}}}."
            ) from error
        done += step
    return value


def _members(value: Any) -> list[str]:
    return [name for name in dir(value) if not name.startswith("_")]


def _unresolved(name: str, namespace: Mapping[str, Any]) -> str:
    names = [each for each in namespace if not each.startswith("_")]
    hint = did_you_mean(f"{{{name}}}", [f"{{{each}}}" for each in names])
    remedy = f"For literal braces write {{{{{name}}}}}, or use --raw."
    return f"{{{name}}} names no variable.{hint} {remedy}"


def _cause(error: Exception) -> str:
    """An error of a value's own as one short line."""
    limit = 120
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= limit else text[:limit] + "…"
