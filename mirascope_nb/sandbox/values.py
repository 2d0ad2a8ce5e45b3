"""Single values for named fields: what the prompt says, and what to make up when it says nothing.

The order of trust: a value that is simply known (an argument already decided, the result of a
tool), an explicit mention (`limit = 500`), the record of the prompt's subject, what a name means
(`to` is an address), and only then an invention.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mirascope_nb.sandbox.constraints import has_kind
from mirascope_nb.sandbox.facts import Facts, number_of, words_of
from mirascope_nb.sandbox.jsonvalue import Object, as_list, as_text
from mirascope_nb.sandbox.skills import summarise
from mirascope_nb.sandbox.subjects import Record, language_of, subject_text
from mirascope_nb.sandbox.vocabulary import word_set


class _Missing:
    """The type of `MISSING`."""


MISSING: Final = _Missing()
"""Nothing was found; `None` would be a value."""

_SHOULD_BE = re.compile(r"should be (?:exactly )?(-?\d+(?:\.\d+)?|\"[^\"]+\"|'[^']+')")
_SAYING = re.compile(
    r"\b(?:saying|that says|says|with the (?:message|text|body|content)|message|reading|text)\b"
    r"[:,]?\s+(?:that )?"
    # What is quoted ends with its quotation mark, and keeps its own full stop.
    r"(?:\"(?P<double>[^\"]+)\"|“(?P<curly>[^”]+)”|'(?P<single>[^'\n]+)'(?!\w)|(?P<plain>.+)$)",
    re.IGNORECASE | re.DOTALL,
)
# What is to be added, removed or finished: `Add a task: buy milk`, `remove tea from my list`.
_OBJECT = re.compile(
    r"\b(?:add|create|put|remove|delete|erase|drop|cancel|complete|finish|mark|remember)\s+"
    r"(?:(?:a|an|the|my|our|new|another)\s+){0,2}"
    r"(?:(?:task|todo|to-do|item|note|reminder|entry|event)s?\b(?:\s+(?:called|named|to)\b|\s*:)?"
    r"\s*)?"
    r"(.{1,120}?)(?:\s+(?:task|todo|item|note|reminder|entry|event))?"
    r"(?=\s+(?:to|from|on|off|in|into|as)\s+(?:my|our|your|the|a|done|complete|finished)\b"
    r"|\s+(?:and|then)\b|[,;]|[.?!]?\s*$)",
    re.IGNORECASE,
)
_UP_TO = r"(?=[.?!]|$|,? (?:in|at|from|using|with|by|and then|please)\b)"
_TOPICS = tuple(
    re.compile(rf"\b(?:{words})\s+(.{{1,200}}?){_UP_TO}", re.IGNORECASE)
    # "Search the web for tea" is about tea, "look up tea" too, but only "of tea" says less.
    for words in ("about|for|regarding", "find|search|look up|look for|google", "of|on")
)
_WHERE = re.compile(
    r"\bwhere\s+(.{1,200}?)(?=\s*(?:,|;|\band then\b|\blimit\b|\bat most\b|[.?!]?$))", re.IGNORECASE
)
_SQL = re.compile(r"\b((?:select|insert|update|delete|create|drop)\b.+)", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"```(?:\w+\n)?(.+?)```", re.DOTALL)
_IDENTIFIER = re.compile(r"\b([A-Za-z]\w*_\w+)\b")
_FROM_TO = re.compile(
    r"\bfrom\s+(.{1,60}?)\s+to\s+(.{1,60}?)(?=[.,?!]|\s+(?:on|at|for|with|by)\b|$)", re.IGNORECASE
)
_UNITS = re.compile(
    r"\b(celsius|fahrenheit|kelvin|metric|imperial|kilometers?|kilometres?|miles?|meters?|kg|usd|eur"
    r"|gbp|jpy|chf)\b",
    re.IGNORECASE,
)
_EXAMPLE: dict[str, Any] = {
    "age": 34, "city": "Lisbon", "color": "blue", "colour": "blue", "company": "Example Ltd",
    "confidence": 0.8, "count": 3, "country": "Portugal", "currency": "EUR", "day": "Monday",
    "duration": 30, "email": "ada@example.org", "first": "Ada", "firstname": "Ada", "genre":
    "fantasy", "height": 170, "id": 1, "job": "engineer", "language": "English", "last":
    "Lovelace", "lastname": "Lovelace", "latitude": 38.72, "longitude": -9.14, "minutes": 30,
    "month": "March", "name": "Ada Lovelace", "occupation": "engineer", "pages": 320, "phone":
    "+1 555 0100", "population": 500000, "price": 19.99, "priority": 2, "probability": 0.8,
    "quantity": 1, "rating": 4, "score": 0.8, "servings": 4, "stars": 4, "street":
    "12 Example Street", "temperature": 21, "time": "10:30", "timezone": "UTC", "unit": "celsius",
    "url": "https://example.org", "username": "ada", "version": "1.0", "weight": 65, "year": 2024,
    "zip": "1000", "zipcode": "1000", "postcode": "1000", "date": "2026-01-15",
}  # fmt: skip
_NAMED_THINGS = word_set("table column project branch user id")
_YEARS = range(1000, 3000)
_ANSWERS = word_set(
    "answer response output reply result message content text explanation haiku poem joke story "
    "code note comment review body recommendation suggestion advice"
)
_RESULTS = word_set(
    "answer output result response reply value number total sum count amount product difference "
    "quotient year"
)
_IN_ORDER = word_set(
    "number numbers value values first second third left right num operand addend factor amount "
    "integer int x y z a b c n m"
)


@dataclass(slots=True)
class Finder:
    """Looks values up for one structured reply; numbers are handed out once each, in order."""

    facts: Facts
    known: Mapping[str, Any]
    """Values by exact field name that are not to be questioned."""
    answer: Callable[[], str]
    """The reply in prose, for fields that ask for one."""
    eager: bool
    """Take numbers and phrases of the text for any field, as the arguments of a tool call do."""
    _numbers_taken: int = field(default=0)

    def evident(self, names: tuple[str, ...], schema: Object, record: Record) -> Any:
        """The value of a field as far as the prompt tells, else `MISSING`."""
        if not names:
            return MISSING
        name = names[-1]
        for found in (
            self.known.get(name, MISSING),
            _demanded(as_text(schema.get("description"))),
            self._mentioned(name, schema),
            _recorded(names, record),
        ):
            if found is not MISSING:
                return found
        return self._meant(words_of(name))

    def number(self, name: str, *, required: bool) -> Any:
        """The next number of the text, for a field that takes whichever comes."""
        words = set(words_of(name))
        plain = bool(words & _IN_ORDER) or bool(re.fullmatch(r"\w?\d?", name))
        if not (plain or (self.eager and required)):
            return MISSING
        if "year" in words:
            years = (number for number in self.facts.numbers if number in _YEARS)
            return next(years, MISSING)
        if self._numbers_taken >= len(self.facts.numbers):
            return MISSING
        self._numbers_taken += 1
        return self.facts.numbers[self._numbers_taken - 1]

    def invented(self, names: tuple[str, ...], *, numeric: bool) -> Any:
        """Something plausible for a field that the prompt says nothing about."""
        name = names[-1] if names else "output"
        words = words_of(name)
        if not numeric and not self.eager and set(words) & _ANSWERS:
            return self.answer()
        for key in ("".join(words), *reversed(words)):
            example = _EXAMPLE.get(key, MISSING)
            if example is not MISSING and isinstance(example, int | float) is numeric:
                return example
        if numeric:
            return 1
        return self.phrase(words)

    def worked_out(self, name: str) -> Any:
        """The number that the reply in prose comes to, for a field that holds the answer itself."""
        if self.eager or not set(words_of(name)) & _RESULTS:
            return MISSING
        # What a reply quotes is the question.
        prose = re.sub(r"“[^”]*”", " ", self.answer())
        numbers = re.findall(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?![\w-]*\d)", prose)
        return number_of(numbers[-1]) if numbers else MISSING

    def phrase(self, words: Collection[str]) -> str:
        """Words of the prompt that suit a field of text."""
        if self.eager:
            said = (*self.facts.quoted, _captured(_OBJECT)(self.facts), self._topic())
            return next(filter(None, said), self.facts.text.strip())
        if {"title", "headline", "name", "subject", "label"} & set(words):
            topic = self._topic() or summarise(self.facts.text)
            return topic[:1].upper() + topic[1:60]
        if {"description", "summary", "overview", "abstract"} & set(words):
            return summarise(subject_text(self.facts)) or self.answer()
        return self.answer()

    def _topic(self) -> str:
        found = (pattern.search(self.facts.text) for pattern in _TOPICS)
        topic = next((match[1] for match in found if match), "").strip(" \"'“”")
        return re.sub(r"^(?:the|a|an|some|me)\s+", "", topic)

    def _mentioned(self, name: str, schema: Object) -> Any:
        """A value written next to the field's own name."""
        spoken = r"[ _-]?".join(map(re.escape, words_of(name)))
        if not spoken:
            return MISSING
        text = self.facts.text
        if as_text(schema.get("type")).lower() in {"integer", "number"}:
            # A single letter is too common a word to do without a sign.
            link = r"\s*[=:]\s*" if len(name) == 1 else r"\s*(?:=|:|\bis\b|\bof\b|\bto\b)?\s*"
            digits = r"(-?\d+(?:,\d{3})*(?:\.\d+)?)"
            after = re.search(rf"\b{spoken}\b{link}{digits}", text, re.IGNORECASE)
            before = re.search(rf"(?<![\w.,]){digits}\s+{spoken}\b", text, re.IGNORECASE)
            found = after or before
            return number_of(found[1]) if found else MISSING
        quoted = r"(?:\"([^\"]+)\"|“([^”]+)”|'([^']+)'(?!\w))"
        if found := re.search(rf"\b{spoken}\b\s*[=:]?\s*{quoted}", text, re.IGNORECASE):
            return next(filter(None, found.groups()))
        found = re.search(rf"\b{spoken}\b\s*(?:=|:(?!\w))\s*([^\s,;]+)", text, re.IGNORECASE)
        if found is None and name.lower() in _NAMED_THINGS:
            found = re.search(
                rf"\b{spoken}\s+(?:named |called )?"
                r"(?:[\"'`]([^\"'`]+)[\"'`]|([\w.-]*[\d_][\w.-]*))",
                text,
                re.IGNORECASE,
            )
        if found is None:
            return MISSING
        return next(filter(None, found.groups())).rstrip(".?!")

    def _meant(self, words: tuple[str, ...]) -> Any:
        """What the words of a name stand for, as far as the text has it."""
        for word in words:
            for names, find in _MEANINGS + (_EAGER_MEANINGS if self.eager else ()):
                if word in names and (found := find(self.facts)):
                    return found
            if word in _PLURALS and (several := _PLURALS[word](self.facts)):
                return list(several)
        return MISSING


