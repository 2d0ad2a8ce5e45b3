"""The help of `%llm`, made from the tables that the parsers read."""

from mirascope_nb.magics.grammar import OPTIONS, SUBCOMMANDS
from mirascope_nb.magics.report import Report


def help_report() -> Report:
    """Usage, options and subcommands."""
    rows = [(option.usage, _help(option.help, option.choices)) for option in OPTIONS]
    rows += [(f"%llm {each.usage}", each.help) for each in SUBCOMMANDS]
    return Report(
        title="%%llm [MODEL|ALIAS] [OPTIONS] with the prompt below, or %llm [OPTIONS] PROMPT",
        columns=("", "what it does"),
        rows=tuple(rows),
        notes=(
            (
                "In a prompt {name}, {name.attribute}, {name[0]}, {name!r} and {name:.2f} insert "
                "your variables, {In[3]} and {Out[3]} earlier cells, {Err} the last traceback. "
                "{{name}} sends the braces."
            ),
            (
                "x = %llm PROMPT binds the response; without it and without -o it is in _. "
                "A ; at the end of the line shows nothing. -- forces a prompt."
            ),
        ),
    )


def _help(text: str, choices: tuple[str, ...]) -> str:
    return f"{text}: {', '.join(choices)}" if choices else text
