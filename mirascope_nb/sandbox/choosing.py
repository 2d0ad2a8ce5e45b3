"""Which of the tools that are offered a text calls for."""

import re
from collections.abc import Iterable, Sequence

from mirascope_nb.sandbox.facts import Facts, read_facts, stem, words_of
from mirascope_nb.sandbox.jsonvalue import as_object, as_text, is_list
from mirascope_nb.sandbox.prompt import Prompt, ToolOffer
from mirascope_nb.sandbox.vocabulary import COMMON, word_set

_ENOUGH = 3.0
# What people say, and the word a tool for it has in its name.
_SAID: dict[str, str] = {
    "forecast": "weather", "rain": "weather", "raining": "weather", "snow": "weather",
    "sunny": "weather", "temperature": "weather", "hot": "weather", "cold": "weather",
    "warm": "weather", "umbrella": "weather", "climate": "weather",
    "e-mail": "mail", "email": "mail", "send": "mail", "message": "mail",
    "erase": "delete", "remove": "delete", "drop": "delete", "purge": "delete", "clean": "delete",
    "look": "search", "google": "search", "lookup": "search",
    "sum": "add", "plus": "add", "addition": "add", "+": "add",
    "minus": "subtract", "-": "subtract",
    "times": "multiply", "*": "multiply", "multiplied": "multiply",
    "divided": "divide", "/": "divide", "quotient": "divide",
    "compute": "calculate", "calculator": "calculate", "math": "calculate",
    "cost": "price", "worth": "price", "share": "stock", "shares": "stock",
    "clock": "time", "hour": "time",
    "reserve": "book", "fly": "flight", "flights": "flight",
    "run": "execute", "fetch": "get", "retrieve": "get", "show": "get",
    "meeting": "calendar", "appointment": "calendar", "schedule": "calendar",
    "directions": "route", "distance": "route", "far": "route",
}  # fmt: skip
_WEAK_NAME_WORDS = word_set(
    "get fetch tool function do make run execute call api data list find look query retrieve "
    "custom my the for of by current new use"
)
# What is done to a thing, by the verbs for it.
_DEEDS: dict[str, str] = {
    verb: deed
    for deed, verbs in {
        "see": "list show view see get fetch find read display print give tell",
        "add": "add create new insert put append remember",
        "delete": "delete remove erase drop purge clear clean cancel",
        "finish": "complete finish done mark tick close",
        "change": "update edit change rename move modify",
    }.items()
    for verb in verbs.split()
}
# `my list` and `the task list` are things, not deeds.
_LIST_NOUN = re.compile(r"\b(?:my|our|your|the|a|an|this|that|todo|task|shopping)\s+list\b")


def fitting_tools(offers: Sequence[ToolOffer], prompt: Prompt, text: str) -> list[ToolOffer]:
    """The tools that a text calls for, the best first, one for each thing it asks."""
    facts = read_facts(text)
    scored = [(offer, fitness(offer, text, facts)) for offer in offers]
    good = sorted((pair for pair in scored if pair[1] >= _ENOUGH), key=lambda pair: -pair[1])
    chosen: list[ToolOffer] = []
    covered: set[str] = set()
    for offer in _without_rivals([offer for offer, _ in good], text):
        own = _name_hits(offer, text)
        deed = {_deed(offer)} & _deeds(text)
        if not chosen or (own and not own & covered) or (deed and not deed & covered):
            chosen.append(offer)
            covered |= own | deed
    if chosen:
        return sorted(chosen, key=lambda offer: _first_hit(offer, text))
    return _again(offers, prompt, facts)


def _without_rivals(offers: list[ToolOffer], text: str) -> list[ToolOffer]:
    """The tools but for those that do something else to the same things than the text asks for.

    `List my tasks` speaks of tasks, and so fits `remove_task` as well as `list_tasks`.
    """
    asked = _deeds(text)
    right = [offer for offer in offers if _deed(offer) in asked]
    things = {thing for offer in right for thing in _things(offer, text)}
    return [
        offer
        for offer in offers
        if offer in right or not _deed(offer) or not _things(offer, text) & things
    ]


def _deed(offer: ToolOffer) -> str:
    """What a tool does, by the verb that its name begins with; empty when that says nothing."""
    return _DEEDS.get(next(iter(words_of(offer.name)), ""), "")


