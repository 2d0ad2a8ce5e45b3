"""Completes `%%llm` and `%llm` in IPython: options, their values, models, names in braces."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from IPython.core.completer import SimpleCompletion

from mirascope_nb.magics import catalogue
from mirascope_nb.magics.grammar import BY_FLAG, PARAMETERS, SUBCOMMANDS, Option
from mirascope_nb.magics.tools import tools_in
from mirascope_nb.magics.transformer import CELL_MAGIC, first_line

if TYPE_CHECKING:
    from mirascope_nb.magics.llm import LLMMagics

MATCHER: Final = "mirascope_nb.llm_magic"
"""The identifier of the matcher."""

_LINE: Final = re.compile(r"\s*(?:[\w.]+\s*=\s*)?(?P<magic>%%?llm)(?=\s)(?P<rest>.*)", re.DOTALL)
_OPEN_BRACE: Final = re.compile(r"(?<!\{)\{(?P<name>[^\W\d]\w*)?\Z")


def complete(magics: "LLMMagics", text: str, cursor: int) -> tuple[str, list[str]] | None:
    """What can stand at the cursor.

    Args:
        magics: Knows the aliases, conversations and variables.
        text: The whole cell.
        cursor: The place in it, in characters.

    Returns:
        The piece before the cursor that is to be replaced, and what may replace it in the order to
        show; or `None` when the place is not ours and IPython is to complete it.
    """
    before = text[:cursor]
    start = before.rfind("\n") + 1
    line = before[start:]
    if _is_in_prompt(before[:start]):
        return _variables(magics, line)
    match = _LINE.match(line)
    if match is None:
        return None
    rest = match["rest"]
    word = re.search(r"\S*\Z", rest)
    piece = word[0] if word is not None else ""
    words = rest[: len(rest) - len(piece)].split()
    if "--" in words:
        return _variables(magics, line)
    if (inserted := _variables(magics, line))[1]:
        return inserted
    flag, equals, value = piece.partition("=")
    if equals and flag in BY_FLAG:
        return value, _starting(value, _values(magics, BY_FLAG[flag], value))
    previous = BY_FLAG.get(words[-1]) if words else None
    if previous is not None and previous.metavar is not None:
        return piece, _starting(piece, _values(magics, previous, piece))
    if piece.startswith("-"):
        return piece, _starting(piece, BY_FLAG)
    first = not any(not each.startswith("-") for each in words)
    is_line = match["magic"] == "%llm"
    if is_line and len(words) == 1 and words[0] in {"list", "history", "reset", "dealias", "fix"}:
        return piece, _starting(piece, _subcommand_words(magics, words[0]))
    if is_line and words and not piece:
        return piece, []
    names = [each.name for each in SUBCOMMANDS] if is_line and not words else []
    models = _models(magics) if first else []
    return piece, _starting(piece, [*names, *models])


def _is_in_prompt(above: str) -> bool:
    """Whether a line with these above it is the prompt of a `%%llm` cell."""
    lines = above.split("\n")
    first = first_line(lines)
    return first is not None and CELL_MAGIC.match(lines[first].lstrip()) is not None


def make_matcher(magics: "LLMMagics") -> Callable[[Any], Any]:
    """A matcher for `Completer.custom_matchers`."""

    def llm_magic_matcher(context: Any) -> Mapping[str, Any]:
        lines = context.full_text.split("\n")
        cursor = sum(len(line) + 1 for line in lines[: context.cursor_line])
        found = complete(magics, context.full_text, cursor + context.cursor_position)
        if found is None:
            return {"completions": []}
        piece, candidates = found
        return {
            "completions": [SimpleCompletion(text=each, type="magic") for each in candidates],
            "matched_fragment": piece,
            # A prompt is prose, and our options are no paths: nothing else knows better.
            "suppress": True,
            "ordered": True,
        }

    # What IPython's `context_matcher` decorator sets, with a name to be found again by.
    vars(llm_magic_matcher).update(matcher_api_version=2, matcher_identifier=MATCHER)
    return llm_magic_matcher


def _values(magics: "LLMMagics", option: Option, piece: str) -> list[str]:
    user_ns: Mapping[str, Any] = magics.ip.user_ns
    names = [name for name in user_ns if not name.startswith("_")]
    match option.name:
        case "model":
            return _models(magics)
        case "params":
            return [f"{name}=" for name in PARAMETERS]
        case "conversation":
            return magics.session.conversations.names
        case "tools":
            return [name for name in names if tools_in(user_ns[name])]
        case "schema":
            return [name for name in names if isinstance(user_ns[name], type)]
        case "attachments" | "output":
            hidden = magics.ip.user_ns_hidden
            own = [name for name in names if name not in hidden]
            return own if option.name == "output" else [*own, *_paths(piece)]
        case _:
            return list(option.choices)


def _paths(piece: str) -> list[str]:
    """The files and folders that a path may go on with, but those that would need quotes."""
    folder, slash, start = piece.rpartition("/")
    try:
        found = sorted(Path(folder + slash or ".").expanduser().iterdir())
        paths = [f"{folder}{slash}{each.name}{'/' if each.is_dir() else ''}" for each in found]
    except (OSError, RuntimeError):
        return []
    hidden = not start.startswith(".")
    return [
        path
        for each, path in zip(found, paths, strict=True)
        if re.fullmatch(r"[\w./~+-]+", path) and not (hidden and each.name.startswith("."))
    ]


def _subcommand_words(magics: "LLMMagics", name: str) -> list[str]:
    match name:
        case "list":
            return ["all", *(entry.id for entry in catalogue.providers())]
        case "history":
            return magics.session.conversations.names
        case "reset":
            return ["all", *magics.session.conversations.names]
        case "dealias":
            return list(magics.aliases)
        case _:
            return _models(magics)


def _models(magics: "LLMMagics") -> list[str]:
    return [*magics.aliases, *catalogue.models_at_once()]


def _variables(magics: "LLMMagics", line: str) -> tuple[str, list[str]]:
    """Names after an open brace."""
    match = _OPEN_BRACE.search(line)
    if match is None:
        return "", []
    piece = match["name"] or ""
    names = [name for name in magics.namespace({}) if not name.startswith("_")]
    return piece, _starting(piece, names)


def _starting(piece: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(piece)]