def _captured(pattern: re.Pattern[str]) -> Callable[[Facts], str]:
    """A search for the first group of a pattern."""

    def find(facts: Facts) -> str:
        found = pattern.search(facts.text)
        return found[1].strip().strip("\"'“”") if found else ""

    return find


def _said(facts: Facts) -> str:
    """What somebody is to be told."""
    found = _SAYING.search(facts.text)
    if found is None:
        return ""
    quoted = found["double"] or found["curly"] or found["single"]
    return quoted or found["plain"].strip().strip("\"'“”").rstrip(".")


def _journey(group: int) -> Callable[[Facts], str]:
    def find(facts: Facts) -> str:
        found = None if facts.emails else _FROM_TO.search(facts.text)
        return found[group].strip() if found else ""

    return find


def _first(items: tuple[str, ...]) -> str:
    return items[0] if items else ""


_MEANINGS: tuple[tuple[frozenset[str], Callable[[Facts], Any]], ...] = (
    (word_set("origin source departure from"), _journey(1)),
    (word_set("destination target arrival to"), _journey(2)),
    (word_set("to recipient email address"), lambda facts: _first(facts.emails)),
    (
        word_set("city location place town destination address"),
        lambda facts: _first(facts.cities),
    ),
    (word_set("country"), lambda facts: _first(facts.countries)),
    (
        word_set("to recipient name person user customer who"),
        lambda facts: _first(facts.people),
    ),
    (word_set("url link website page"), lambda facts: _first(facts.urls)),
    (word_set("path file filename folder"), lambda facts: _first(facts.paths)),
    (word_set("date day when deadline"), lambda facts: _first(facts.dates or facts.days)),
    (word_set("time hour"), lambda facts: _first(facts.times)),
    (word_set("expression equation formula calculation"), lambda facts: facts.expression),
    (word_set("genre"), lambda facts: facts.genre),
    (word_set("language lang"), lambda facts: language_of(facts.text)),
    (word_set("unit units"), lambda facts: _captured(_UNITS)(facts).lower()),
    (word_set("currency"), lambda facts: _captured(_UNITS)(facts).upper()),
    (word_set("where condition filter"), _captured(_WHERE)),
    (word_set("sql statement"), _captured(_SQL)),
    (word_set("code script snippet"), _captured(_CODE)),
    (word_set("table dataset column"), _captured(_IDENTIFIER)),
)
"""What a name can mean, the surest first."""

