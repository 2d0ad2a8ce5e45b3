"""Short names for models, and how the word that names a model is understood."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from IPython.core.error import UsageError

from mirascope_nb.magics.grammar import SUBCOMMANDS
from mirascope_nb.magics.nearest import did_you_mean
from mirascope_nb.magics.quoting import quoted

DEFAULT_ALIAS: Final = "default"
"""The alias used by a cell that names no model."""

NO_MODEL: Final = (
    "no model: name one on the line (`%%llm provider/model`), or set one for every cell with "
    "`%config LLMMagics.model = 'provider/model'`."
)

COLON_MODEL: Final = re.compile(r"(?P<provider>[\w-]+):(?P<name>[\w.-]+)$")
"""A model as other tools write it, `provider:model`: understood, and answered with ours."""

_MOST_MEANT: Final = 3
_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*$")
_MODEL: Final = re.compile(r"[\w:-]+/\S+$")


def check_alias(name: str, model: str) -> None:
    """Check a new alias.

    Raises:
        UsageError: The name is a subcommand's, has a slash or other sign in it, or the model is not
            written as `provider/model`.
    """
    if not _NAME.match(name):
        raise UsageError(f"an alias is one word without a slash, not {quoted(name)}.")
    if name in {each.name for each in SUBCOMMANDS}:
        raise UsageError(f"{name} is a subcommand of %llm; choose another name.")
    if not is_model_id(model):
        raise UsageError(f"{quoted(model)} is not a model; write it as provider/model.")


def is_model_id(word: str) -> bool:
    """Whether a word has the form `provider/model`. Whether there is such a model is not asked."""
    return _MODEL.match(word) is not None


def resolve_model(
    word: str | None,
    aliases: Mapping[str, str],
    default: str | None,
    providers: Collection[str] = (),
) -> str:
    """The model id that a cell means.

    Args:
        word: What the line says: an id, an alias or nothing. An unknown id is taken as it is.
        aliases: Short names.
        default: The model configured for every cell, if there is one.
        providers: Their names, to tell what was meant by a word that is neither.

    Raises:
        UsageError: The word is neither, or there is no word and no default.
    """
    if word is None:
        word = aliases.get(DEFAULT_ALIAS) or default
        if not word:
            raise UsageError(NO_MODEL)
    if word in aliases:
        return aliases[word]
    if is_model_id(word):
        return word
    if colon := COLON_MODEL.match(word):
        meant = f"{colon['provider']}/{colon['name']}"
        raise UsageError(f"{quoted(word)} is written with a slash here: {meant}.")
    if not _NAME.match(word):
        raise UsageError(f"{quoted(word)} is not a model; write it as provider/model.")
    meant = _meant(word, aliases, providers)
    raise UsageError(f"{quoted(word)} is neither provider/model nor an alias.{meant}")


def _meant(word: str, aliases: Mapping[str, str], providers: Collection[str]) -> str:
    """What a word may have been meant for that is neither a model nor an alias."""
    if word in {each.name for each in SUBCOMMANDS}:
        return f" The subcommand is `%llm {word}`, with one percent sign."
    if word in providers:
        return f" It is a provider: write {word}/MODEL; `%llm list {word}` names some."
    hint = did_you_mean(word, aliases)
    if not hint and (found := _known_by(word)):
        return f" Did you mean {' or '.join(found)}?"
    return f"{hint} Write provider/{word}, or make it an alias: `%llm alias {word} provider/model`."


def _known_by(name: str) -> list[str]:
    """The models known by a name, each with its provider."""
    from mirascope_nb.magics.catalogue import models

    return [model for model in models() if model.partition("/")[2] == name][:_MOST_MEANT]
