"""Which tools a reply calls, and with which arguments."""

import re
from collections.abc import Callable
from typing import Any

from mirascope_nb.sandbox.choosing import fitness, fitting_tools, stems
from mirascope_nb.sandbox.facts import Facts, read_facts, stem, words_of
from mirascope_nb.sandbox.jsonvalue import as_object, as_text, is_list
from mirascope_nb.sandbox.prompt import Prompt, ToolOffer, ToolUse
from mirascope_nb.sandbox.results import known_from_results
from mirascope_nb.sandbox.schema import fill
from mirascope_nb.sandbox.wires.base import encode

_MOST_CALLS = 16
_FORMAT_TOOL = re.compile(
    r"^__|formatted_output|final_(?:result|response|answer)|structured_output", re.IGNORECASE
)


def calls_for(prompt: Prompt, *, answer: Callable[[], str]) -> tuple[ToolUse, ...]:
    """The tool calls that answer a prompt; none when it is better answered in prose.

    Args:
        prompt: The request.
        answer: Gives the reply in prose, for arguments that ask for text.
    """
    offers = _allowed(prompt)
    if not offers or prompt.choice.mode == "none":
        return ()
    required = prompt.choice.mode == "required"
    answered = bool(prompt.turns and prompt.turns[-1].results)
    forms = [offer for offer in offers if is_format_tool(offer)]
    plain = [offer for offer in offers if not is_format_tool(offer)]
    if forms and (answered or not plain):
        return (_format_call(forms[0], prompt, answer),) if required or answered else ()
    if answered and not (required and not forms):
        return ()
    text = prompt.last_text
    chosen = fitting_tools(plain, prompt, text)
    if not chosen and forms:
        return (_format_call(forms[0], prompt, answer),)
    if not chosen and required and plain:
        chosen = [max(plain, key=lambda offer: fitness(offer, text, read_facts(text)))]
    calls = [call for offer in chosen for call in _calls_of(offer, prompt, text, answer)]
    return tuple(calls[: _MOST_CALLS if prompt.choice.parallel else 1])


def is_format_tool(offer: ToolOffer) -> bool:
    """Whether a tool only gives the final reply its form, as structured-output libraries do."""
    return _FORMAT_TOOL.search(offer.name) is not None


def _allowed(prompt: Prompt) -> list[ToolOffer]:
    names = prompt.choice.names
    return [offer for offer in prompt.tools if not names or offer.name in names]


def _format_call(offer: ToolOffer, prompt: Prompt, answer: Callable[[], str]) -> ToolUse:
    facts = read_facts(prompt.last_text)
    known = known_from_results(prompt)
    value = fill(offer.schema, facts, answer=answer, known=known)
    return ToolUse(name=offer.name, arguments=encode(value))


def _calls_of(
    offer: ToolOffer, prompt: Prompt, text: str, answer: Callable[[], str]
) -> list[ToolUse]:
    """The calls of one tool: one, or one for each of several things that are asked about."""
    facts = read_facts(text)
    field, values = _several(offer, facts)
    if not prompt.choice.parallel or field is None:
        arguments = fill(offer.schema, facts, answer=answer, eager=True)
        return [ToolUse(name=offer.name, arguments=encode(arguments))]
    return [
        ToolUse(
            name=offer.name,
            arguments=encode(
                fill(offer.schema, facts, answer=answer, known={field: value}, eager=True)
            ),
        )
        for value in values[:_MOST_CALLS]
    ]


def _several(offer: ToolOffer, facts: Facts) -> tuple[str | None, list[Any]]:
    """The argument that a text gives several values for, and the values."""
    properties = as_object(offer.schema.get("properties"))
    required = offer.schema.get("required")
    needed = [name for name in properties if is_list(required) and name in required]
    texts = [name for name in properties if _type_of(properties[name]) == "string"]
    for name in texts:
        words = set(words_of(name))
        if words & {"origin", "destination", "from", "source", "target"}:
            return None, []
        if words & {"city", "location", "place", "town"} and len(facts.cities) > 1:
            return name, list(facts.cities)
        if words & {"to", "recipient", "email"} and len(facts.emails) > 1:
            return name, list(facts.emails)
        for head, items in facts.lists:
            if len(items) > 1 and {stem(word) for word in words_of(head)} & stems(words):
                return name, list(items)
    only = needed[0] if len(needed) == 1 else None
    if only in texts and len(facts.quoted) > 1:
        return only, list(facts.quoted)
    if only in texts and facts.lists and len(facts.lists[-1][1]) > 1 and len(texts) == 1:
        return only, list(facts.lists[-1][1])
    numeric = only is not None and _type_of(properties[only]) in {"integer", "number"}
    if numeric and len(facts.numbers) > 1 and not facts.expression:
        return only, list(facts.numbers)
    return None, []


def _type_of(schema: object) -> str:
    own = as_object(schema)
    if "enum" in own:
        return "enum"
    return as_text(own.get("type")).lower()
