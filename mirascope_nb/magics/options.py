"""The option grammar of `%%llm` and `%llm`: one table for the parser, the help and completion.

`parse_cell_line` reads the line of a `%%llm` cell, `parse_prompt_line` a one-line `%llm PROMPT`;
both are pure. Words are cut by `shlex`, one at a time, so that a one-line prompt may hold any
quote: once the options end, the rest is taken as it stands. A wrong option raises `UsageError` with
one line of cause and remedy, and nothing is sent.
"""

import keyword
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from IPython.core.error import UsageError

from mirascope_nb.magics.keys import holds_key, is_key, names_key
from mirascope_nb.magics.nearest import did_you_mean

Format = Literal["markdown", "text", "json", "html", "code", "image", "math"]
Approve = Literal["ask", "allow", "deny"]
Thinking = Literal["none", "default", "minimal", "low", "medium", "high", "max"]

FORMATS: Final[tuple[str, ...]] = get_args(Format)
APPROVALS: Final[tuple[str, ...]] = get_args(Approve)
THINKING_LEVELS: Final[tuple[str, ...]] = get_args(Thinking)
DEFAULT_CONVERSATION: Final = "main"
"""The name that `-c` without a name stands for."""

_RESERVED: Final = frozenset(
    {"In", "Out", "get_ipython", "exit", "quit", "_", "__", "___", "_ih", "_oh", "_dh", "_i"}
)
_KEY_REFUSED: Final = (
    "an API key does not belong on a magic line: it would be saved with the notebook. Put it into "
    "the provider's environment variable (`%llm doctor` names it) and delete it here."
)
_CONVERSATION_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*$")


def _text(value: str) -> str:
    return value


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise ValueError("takes a number") from None
    if not 0 <= number < float("inf"):
        raise ValueError("takes a number that is not negative")
    return number


def _seconds(value: str) -> float:
    number = _number(value)
    if number == 0:
        raise ValueError("takes a number of seconds above 0")
    return number


def _count(value: str) -> int:
    if not re.fullmatch(r"\d+", value) or int(value) == 0:
        raise ValueError("takes a whole number above 0")
    return int(value)


def _variable(value: str) -> str:
    if not value.isidentifier() or keyword.iskeyword(value):
        raise ValueError("takes the name of a variable")
    if value in _RESERVED or value.startswith("__"):
        raise ValueError("takes a variable of yours; that name is IPython's own")
    return value


