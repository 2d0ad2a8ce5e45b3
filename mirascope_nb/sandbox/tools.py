"""Which tools a reply calls, with which arguments, and what it says about their results."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from mirascope_nb.sandbox.facts import Facts, find_cities, read_facts, stem, words_of
from mirascope_nb.sandbox.jsonvalue import as_object, as_text, is_list, is_object
from mirascope_nb.sandbox.prompt import Prompt, ToolOffer, ToolResult, ToolUse, Turn
from mirascope_nb.sandbox.schema import fill
from mirascope_nb.sandbox.vocabulary import COMMON, word_set
from mirascope_nb.sandbox.wires.base import encode

_ENOUGH = 3.0
_MOST_CALLS = 16
_FORMAT_TOOL = re.compile(
    r"^__|formatted_output|final_(?:result|response|answer)|structured_output", re.IGNORECASE
)
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
_REFUSED = re.compile(
    r"\b(?:denied|declined|rejected|not approved|not allowed|refused|expired|cancelled)\b",
    re.IGNORECASE,
)
_FAILED = re.compile(r"^\s*(?:\w*error\b|\w*exception\b|failed\b|tool .+ not found)", re.IGNORECASE)
_WEATHER = re.compile(
    r"(-?\d+)\s?(°\s?[FC]?|degrees)\s+and\s+(\w[\w ]*?)(?: in [\w ,.'-]+)?\.?", re.IGNORECASE
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
    chosen = _fitting(plain, prompt, text)
    if not chosen and forms:
        return (_format_call(forms[0], prompt, answer),)
    if not chosen and required and plain:
        chosen = [max(plain, key=lambda offer: _score(offer, text, read_facts(text)))]
    calls = [call for offer in chosen for call in _calls_of(offer, prompt, text, answer)]
    return tuple(calls[: _MOST_CALLS if prompt.choice.parallel else 1])


def is_format_tool(offer: ToolOffer) -> bool:
    """Whether a tool only gives the final reply its form, as structured-output libraries do."""
    return _FORMAT_TOOL.search(offer.name) is not None


def latest_results(prompt: Prompt) -> list[tuple[ToolUse, ToolResult]]:
    """The tool results at the end of a conversation, with the calls they answer."""
    trailing: list[Turn] = []
    for turn in reversed(prompt.turns):
        if not turn.results:
            break
        trailing.insert(0, turn)
    results = [result for turn in trailing for result in turn.results]
    uses = [use for turn in prompt.turns for use in turn.uses]
    paired: list[tuple[ToolUse, ToolResult]] = []
    left = uses[-len(results) :] if results else []
    for result in results:
        same = next((use for use in left if result.id and use.id == result.id), None)
        if same is None:
            same = next((use for use in left if not result.id and use.name == result.name), None)
        if same is None:
            same = ToolUse(name=result.name or "the tool", arguments="{}")
        else:
            left = [use for use in left if use is not same]
        paired.append((same, result))
    return paired


def known_from_results(prompt: Prompt) -> dict[str, Any]:
    """Values that tools were called with or gave back, by field name."""
    known: dict[str, Any] = {}
    for use, result in latest_results(prompt):
        arguments = _parsed(use.arguments)
        known |= as_object(arguments)
        value = _parsed(result.text)
        if is_object(value):
            known |= value
        for name in ("answer", "result", "output", "total", "sum", "value"):
            known[name] = value
    return known


def prose_of_results(prompt: Prompt) -> str:
    """What to say once the tools have answered."""
    pairs = latest_results(prompt)
    if len(pairs) == 1:
        use, result = pairs[0]
        return _sentence(use, result)
    good = [pair for pair in pairs if not _is_bad(pair[1])]
    bad = [pair for pair in pairs if _is_bad(pair[1])]
    lines: list[str] = []
    if len(good) == 1:
        lines.append(_sentence(*good[0]))
    elif good:
        lines.append("Here is what I found:\n")
        lines += [f"- {_labelled(use, result)}" for use, result in good]
    text = "\n".join(lines)
    failures = " ".join(_sentence(use, result) for use, result in bad)
    return f"{text}\n\n{failures}".strip() if len(good) > 1 else f"{text} {failures}".strip()


def _allowed(prompt: Prompt) -> list[ToolOffer]:
    names = prompt.choice.names
    return [offer for offer in prompt.tools if not names or offer.name in names]


def _fitting(offers: Sequence[ToolOffer], prompt: Prompt, text: str) -> list[ToolOffer]:
    """The tools that a text calls for, the best first, one for each thing it asks."""
    facts = read_facts(text)
    scored = [(offer, _score(offer, text, facts)) for offer in offers]
    good = sorted((pair for pair in scored if pair[1] >= _ENOUGH), key=lambda pair: -pair[1])
    chosen: list[ToolOffer] = []
    covered: set[str] = set()
    for offer, _ in good:
        own = _name_hits(offer, text)
        if not chosen or (own and not own & covered):
            chosen.append(offer)
            covered |= own
    if chosen:
        return sorted(chosen, key=lambda offer: _first_hit(offer, text))
    return _again(offers, prompt, facts)


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


def _score(offer: ToolOffer, text: str, facts: Facts) -> float:
    """How well a tool fits a text; `_ENOUGH` is enough to call it."""
    if re.search(rf"(?<!\w){re.escape(offer.name)}(?!\w)", text, re.IGNORECASE):
        return 10.0
    score = 3.0 * len(_name_hits(offer, text))
    said = _said(text)
    about = {_canonical(word) for word in words_of(offer.description) if word not in COMMON}
    score += min(len((about - _stems(_WEAK_NAME_WORDS)) & said), 4) * 1.0
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
    for match in re.finditer(r"[\w-]+|[-+*/]", text.lower()):
        if _canonical(match[0]) in hits:
            return match.start()
    return len(text)


def _said(text: str) -> set[str]:
    words = [*words_of(text), *re.findall(r"(?<=\d)\s*([-+*/])\s*(?=\d)", text)]
    return {_canonical(word) for word in words if word not in COMMON}


def _canonical(word: str) -> str:
    """One form for all words that mean the same to a tool."""
    return stem(_SAID.get(word, word))


def _stems(words: set[str] | frozenset[str]) -> set[str]:
    return {stem(word) for word in words}


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
            if len(items) > 1 and {stem(word) for word in words_of(head)} & _stems(words):
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


def _is_bad(result: ToolResult) -> bool:
    short = 200
    refused = len(result.text) < short and _REFUSED.search(result.text) is not None
    return result.failed or refused or _FAILED.match(result.text) is not None


def _sentence(use: ToolUse, result: ToolResult) -> str:
    """One result as a sentence or two."""
    text = result.text.strip()
    subject = _subject(use)
    if _REFUSED.search(text) and _is_bad(result):
        reason = re.sub(
            r"^.*?(?:denied|declined|rejected|refused)\b[^:]*:?\s*",
            "",
            text,
            flags=re.DOTALL | re.IGNORECASE,
        )
        said = f": {reason.rstrip('.')}." if reason and reason != text else "."
        return f"I have not run `{use.name}`, because it was not allowed{said}"
    if _is_bad(result):
        return f"`{use.name}` did not work: {text.rstrip('.')}."
    if not text:
        return f"`{use.name}` is done; it returned nothing."
    if weather := _WEATHER.fullmatch(text):
        cities = find_cities(subject) or find_cities(text) or ((subject,) if subject else ())
        where = f" in **{cities[0]}**" if cities else ""
        return f"It is {weather[1]} {weather[2].strip()} and {weather[3]}{where}."
    value = _parsed(text)
    if is_object(value) or is_list(value):
        head = f"Here is what `{use.name}` found" + (f" for **{subject}**" if subject else "")
        return f"{head}:\n\n{_listed(value)}"
    if isinstance(value, int | float | bool):
        return f"The answer is **{text}**."
    if re.fullmatch(r"[A-Z].{8,}[.!?]", text, re.DOTALL):
        return text
    if subject and subject.lower() not in text.lower():
        return f"For **{subject}** it is: {text}."
    return f"{text[0].upper()}{text[1:]}" + ("" if text[-1] in ".!?:`" or "\n" in text else ".")


def _labelled(use: ToolUse, result: ToolResult) -> str:
    subject = _subject(use) or f"`{use.name}`"
    value = _parsed(result.text)
    text = _inline(value) if is_object(value) or is_list(value) else result.text.strip()
    if weather := _WEATHER.fullmatch(text):
        text = f"{weather[1]} {weather[2].strip()} and {weather[3]}"
    return f"**{subject}**: {text}"


def _subject(use: ToolUse) -> str:
    """The argument that says best what a call was about."""
    arguments = as_object(_parsed(use.arguments))
    texts = [value for value in arguments.values() if isinstance(value, str)]
    if texts:
        return texts[0]
    if len(arguments) == 1:
        return str(next(iter(arguments.values())))
    return ""


def _listed(value: Any) -> str:
    if is_object(value):
        return "\n".join(f"- **{key}**: {_inline(item)}" for key, item in value.items())
    return "\n".join(f"- {_inline(item)}" for item in value)


def _inline(value: Any) -> str:
    if is_object(value):
        return ", ".join(f"{key} {_inline(item)}" for key, item in value.items())
    if is_list(value):
        return ", ".join(map(_inline, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
