"""The subcommands of `%llm`, and how a line is told apart from a prompt.

A line is a subcommand when its first word is one and the rest has as many words as it takes:
`%llm cost` reports, `%llm cost of living in Lima?` asks a model. `--` in front makes anything a
prompt.
"""

from dataclasses import dataclass
from typing import Final

from IPython.core.error import UsageError

from mirascope_nb.magics.nearest import nearest


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
        help="the providers, or the models known of one or of all",
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
        help="what was decided about tool calls, by whom, and the rules in force",
        most=2,
    ),
    Subcommand(name="cost", usage="cost", help="tokens and cost of this session, by model"),
    Subcommand(
        name="fix", usage="fix [MODEL]", help="explain the last traceback, and mend it", most=1
    ),
    Subcommand(name="config", usage="config", help="the defaults, and how to set them"),
    Subcommand(
        name="doctor", usage="doctor", help="versions, transport, and which keys are present"
    ),
    Subcommand(
        name="nest",
        usage="nest",
        help="let pasted scripts call asyncio.run in a notebook, at a cost it names",
    ),
    Subcommand(name="version", usage="version", help="the version of mirascope_nb"),
)

_BY_NAME: Final = {each.name: each for each in SUBCOMMANDS}
# A lone word this close to a subcommand is a slip of the hand, not a prompt.
_SLIP: Final = 0.8


def find_subcommand(line: str) -> tuple[Subcommand, list[str]] | None:
    """The subcommand a `%llm` line stands for and its words, or `None` when it is a prompt.

    Raises:
        UsageError: The line is a single word that nearly is a subcommand.
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
    if not rest and (meant := nearest(name, _BY_NAME, cutoff=_SLIP)) is not None:
        raise UsageError(
            f"{name!a} is not a subcommand. Did you mean `%llm {meant}`? "
            f"To send it to a model write `%llm -- {name}`."
        )
    return None