def _integer(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError("takes a whole number") from None


def _words(value: str) -> list[str]:
    return [word for word in value.split(",") if word]


PARAMETERS: Final[Mapping[str, Callable[[str], Any]]] = MappingProxyType(
    {
        "temperature": _number,
        "max_tokens": _count,
        "top_p": _number,
        "top_k": _count,
        "seed": _integer,
        "stop_sequences": _words,
        "thinking": _text,
    }
)
"""What `-p NAME=VALUE` may set, and how each value is read. Stop sequences are parted by commas."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One row of the grammar.

    Attributes:
        name: The field of `Options` that it sets.
        flags: Its spellings, the short one first.
        help: One line for a person.
        metavar: What the value is called, or `None` for a switch.
        convert: Reads the value; a `ValueError` says in a few words what it takes.
        choices: The values allowed, when they are few.
        repeat: May be given several times.
        optional: The value may be left out.
    """

    name: str
    flags: tuple[str, ...]
    help: str
    metavar: str | None = None
    convert: Callable[[str], Any] = _text
    choices: tuple[str, ...] = ()
    repeat: bool = False
    optional: bool = False

    @property
    def usage(self) -> str:
        """Flags and value as they are typed: `-m, --model MODEL`."""
        value = "" if self.metavar is None else f" {self.metavar}"
        return ", ".join(self.flags) + (f" [{self.metavar}]" if self.optional else value)


OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        name="model",
        flags=("-m", "--model"),
        metavar="MODEL",
        help="the model, as provider/model, or an alias; the first word will do as well",
    ),
    Option(
        name="output",
        flags=("-o", "--output"),
        metavar="NAME",
        convert=_variable,
        help="bind the response to this variable, also when it is stopped",
    ),
    Option(
        name="format",
        flags=("-f", "--format"),
        metavar="FORMAT",
        choices=FORMATS,
        help="how the reply is shown; code offers the code as the next cell",
    ),
    Option(
        name="system",
        flags=("-s", "--system"),
        metavar="SYSTEM",
        help="the system message",
    ),
    Option(
        name="params",
        flags=("-p", "--param"),
        metavar="K=V",
        repeat=True,
        help="a parameter: temperature, max_tokens, top_p, top_k, seed, stop_sequences, thinking",
    ),
    Option(
        name="temperature",
        flags=("--temperature",),
        metavar="F",
        convert=_number,
        help="how freely the model chooses its words",
    ),
    Option(
        name="max_tokens",
        flags=("--max-tokens",),
        metavar="N",
        convert=_count,
        help="the longest reply, in tokens",
    ),
    Option(
        name="thinking",
        flags=("--thinking",),
        metavar="LEVEL",
        choices=THINKING_LEVELS,
        help="how long the model may think",
    ),
    Option(
        name="conversation",
        flags=("-c", "--conversation"),
        metavar="NAME",
        optional=True,
        help="continue a conversation; running the same cell again replaces its turn",
    ),
    Option(name="new", flags=("--new",), help="start the conversation over"),
    Option(
        name="tools",
        flags=("-t", "--tool"),
        metavar="TOOL",
        repeat=True,
        help="a tool, a list of tools or a toolkit of yours",
    ),
    Option(
        name="approve",
        flags=("--approve",),
        metavar="POLICY",
        choices=APPROVALS,
        help="whether tool calls ask first",
    ),
    Option(
        name="schema",
        flags=("--schema",),
        metavar="NAME_OR_FIELDS",
        help='the shape of the reply: a type of yours, or fields such as "name, age int"',
    ),
    Option(
        name="attachments",
        flags=("-a", "--attach"),
        metavar="PATH_OR_NAME",
        repeat=True,
        help="attach a file, an image, a figure or a data frame",
    ),
    Option(
        name="extract",
        flags=("-x", "--extract"),
        help="take the fenced code out of the reply, into the variable of -o or the next cell",
    ),
    Option(name="quiet", flags=("-q", "--quiet"), help="show nothing; the response is still in _"),
    Option(name="raw", flags=("--raw",), help="send braces as they are, insert nothing"),
    Option(name="no_stream", flags=("--no-stream",), help="show the reply once it is whole"),
    Option(
        name="detach", flags=("--detach",), help="return at once; the card goes on in its own time"
    ),
    Option(
        name="timeout",
        flags=("--timeout",),
        metavar="S",
        convert=_seconds,
        help="give up after this many seconds",
    ),
    Option(
        name="show_prompt",
        flags=("--show-prompt",),
        help="show exactly what would be sent, and send nothing",
    ),
    Option(name="help", flags=("-h", "--help"), help="show this help"),
)
"""The whole grammar, in the order in which the help lists it."""

_BY_FLAG: Final = {flag: option for option in OPTIONS for flag in option.flags}
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
        except ValueError:
            raise UsageError(
                "a quote on the %llm line is not closed; close it, or put -- before the prompt."
            ) from None
        return word, self.at + stream.tell()


def parse_cell_line(line: str, *, expand: Callable[[str], str] = _text) -> Options:
    """Read the line of a `%%llm` cell: options and at most one other word, the model.

    Args:
        line: All that follows `%%llm`.
        expand: Applied to each value before it is read; it inserts variables.

    Raises:
        UsageError: An option is unknown, lacks its value or has a wrong one.
    """
    line, silent = _without_semicolon(line)
    values = _Values(expand=_text if _is_raw(line) else expand, silent=silent)
    _refuse_key_in(line)
    words = _Words(line)
    while (word := words.take()) is not None:
        if word == "--":
            raise UsageError("the prompt of a %%llm cell goes below its first line.")
        if _is_flag(word):
            _read_option(word, words, values)
        elif "model" in values.given:
            raise UsageError(
                f"{_shown(word)} is one word too many: the model is "
                f"{_shown(values.given['model'])}. The prompt of a %%llm cell goes below its "
                "first line."
            )
        else:
            values.add_model(word)
    return values.finish()


