"""Reads the line of a magic: options, and for `%llm` the prompt behind them.

`parse_cell_line` reads the line of a `%%llm` cell, `parse_prompt_line` a one-line `%llm PROMPT`;
both are pure. Words are cut by `shlex`, one at a time, so that a one-line prompt may hold any
quote: once the options end, the rest is taken as it stands. A wrong option raises `UsageError` with
one line of cause and remedy, and nothing is sent.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from types import MappingProxyType
from typing import Any, Final

from IPython.core.error import UsageError

from mirascope_nb.magics.grammar import (
    BY_FLAG,
    DEFAULT_CONVERSATION,
    OPTIONS,
    PARAMETERS,
    Approve,
    Format,
    Option,
    Thinking,
)
from mirascope_nb.magics.keys import holds_key, is_key, names_key
from mirascope_nb.magics.nearest import did_you_mean
from mirascope_nb.magics.quoting import quoted

_KEY_REFUSED: Final = (
    "an API key does not belong on a magic line: it would be saved with the notebook. Put it into "
    "the provider's environment variable (`%llm doctor` names it) and delete it here."
)
# As a word processor or a web page writes quotes and dashes; none of them begins a model's name.
_TYPOGRAPHIC: Final = re.compile(
    r"(?:^|\s)(?P<opening>[\u201c\u2018\u2013\u2014])\w|\w(?P<closing>[\u201d\u2019])(?:\s|$)"
)
_CONVERSATION_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*$")
_SHORT_SWITCHES: Final = frozenset(
    flag[1] for option in OPTIONS if option.metavar is None for flag in option.flags[:1]
    if not flag.startswith("--")
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """A magic line, read. `None` means that an option was not given."""

    model: str | None = None
    output: str | None = None
    format: Format | None = None
    system: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    thinking: Thinking | None = None
    conversation: str | None = None
    new: bool = False
    tools: tuple[str, ...] = ()
    approve: Approve | None = None
    schema: str | None = None
    attachments: tuple[str, ...] = ()
    extract: bool = False
    quiet: bool = False
    raw: bool = False
    no_stream: bool = False
    detach: bool = False
    timeout: float | None = None
    show_prompt: bool = False
    help: bool = False
    silent: bool = False
    """The line ended in `;`: nothing is shown and `_` stays as it was."""


@dataclass(slots=True)
class _Words:
    """The words of a line, cut one at a time, and where the uncut rest begins."""

    line: str
    at: int = 0

    def peek(self) -> str | None:
        """The next word without taking it; `None` at the end."""
        return self._cut()[0]

    def take(self) -> str | None:
        word, self.at = self._cut()
        return word

    @property
    def rest(self) -> str:
        return self.line[self.at :].strip()

    def _cut(self) -> tuple[str | None, int]:
        stream = StringIO(self.line[self.at :])
        cutter = shlex.shlex(stream, posix=True)
        cutter.whitespace_split = True
        cutter.commenters = ""
        try:
            word = cutter.get_token()
        except ValueError as error:
            if "escaped" in str(error):
                raise UsageError(
                    "the %llm line ends in a backslash; write all options on one line."
                ) from None
            raise UsageError(
                "a quote on the %llm line is not closed; close it, or put -- before the prompt."
            ) from None
        return word, self.at + stream.tell()


def parse_cell_line(line: str, *, expand: Callable[[str], str] = str) -> Options:
    """Read the line of a `%%llm` cell: options and at most one other word, the model.

    Args:
        line: All that follows `%%llm`.
        expand: Applied to each value before it is read; it inserts variables.

    Raises:
        UsageError: An option is unknown, lacks its value or has a wrong one.
    """
    line, silent = _without_semicolon(line)
    values = _Values(expand=str if _is_raw(line) else expand, silent=silent)
    _refuse_key_in(line)
    words = _Words(line)
    while (word := words.take()) is not None:
        if word == "--":
            raise UsageError("the prompt of a %%llm cell goes below its first line.")
        if _is_flag(word):
            _read_option(word, words, values)
        elif "model" in values.given:
            _refuse_typographic(line)
            raise UsageError(
                f"{quoted(word)} is one word too many: the model is "
                f"{quoted(values.given['model'])}. The prompt of a %%llm cell goes below its "
                "first line."
            )
        else:
            _refuse_typographic(word)
            values.add_model(word)
    return values.finish()


def parse_prompt_line(
    line: str, *, is_model: Callable[[str], bool], expand: Callable[[str], str] = str
) -> tuple[Options, str]:
    """Read `%llm [MODEL] [OPTIONS] PROMPT`: options first, then the prompt as it stands.

    Args:
        line: All that follows `%llm`.
        is_model: Whether a first word is an alias or begins with a provider's name, and so is the
            model rather than the first word of the prompt.
        expand: Applied to each value before it is read; it inserts variables.

    Raises:
        UsageError: An option is unknown, lacks its value or has a wrong one.
    """
    line, silent = _without_semicolon(line)
    values = _Values(expand=str if _is_raw(line) else expand, silent=silent)
    _refuse_key_in(line)
    words = _Words(line)
    while words.rest:
        # A word is cut only once it is known to be ours: the prompt may hold a lone quote.
        word = words.rest.split(maxsplit=1)[0]
        if not _is_flag(word):
            if "model" in values.given or not is_model(word):
                break
            words.take()
            values.add_model(word)
        elif (word := words.take() or "") == "--":
            break
        else:
            _read_option(word, words, values)
    return values.finish(), words.rest


class _Values:
    """Options given so far, by name."""

    def __init__(self, *, expand: Callable[[str], str], silent: bool) -> None:
        self.given: dict[str, Any] = {}
        self.params: dict[str, Any] = {}
        self.expand = expand
        self.silent = silent

    def add_model(self, word: str) -> None:
        """Take the first word that is no option as the model."""
        _refuse_key(word)
        self.given["model"] = self.expand(word)

    def add(self, option: Option, value: Any, flag: str) -> None:
        if option.repeat:
            self.given[option.name] = (*self.given.get(option.name, ()), value)
        elif option.name in self.given and option.metavar is not None:
            raise UsageError(f"{flag} is given twice; keep one.")
        else:
            self.given[option.name] = value

    def finish(self) -> Options:
        given = dict(self.given)
        params = dict(self.params)
        for name in ("temperature", "max_tokens"):
            if name in given:
                if name in params:
                    raise UsageError(f"{name} is given twice; keep one.")
                params[name] = given.pop(name)
        if given.get("new"):
            given.setdefault("conversation", DEFAULT_CONVERSATION)
        if given.get("detach") and (given.get("extract") or given.get("format") == "code"):
            raise UsageError("--detach cannot offer code when the cell has ended; leave one out.")
        return Options(params=MappingProxyType(params), silent=self.silent, **given)


def _read_option(word: str, words: _Words, values: _Values) -> None:
    flag, equals, attached = word.partition("=")
    if names_key(flag.lstrip("-")):
        raise UsageError(_KEY_REFUSED)
    if flag not in BY_FLAG and not equals and _is_switch_bundle(word):
        for letter in word[1:]:
            values.add(BY_FLAG[f"-{letter}"], True, f"-{letter}")
        return
    option = BY_FLAG.get(flag)
    if option is None:
        raise UsageError(_unknown(flag))
    if option.metavar is None:
        if equals:
            raise UsageError(f"{flag} is a switch and takes no value; write {flag} alone.")
        values.add(option, True, flag)
        return
    value = attached if equals else _next_value(option, words)
    if value is None:
        if not option.optional:
            raise UsageError(f"{flag} needs a value: {option.usage}.")
        value = DEFAULT_CONVERSATION
    _refuse_key(value)
    value = values.expand(value)
    if option.name == "params":
        _read_parameter(value, values)
    else:
        values.add(option, _convert(option, flag, value), flag)


def _next_value(option: Option, words: _Words) -> str | None:
    following = words.peek()
    if following is None or following == "--" or following.partition("=")[0] in BY_FLAG:
        return None
    if option.optional and not _CONVERSATION_NAME.match(following) and " " not in following:
        return None
    return words.take()


def _convert(option: Option, flag: str, value: str) -> Any:
    if option.name == "conversation" and not _CONVERSATION_NAME.match(value):
        raise UsageError(f"{flag} takes a name of letters, digits, - and _, not {quoted(value)}.")
    try:
        converted = option.convert(value)
    except ValueError as error:
        raise UsageError(f"{flag} {error}, not {quoted(value)}.") from None
    if option.choices and converted not in option.choices:
        listed = ", ".join(option.choices)
        hint = did_you_mean(value, option.choices)
        raise UsageError(f"{flag} takes one of {listed}, not {quoted(value)}.{hint}")
    return converted


def _read_parameter(pair: str, values: _Values) -> None:
    name, equals, value = pair.partition("=")
    name = name.strip().replace("-", "_")
    if names_key(name):
        raise UsageError(_KEY_REFUSED)
    _refuse_key(value)
    if not equals:
        raise UsageError(f"-p takes NAME=VALUE, not {quoted(pair)}.")
    if name not in PARAMETERS:
        listed = ", ".join(PARAMETERS)
        raise UsageError(
            f"{quoted(name)} is not a parameter.{did_you_mean(name, PARAMETERS)} "
            f"Parameters are {listed}."
        )
    if name in values.params:
        raise UsageError(f"{name} is given twice; keep one.")
    if name == "thinking":
        option = BY_FLAG["--thinking"]
        values.add(option, _convert(option, "-p thinking", value), "-p thinking")
        return
    try:
        values.params[name] = PARAMETERS[name](value)
    except ValueError as error:
        raise UsageError(f"-p {name} {error}, not {quoted(value)}.") from None


def _is_flag(word: str) -> bool:
    """Whether a word is meant as an option: a dash and a letter, or `--`."""
    return word == "--" or re.match(r"--?[A-Za-z]", word) is not None


def _is_switch_bundle(word: str) -> bool:
    return re.fullmatch(r"-[a-z]{2,}", word) is not None and set(word[1:]) <= _SHORT_SWITCHES


def _unknown(flag: str) -> str:
    hint = did_you_mean(flag, [name for name in BY_FLAG if name.startswith("--")])
    short = BY_FLAG.get(flag[:2])
    if not hint and short is not None and short.metavar is not None:
        hint = f" Did you mean {flag[:2]} {flag[2:]}?"
    return f"{quoted(flag)} is not an option of %llm.{hint} `%llm help` lists them."


def _refuse_typographic(line: str) -> None:
    if found := _TYPOGRAPHIC.search(line):
        raise UsageError(
            f"the line has a typographic {found['opening'] or found['closing']}, which quotes "
            'nothing and begins no option; type " or - in its place.'
        )


def _without_semicolon(line: str) -> tuple[str, bool]:
    stripped = line.rstrip()
    silent = stripped.endswith(";")
    return (stripped[:-1].rstrip() if silent else stripped), silent


def _is_raw(line: str) -> bool:
    return "--raw" in line.split()


def _refuse_key_in(line: str) -> None:
    if holds_key(line):
        raise UsageError(_KEY_REFUSED)


def _refuse_key(value: str) -> None:
    if is_key(value):
        raise UsageError(_KEY_REFUSED)
