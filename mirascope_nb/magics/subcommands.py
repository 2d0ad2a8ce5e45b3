"""What the subcommands of `%llm` report and change: each a function of the magics and words."""

import asyncio
import importlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from IPython.core.error import UsageError

from mirascope_nb import spending
from mirascope_nb.magics import catalogue
from mirascope_nb.magics.aliases import check_alias
from mirascope_nb.magics.cell import CellRequest, choose_model
from mirascope_nb.magics.doctor import doctor_report
from mirascope_nb.magics.grammar import DEFAULT_CONVERSATION
from mirascope_nb.magics.help import help_report
from mirascope_nb.magics.nearest import did_you_mean
from mirascope_nb.magics.quoting import quoted
from mirascope_nb.magics.report import Report
from mirascope_nb.magics.tools import tools_in
from mirascope_nb.magics.transcript import conversation_transcript

if TYPE_CHECKING:
    from mirascope_nb.magics.llm import LLMMagics

_FIX_PROMPT: Final = (
    "This Python cell of a notebook failed. Say in a sentence or two what went wrong, then give "
    "the corrected cell in one fenced block."
)


def run_subcommand(magics: "LLMMagics", name: str, words: list[str]) -> Any:
    """Run a subcommand other than `fix`.

    Returns:
        What it reports: something to show, or to bind with `x = %llm NAME`.

    Raises:
        UsageError: A word is wrong.
    """
    return _COMMANDS[name](magics, words)


def fix_request(magics: "LLMMagics", words: list[str]) -> CellRequest:
    """The request of `%llm fix [MODEL]`: explain the last traceback, and offer a corrected cell.

    Raises:
        UsageError: Nothing has failed, or the model is not one.
    """
    last = magics.session.last_error
    error = last.text()
    if error is None:
        raise UsageError("there is no error to fix: no cell has failed since the kernel started.")
    settings = magics.settings
    try:
        choice = choose_model(words[0] if words else None, settings)
    except UsageError as wrong:
        if not words:
            raise
        raise UsageError(
            f"{wrong} To send the line as a prompt: `%llm -- fix {words[0]}`."
        ) from None
    source = "" if last.source is None else f"The cell:\n```python\n{last.source.rstrip()}\n```\n\n"
    return CellRequest(
        choice=choice,
        content=(f"{_FIX_PROMPT}\n\n{source}What it raised:\n```\n{error}\n```",),
        default_system=settings.system,
        approve=settings.approve,
        stream=settings.stream,
        extract=False,
        format="markdown",
        offer=True,
    )


def _list(_: "LLMMagics", words: list[str]) -> Report:
    entries = catalogue.providers()
    if not words:
        return Report(
            title="Providers",
            columns=("provider", "key variable", "key", "known models"),
            rows=tuple(
                (
                    entry.id,
                    entry.key_variable or "",
                    _key_state(entry),
                    str(len(catalogue.models(entry.id))),
                )
                for entry in entries
            ),
            notes=(
                (
                    "`%llm list PROVIDER` lists the known models of one, `%llm list all` of all. "
                    "A model that is not listed can be used as well."
                ),
            ),
        )
    (provider,) = words
    names = [entry.id for entry in entries]
    if provider != "all" and provider not in names:
        raise UsageError(
            f"{quoted(provider)} is not a provider.{did_you_mean(provider, names)} "
            f"To send the line as a prompt: `%llm -- list {provider}`."
        )
    found = catalogue.models(None if provider == "all" else provider)
    return Report(
        title="Known models" if provider == "all" else f"Known models of {provider}",
        columns=("model",),
        rows=tuple((model,) for model in found),
        notes=("A model that is not listed can be used as well.",),
    )


def _key_state(entry: catalogue.ProviderEntry) -> str:
    if entry.has_key:
        return "set"
    return "not set" if entry.needs_key else "not needed"


def _alias(magics: "LLMMagics", words: list[str]) -> Report:
    aliases = dict(magics.aliases)
    match words:
        case [name, model]:
            # An alias may be made from another.
            model = aliases.get(model, model)
            check_alias(name, model)
            magics.aliases = {**aliases, name: model}
            return Report(title=f"{name} is {model}.")
        case [name]:
            if name not in aliases:
                raise UsageError(
                    f"there is no alias {quoted(name)}.{did_you_mean(name, aliases)} "
                    f"To make it: `%llm alias {name} provider/model`."
                )
            return Report(title=f"{name} is {aliases[name]}.")
        case _:
            if not aliases:
                return Report(
                    title="There are no aliases.", notes=("Make one: `%llm alias NAME MODEL`.",)
                )
            return Report(title="Aliases", columns=("alias", "model"), rows=tuple(aliases.items()))


def _dealias(magics: "LLMMagics", words: list[str]) -> Report:
    (name,) = words
    aliases = dict(magics.aliases)
    if name not in aliases:
        raise UsageError(f"there is no alias {quoted(name)}.{did_you_mean(name, aliases)}")
    model = aliases.pop(name)
    magics.aliases = aliases
    return Report(title=f"{name} no longer stands for {model}.")