def parse_prompt_line(
    line: str, *, is_model: Callable[[str], bool], expand: Callable[[str], str] = _text
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
    values = _Values(expand=_text if _is_raw(line) else expand, silent=silent)
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
    if flag not in _BY_FLAG and not equals and _is_switch_bundle(word):
        for letter in word[1:]:
            values.add(_BY_FLAG[f"-{letter}"], True, f"-{letter}")
        return
    option = _BY_FLAG.get(flag)
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
    if following is None or following == "--" or following.partition("=")[0] in _BY_FLAG:
        return None
    if option.optional and not _CONVERSATION_NAME.match(following):
        return None
    return words.take()


def _convert(option: Option, flag: str, value: str) -> Any:
    if option.choices and value not in option.choices:
        listed = ", ".join(option.choices)
        hint = did_you_mean(value, option.choices)
        raise UsageError(f"{flag} takes one of {listed}, not {_shown(value)}.{hint}")
    if option.name == "conversation" and not _CONVERSATION_NAME.match(value):
        raise UsageError(f"{flag} takes a name of letters, digits, - and _, not {_shown(value)}.")
    try:
        return option.convert(value)
    except ValueError as error:
        raise UsageError(f"{flag} {error}, not {_shown(value)}.") from None


def _read_parameter(pair: str, values: _Values) -> None:
    name, equals, value = pair.partition("=")
    name = name.strip().replace("-", "_")
    if names_key(name):
        raise UsageError(_KEY_REFUSED)
    _refuse_key(value)
    if not equals:
        raise UsageError(f"-p takes NAME=VALUE, not {_shown(pair)}.")
    if name not in PARAMETERS:
        listed = ", ".join(PARAMETERS)
        raise UsageError(
            f"{_shown(name)} is not a parameter.{did_you_mean(name, PARAMETERS)} "
            f"There are {listed}."
        )
    if name in values.params:
        raise UsageError(f"{name} is given twice; keep one.")
    if name == "thinking":
        values.add(_BY_FLAG["--thinking"], _convert(_BY_FLAG["--thinking"], "-p", value), "-p")
        return
    try:
        values.params[name] = PARAMETERS[name](value)
    except ValueError as error:
        raise UsageError(f"-p {name} {error}, not {_shown(value)}.") from None


def _is_flag(word: str) -> bool:
    """Whether a word is meant as an option: a dash and a letter, or `--`."""
    return word == "--" or re.match(r"--?[A-Za-z]", word) is not None


def _is_switch_bundle(word: str) -> bool:
    return re.fullmatch(r"-[a-z]{2,}", word) is not None and set(word[1:]) <= _SHORT_SWITCHES


def _unknown(flag: str) -> str:
    return (
        f"{_shown(flag)} is not an option of %llm.{did_you_mean(flag, _BY_FLAG, cutoff=0.5)} "
        "`%llm help` lists them."
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


def _shown(word: str) -> str:
    """A word as it may stand in a message: short, and escaped."""
    limit = 60
    return ascii(word if len(word) <= limit else word[:limit] + "…")


def export() -> dict[str, Any]:
    """The grammar as plain JSON, for completion outside Python.

    Returns:
        `options`: a list with the keys `name`, `flags`, `metavar`, `help`, `choices`, `repeat`,
        `optional` and `usage`; `parameters`: the names that `-p` takes; `subcommands`: a list with
        `name`, `usage` and `help`.
    """
    from mirascope_nb.magics.grammar import SUBCOMMANDS

    return {
        "options": [
            {
                "name": option.name,
                "flags": list(option.flags),
                "metavar": option.metavar,
                "help": option.help,
                "choices": list(option.choices),
                "repeat": option.repeat,
                "optional": option.optional,
                "usage": option.usage,
            }
            for option in OPTIONS
        ],
        "parameters": list(PARAMETERS),
        "subcommands": [
            {"name": each.name, "usage": each.usage, "help": each.help} for each in SUBCOMMANDS
        ],
    }


def flags() -> Sequence[str]:
    """Every spelling of every option, in the order of the table."""
    return [flag for option in OPTIONS for flag in option.flags]