def _things(offer: ToolOffer, text: str) -> set[str]:
    """What a tool does it to, as far as the text speaks of it."""
    return _name_hits(offer, text) - stems(_DEEDS.keys())


def _deeds(text: str) -> set[str]:
    """What a text wants done; a question wants to see something."""
    plain = _LIST_NOUN.sub(" ", text.lower())
    said = {_DEEDS[word] for word in words_of(plain) if word in _DEEDS}
    asks = text.rstrip().endswith("?") or re.match(r"\s*(?:what|which|who|how many)\b", plain)
    return said or ({"see"} if asks else set())


def _again(offers: Sequence[ToolOffer], prompt: Prompt, facts: Facts) -> list[ToolOffer]:
    """The tool used before, when the user goes on in the same way: `And in Paris?`."""
    short = 8
    before = [use.name for turn in prompt.turns for use in turn.uses]
    goes_on = re.match(r"\s*(?:and|what about|how about|now|also|or)\b", facts.text, re.IGNORECASE)
    if not before or not goes_on or len(words_of(facts.text)) > short:
        return []
    if not (facts.cities or facts.numbers or facts.quoted or facts.people):
        return []
    return [offer for offer in offers if offer.name == before[-1]]


def fitness(offer: ToolOffer, text: str, facts: Facts) -> float:
    """How well a tool fits a text; `_ENOUGH` is enough to call it."""
    if re.search(rf"(?<!\w){re.escape(offer.name)}(?!\w)", text, re.IGNORECASE):
        return 10.0
    said = _said(text)
    about = {_canonical(word) for word in words_of(offer.description) if word not in COMMON}
    score = 3.0 * len(_name_hits(offer, text))
    overlap = (about - stems(_WEAK_NAME_WORDS)) & said
    deed = _deed(offer)
    if deed in _deeds(text) and (_things(offer, text) or (overlap and deed != "see")):
        score += 2.0
    if deed == "see" and re.search(r"\b(?:my|our) list\b", text, re.IGNORECASE):
        score += 3.0 if "list" in words_of(offer.name) else 0.0
    score += min(len(overlap), 4) * 1.0
    properties = as_object(offer.schema.get("properties"))
    for name in properties:
        words = set(words_of(name))
        if (
            (words & {"city", "location", "place", "town"} and facts.cities)
            or (words & {"to", "recipient", "email"} and facts.emails)
            or {_canonical(word) for word in words if len(word) > 1} & said
        ):
            score += 1.0
    required = offer.schema.get("required")
    numeric = [
        name
        for name, item in properties.items()
        if as_text(as_object(item).get("type")).lower() in {"integer", "number"}
    ]
    if is_list(required) and numeric and set(required) == set(numeric) and facts.expression:
        score += 1.0
    return score


def _name_hits(offer: ToolOffer, text: str) -> set[str]:
    """The telling words of a tool's name that a text says, in its own words or others."""
    words = {word for word in words_of(offer.name) if word not in _WEAK_NAME_WORDS}
    if words & {"calculator", "calculate", "compute", "math", "evaluate"} and re.search(
        r"\d\s*[-+*/^]\s*\d", text
    ):
        return {"calculate"}
    return {_canonical(word) for word in words} & _said(text)


def _first_hit(offer: ToolOffer, text: str) -> int:
    """Where a text first speaks of a tool."""
    hits = _name_hits(offer, text)
    deed = _deed(offer)
    if deed in _deeds(text):
        # Several tools may share what they are about; what they do tells them apart.
        hits = hits - _things(offer, text)
    for match in re.finditer(r"[\w-]+|[-+*/]", text.lower()):
        if _canonical(match[0]) in hits or (deed and _DEEDS.get(match[0]) == deed):
            return match.start()
    return len(text)


def _said(text: str) -> set[str]:
    words = [*words_of(text), *re.findall(r"(?<=\d)\s*([-+*/])\s*(?=\d)", text)]
    return {_canonical(word) for word in words if word not in COMMON}


def _canonical(word: str) -> str:
    """One form for all words that mean the same to a tool."""
    return stem(_SAID.get(word, word))


def stems(words: Iterable[str]) -> set[str]:
    """The words without their commonest endings."""
    return {stem(word) for word in words}