def _history(magics: "LLMMagics", words: list[str]) -> Any:
    conversations = magics.session.conversations
    names = conversations.names
    if not words and (len(names) != 1 or names == []):
        return Report(
            title="Conversations" if names else "There are no conversations.",
            columns=("name", "turns"),
            rows=tuple(
                (name, str(len(found.turns)))
                for name in names
                if (found := conversations.get(name)) is not None
            ),
            notes=("`%llm history NAME` shows one." if names else "Begin one: `%%llm -c NAME`.",),
        )
    name = words[0] if words else names[0]
    found = conversations.get(name)
    if found is None:
        raise UsageError(_no_conversation("history", name, names))
    return conversation_transcript(found)


def _reset(magics: "LLMMagics", words: list[str]) -> Report:
    conversations = magics.session.conversations
    name = words[0] if words else DEFAULT_CONVERSATION
    if name == "all":
        count = len(conversations)
        conversations.clear()
        return Report(title=f"Forgot {count} conversation{'' if count == 1 else 's'}.")
    if conversations.reset(name):
        return Report(title=f"Forgot the conversation {name}.")
    if words:
        raise UsageError(_no_conversation("reset", name, conversations.names))
    return Report(
        title=f"There is no conversation {name} to forget.",
        notes=(f"There are {', '.join(names)}.",) if (names := conversations.names) else (),
    )


def _no_conversation(command: str, name: str, names: list[str]) -> str:
    return (
        f"there is no conversation {quoted(name)}.{did_you_mean(name, names)} "
        f"To send the line as a prompt: `%llm -- {command} {name}`."
    )


def _tools(magics: "LLMMagics", _: list[str]) -> Report:
    rows: list[tuple[str, str, str]] = []
    for name, value in sorted(magics.ip.user_ns.items()):
        if name.startswith("_"):
            continue
        for tool in tools_in(value):
            about = str(tool.description).strip().partition("\n")[0]
            rows.append((name, f"{tool.name}({', '.join(tool.parameters.properties)})", about))
    if not rows:
        return Report(
            title="There are no tools among your variables.",
            notes=("Make one with @llm.tool above a function, then use it with -t NAME.",),
        )
    return Report(title="Tools", columns=("variable", "tool", "about"), rows=tuple(rows))


def _cost(_: "LLMMagics", __: list[str]) -> Report:
    ledger = spending.session()
    by_model = ledger.by_model
    if not by_model:
        return Report(title="Nothing has been spent in this session.")
    rows = [(model, *_spent(spent)) for model, spent in by_model.items()]
    if len(rows) > 1:
        rows.append(("total", *_spent(ledger.total)))
    return Report(
        title="Tokens and cost of this session",
        columns=("model", "calls", "input", "output", "cost in US $"),
        rows=tuple(rows),
        notes=("A cost with a + leaves out replies whose price is not known.",)
        if any("+" in row[-1] for row in rows)
        else (),
    )


def _spent(spent: spending.Spent) -> tuple[str, str, str, str]:
    return f"{spent.calls:,}", f"{spent.input:,}", f"{spent.output:,}", _dollars(spent)


def _dollars(spent: spending.Spent) -> str:
    if spent.unpriced == spent.calls:
        return "unknown"
    cost = spent.cost.quantize(Decimal("0.000001")).normalize()
    return f"{cost:f}" + ("+" if spent.unpriced else "")


def _config(magics: "LLMMagics", _: list[str]) -> Report:
    traits = magics.traits(config=True)
    return Report(
        title="Defaults of %llm",
        columns=("setting", "value", "what it is"),
        rows=tuple(
            (f"LLMMagics.{name}", repr(getattr(magics, name)), str(trait.help))
            for name, trait in sorted(traits.items())
        ),
        notes=(
            (
                "Set one with `%config LLMMagics.model = 'sandbox/assistant'`, or for good in "
                "ipython_config.py with `c.LLMMagics.model = 'sandbox/assistant'`."
            ),
        ),
    )


def _doctor(magics: "LLMMagics", _: list[str]) -> Report:
    return doctor_report(magics.ip)


def _nest(_: "LLMMagics", __: list[str]) -> Report:
    try:
        nest: Any = importlib.import_module("nest_asyncio2")
    except ImportError:
        raise UsageError(
            "nest_asyncio2 is not installed: `%pip install nest-asyncio2`. Better still, write "
            "`await main()` in place of `asyncio.run(main())`."
        ) from None
    nest.apply(_loop())
    return Report(
        title="asyncio.run(...) and loop.run_until_complete(...) now work in this kernel.",
        notes=(
            (
                "What it costs: while such a call runs, buttons and widgets are not answered, a "
                "stop may leave its coroutine running, and everything asyncio is a little slower. "
                "It lasts until the kernel is restarted."
            ),
            "Better where you can: `await main()` in place of `asyncio.run(main())`.",
        ),
    )


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _version(_: "LLMMagics", __: list[str]) -> Report:
    from mirascope_nb import __version__

    return Report(title=f"mirascope_nb {__version__}")


def _help(_: "LLMMagics", __: list[str]) -> Report:
    return help_report()


def _approvals(_: "LLMMagics", words: list[str]) -> Any:
    from mirascope_nb.magics.approvals import approvals_report

    return approvals_report(words)


_COMMANDS: Final[Mapping[str, Callable[["LLMMagics", list[str]], Any]]] = MappingProxyType(
    {
        "help": _help,
        "list": _list,
        "alias": _alias,
        "dealias": _dealias,
        "history": _history,
        "reset": _reset,
        "tools": _tools,
        "approvals": _approvals,
        "cost": _cost,
        "config": _config,
        "doctor": _doctor,
        "nest": _nest,
        "version": _version,
    }
)