_EAGER_MEANINGS: tuple[tuple[frozenset[str], Callable[[Facts], Any]], ...] = (
    (word_set("message body content"), _said),
    (word_set("question prompt input"), lambda facts: facts.text.strip()),
)

_PLURALS: dict[str, Callable[[Facts], tuple[str, ...]]] = {
    "cities": lambda facts: facts.cities,
    "places": lambda facts: facts.cities,
    "locations": lambda facts: facts.cities,
    "countries": lambda facts: facts.countries,
    "people": lambda facts: facts.people,
    "names": lambda facts: facts.people,
    "persons": lambda facts: facts.people,
    "recipients": lambda facts: facts.emails,
    "emails": lambda facts: facts.emails,
    "dates": lambda facts: facts.dates,
    "urls": lambda facts: facts.urls,
    "files": lambda facts: facts.paths,
}


def _demanded(description: str) -> Any:
    """A value that the field's description prescribes."""
    found = _SHOULD_BE.search(description)
    if found is None:
        return MISSING
    value = found[1]
    return value.strip("\"'") if value[0] in "\"'" else number_of(value)


def _recorded(names: tuple[str, ...], record: Record) -> Any:
    """The record's value for a field: by its whole path first, by the end of its name last."""
    parts = [word for name in names[-2:] for word in words_of(name)]
    tails = ("".join(parts[start:]) for start in range(len(parts)))
    return next((record[tail] for tail in tails if tail in record), MISSING)


def number_in(text: str) -> Any:
    """The first number that is written in a text, or `MISSING`."""
    found = re.search(r"-?\d+(?:\.\d+)?", text)
    return number_of(found[0]) if found else MISSING


def sample_of(schema: Object, kind: str) -> Any:
    """An example or default of a JSON type that the schema itself gives, or `MISSING`."""
    for value in (*as_list(schema.get("examples")), schema.get("default")):
        if has_kind(value, kind):
            return value
    return MISSING
