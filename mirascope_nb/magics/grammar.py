"""The words of `%%llm` and `%llm`: the options and the subcommands, as two tables.

The parser, the help, completion in IPython and completion in JupyterLab all read these tables.

A `%llm` line is a subcommand when its first word is one and the rest has as many words as it takes:
`%llm cost` reports, `%llm cost of living in Lima?` asks a model. `--` in front makes anything a
prompt.
"""

import json
import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, cast, get_args

from IPython.core.error import UsageError

from mirascope_nb.magics.nearest import nearest
from mirascope_nb.magics.quoting import quoted

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
    """Words parted by commas, or a JSON list of them."""
    if not value.startswith("["):
        return [word for word in value.split(",") if word]
    try:
        words: object = json.loads(value)
    except ValueError:
        words = None
    if isinstance(words, list):
        listed = cast("list[object]", words)
        if all(isinstance(word, str) for word in listed):
            return cast("list[str]", listed)
    raise ValueError("""takes words with commas between, or a list in quotes: '["a", "b"]'""")


def _format(value: str) -> str:
    # As it is also called in other magics.
    return "markdown" if value == "md" else value


def _schema(value: str) -> str:
    if value.endswith(","):
        raise ValueError('takes its fields in quotes, such as "name, age int"')
    return value


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
        help="the model, as provider/model, or an alias; it can also be the first word",
    ),
    Option(
        name="output",
        flags=("-o", "--output"),
        metavar="NAME",
        convert=_variable,
        help="store the response in this variable, even if it is stopped",
    ),
    Option(
        name="format",
        flags=("-f", "--format"),
        metavar="FORMAT",
        convert=_format,
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
        help="whether to ask before a tool runs",
    ),
    Option(
        name="schema",
        flags=("--schema",),
        metavar="NAME_OR_FIELDS",
        convert=_schema,
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
    Option(name="raw", flags=("--raw",), help="send braces as they are: insert no variables"),
    Option(
        name="no_stream", flags=("--no-stream",), help="show the reply only when it is complete"
    ),
    Option(
        name="detach",
        flags=("--detach",),
        help="return at once; the card goes on in the background",
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

BY_FLAG: Final = {flag: option for option in OPTIONS for flag in option.flags}
"""Options by each of their spellings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subcommand:
    """One row: `most` and `least` count the words that follow the name."""

    name: str
    usage: str
    help: str
    least: int = 0
    most: int = 0


SUBCOMMANDS: Final[tuple[Subcommand, ...]] = (
    Subcommand(name="help", usage="help", help="show this help"),
    Subcommand(
        name="list",
        usage="list [PROVIDER|all]",
        help="list the providers, or the known models of one or all of them",
        most=1,
    ),
    Subcommand(
        name="alias",
        usage="alias [NAME MODEL]",
        help="give a model a short name, or list the short names",
        most=2,
    ),
    Subcommand(name="dealias", usage="dealias NAME", help="drop a short name", least=1, most=1),
    Subcommand(
        name="history",
        usage="history [NAME]",
        help="the turns of a conversation",
        most=1,
    ),
    Subcommand(
        name="reset",
        usage="reset [NAME|all]",
        help="forget a conversation",
        most=1,
    ),
    Subcommand(name="tools", usage="tools", help="the tools among your variables"),
    Subcommand(
        name="approvals",
        usage="approvals [allow TOOL|deny TOOL|revoke RULE|revoke all]",
        help="the decisions on tool calls so far, and the rules in force",
        most=2,
    ),
    Subcommand(name="cost", usage="cost", help="tokens and cost of this session, by model"),
    Subcommand(
        name="fix",
        usage="fix [MODEL]",
        help="explain the last traceback, and suggest a fix",
        most=1,
    ),
    Subcommand(name="config", usage="config", help="the defaults, and how to set them"),
    Subcommand(
        name="doctor",
        usage="doctor",
        help="versions, the connection to the browser, and which keys are set",
    ),
    Subcommand(
        name="nest",
        usage="nest",
        help="let pasted scripts call asyncio.run in a notebook, and say what that costs",
    ),
    Subcommand(name="version", usage="version", help="the version of mirascope_nb"),
)

_BY_NAME: Final = {each.name: each for each in SUBCOMMANDS}
# What the same thing is called elsewhere.
_ELSEWHERE: Final = {
    "aliases": "alias",
    "clear": "reset",
    "conversations": "history",
    "delete": "dealias",
    "error": "fix",
    "explain": "fix",
    "models": "list",
    "providers": "list",
    "register": "alias",
    "settings": "config",
    "update": "alias",
    "usage": "cost",
}
# Those of them that take words as ours do, and with these are no prompt either.
_WITH_WORDS: Final = frozenset({"delete", "register", "update"})
# A lone word this close to a subcommand is a slip of the hand, not a prompt.
_SLIP: Final = 0.8


def find_subcommand(line: str) -> tuple[Subcommand, list[str]] | None:
    """The subcommand a `%llm` line stands for and its words, or `None` when it is a prompt.

    Raises:
        UsageError: The line is a single word that nearly is a subcommand, or is one elsewhere.
    """
    words = line.rstrip().removesuffix(";").split()
    if not words or words in (["--help"], ["-h"]):
        return _BY_NAME["help"], []
    name, *rest = words
    command = _BY_NAME.get(name)
    if command is not None:
        if command.least <= len(rest) <= command.most:
            return command, rest
        if command.least and not rest:
            raise UsageError(f"%llm {command.usage}: {command.help}.")
        return None
    meant = _ELSEWHERE.get(name) or nearest(name, _BY_NAME, cutoff=_SLIP)
    if meant is None or (rest and not _goes_on_as(meant, name, rest)):
        return None
    raise UsageError(
        f"{quoted(name)} is not a subcommand. Did you mean `%llm {' '.join([meant, *rest])}`? "
        f"To send it to a model write `%llm -- {' '.join(words)}`."
    )


def _goes_on_as(meant: str, name: str, rest: Sequence[str]) -> bool:
    return name in _WITH_WORDS and len(rest) == _BY_NAME[meant].most


def export() -> dict[str, Any]:
    """The grammar as plain JSON, for completion outside Python.

    Returns:
        `options`: a list with the keys `flags`, `value` (its name, or `None` for a switch),
        `choices` and `help`; `subcommands`: a list with `name`, `usage` and `help`. It is kept as
        `labextension/src/plugin/grammar.json`.
    """
    return {
        "options": [
            {
                "flags": list(option.flags),
                "value": option.metavar,
                "choices": list(option.choices),
                "help": option.help,
            }
            for option in OPTIONS
        ],
        "subcommands": [
            {"name": each.name, "usage": each.usage, "help": each.help} for each in SUBCOMMANDS
        ],
    }


def flags() -> Sequence[str]:
    """Every spelling of every option, in the order of the table."""
    return [flag for option in OPTIONS for flag in option.flags]
