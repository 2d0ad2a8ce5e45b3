"""What the simulator knows or can work out: sums, places, books, recipes, topics, lists."""

import re

from mirascope_nb.sandbox.asked import Asked, topic_of, wanted
from mirascope_nb.sandbox.books import BOOKS, Book
from mirascope_nb.sandbox.facts import find_book, words_of
from mirascope_nb.sandbox.memory import mentioned_books
from mirascope_nb.sandbox.places import CAPITALS, CITY_COUNTRIES, COUNTRY_NAMES
from mirascope_nb.sandbox.skills import (
    calculate,
    list_asked_for,
    sentences_of,
    show_number,
    summarise,
)
from mirascope_nb.sandbox.subjects import RECIPES
from mirascope_nb.sandbox.topics import TOPICS

_PRIMES = re.compile(
    r"\bprimes?\b.{0,60}?\bbelow (\d{1,4})\b(?:.{0,60}?\bcontain\w* (\d+))?", re.IGNORECASE
)
_ALL_PRIMES = re.compile(r"\bprimes?\b.{0,60}?\bbelow (\d{1,4})\b()", re.IGNORECASE)
_PAIR = re.compile(
    r"\b(?:compare|between)\s+(.{1,60}?)\s+(?:and|with|to|vs\.?|versus)\s+(.{1,60}?)"
    r"(?=[.?!\n]|$| in a\b)",
    re.IGNORECASE,
)
_VERSUS = re.compile(r"\b([\w+#-]+)\s+(?:vs\.?|versus)\s+([\w+#-]+)", re.IGNORECASE)

# How many there are of what people ask about, for questions that begin with `how many`.
_AMOUNTS: tuple[tuple[str, int], ...] = (
    (r"planets", 8), (r"continents", 7), (r"oceans", 5), (r"seasons", 4), (r"states", 50),
    (r"days\b.*\bweek", 7), (r"days\b.*\bleap year", 366), (r"days\b.*\byear", 365),
    (r"months", 12), (r"weeks\b.*\byear", 52), (r"hours\b.*\bday", 24),
    (r"minutes\b.*\bhour", 60), (r"seconds\b.*\bminute", 60), (r"bits\b.*\bbyte", 8),
    (r"letters\b.*\balphabet", 26), (r"legs\b.*\bspider", 8), (r"legs\b.*\binsect", 6),
    (r"legs\b.*\b(?:dog|cat|horse)", 4), (r"sides\b.*\btriangle", 3),
    (r"sides\b.*\bhexagon", 6), (r"strings\b.*\bguitar", 6), (r"wheels\b.*\bcar", 4),
)  # fmt: skip
_YEARS: tuple[tuple[str, int], ...] = (
    (r"\bmoon\b", 1969), (r"\bberlin wall\b", 1989), (r"\bfrench revolution\b", 1789),
    (r"\btitanic\b", 1912), (r"\bworld war (?:ii|2|two)\b.*\b(?:begin|start)", 1939),
    (r"\bworld war (?:ii|2|two)\b", 1945), (r"\bpython\b", 1991),
)  # fmt: skip
_RANGE = re.compile(r"\b(?:between|from)\s+(\d{1,9})\s+(?:and|to)\s+(\d{1,9})\b", re.IGNORECASE)


def counted(asked: Asked) -> str | None:
    """How many there are of something that everybody could count."""
    low = asked.text.lower()
    for pattern, amount in _AMOUNTS:
        if re.search(rf"\bhow many\b.{{0,40}}?\b{pattern}", low, re.DOTALL):
            return str(amount) if asked.brief else f"There are **{amount}**."
    return None


def year(asked: Asked) -> str | None:
    """When a book came out, or something famous happened."""
    low = asked.text.lower()
    named = next((known for known in BOOKS if known.title.lower() in low), None)
    if named is not None:
        when = str(named.year)
        return when if asked.brief else f"*{named.title}* was published in **{when}**."
    found = next((when for pattern, when in _YEARS if re.search(pattern, low)), None)
    if found is None:
        return None
    return str(found) if asked.brief else f"That was in **{found}**."


def picked(asked: Asked) -> str:
    """A number, when any will do: within the limits that are given."""
    limits = _RANGE.search(asked.text)
    low, high = sorted((int(limits[1]), int(limits[2]))) if limits else (1, 10)
    number = low + (high - low) * 2 // 3
    return str(number) if asked.brief else f"I pick **{number}**."


def sum_up(asked: Asked) -> str | None:
    """The value of the first sum in a text."""
    expression = asked.facts.expression.strip(" .")
    value = calculate(expression) if expression else None
    if value is not None:
        return show_number(value) if asked.brief else f"{expression} = **{show_number(value)}**"
    if re.search(r"[/%]\s*0+(?![\d.])", expression):
        return "That sum has no result: it divides by zero."
    return _other_sum(asked)


def primes(asked: Asked) -> str | None:
    """How many primes there are below a number, or those with certain digits."""
    found = _PRIMES.search(asked.text) or _ALL_PRIMES.search(asked.text)
    if found is None:
        return None
    every = (n for n in range(2, int(found[1])) if all(n % d for d in range(2, int(n**0.5) + 1)))
    count = sum((found[2] or "") in str(prime) for prime in every)
    return str(count) if asked.brief else f"There are **{count}**."


def capital(asked: Asked) -> str | None:
    """The capitals of the countries that are named."""
    named = asked.facts.countries
    if not named:
        return None
    if asked.brief:
        return ", ".join(CAPITALS[name] for name in named)
    return "\n".join(f"The capital of {name} is **{CAPITALS[name]}**." for name in named)


def country(asked: Asked) -> str | None:
    """Where a city is."""
    if not asked.facts.cities:
        return None
    city = asked.facts.cities[0]
    return f"**{city}** is in {CITY_COUNTRIES[city]}." if city in CITY_COUNTRIES else None


def book(asked: Asked) -> str:
    """A recommendation, several of them, or who wrote a book."""
    named = [known for known in BOOKS if known.title.lower() in asked.text.lower()]
    if named and re.search(r"\bwho (?:wrote|is the author)", asked.text, re.IGNORECASE):
        return f"*{named[0].title}* was written by **{named[0].author}** ({named[0].year})."
    earlier = mentioned_books(asked.prompt)
    first = find_book(asked.text) or (earlier[0] if earlier else BOOKS[0])
    alike = [known for known in BOOKS if known.genre == first.genre and known is not first]
    others = [known for known in BOOKS if known.genre != first.genre]
    left = [known for known in (first, *alike, *others) if known not in earlier] or [first]
    several = re.search(r"\bbooks\b|\bnovels\b", asked.text, re.IGNORECASE) is not None
    count = wanted(asked, least=3 if several else 1)
    if count == 1:
        return _recommended(left[0])
    return "\n".join(
        f"{number}. **{known.title}** by {known.author} ({known.year}): {known.about}."
        for number, known in enumerate(left[:count], 1)
    )


def another(asked: Asked) -> str | None:
    """One more book, when books were the subject."""
    return book(asked) if mentioned_books(asked.prompt) else None


def recipe(asked: Asked) -> str:
    """A recipe, if not always the one asked for."""
    low = asked.text.lower()
    fitting = (
        known for known in RECIPES if any(word[:6] in low for word in words_of(known["name"]))
    )
    chosen = next(fitting, RECIPES[1])
    ingredients = "\n".join(f"- {item}" for item in chosen["ingredients"])
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(chosen["steps"], 1))
    return (
        f"### {chosen['name']}\n\n*{chosen['minutes']} minutes, for {chosen['servings']}*\n\n"
        f"{ingredients}\n\n{steps}"
    )


def listed(asked: Asked) -> str | None:
    """A numbered list of things the simulator has a list of."""
    items = list_asked_for(asked.text)
    if items is None:
        return None
    low = asked.text.lower()
    every = re.search(r"\ball\b|\bevery\b", low) is not None
    chosen = items[: len(items) if every else wanted(asked, least=5)]
    if asked.brief or "comma" in low:
        return ", ".join(chosen)
    return "\n".join(f"{number}. {item}" for number, item in enumerate(chosen, 1))


def compared(asked: Asked) -> str | None:
    """A table of two things."""
    found = _PAIR.search(asked.text) or _VERSUS.search(asked.text)
    if found is None:
        return None
    one, two = found[1].strip(), found[2].strip()
    return (
        f"| | {one} | {two} |\n|---|---|---|\n"
        f"| What it is | {_in_a_cell(one)} | {_in_a_cell(two)} |\n"
        f"| Choose it | when you know it already | when you want something else |\n\n"
        "I compare by rules, so take this as a form to fill in."
    )


def explained(asked: Asked) -> str | None:
    """A short explanation, or an admission that there is none."""
    topic = topic_of(asked)
    if not topic:
        return None
    if known := known_topic(topic):
        brief = re.search(r"\bone sentence\b|\bbriefly\b|\bshort\b", asked.text, re.IGNORECASE)
        return sentences_of(known)[0] if brief or asked.brief else known
    if topic.lower() in COUNTRY_NAMES:
        name = COUNTRY_NAMES[topic.lower()]
        return f"**{name}** is a country; its capital is {CAPITALS[name]}."
    if asked.facts.cities and topic.lower() == asked.facts.cities[0].lower():
        return country(asked)
    title = find_book(topic)
    if title is not None and title.title.lower() in topic.lower():
        return (
            f"*{title.title}* ({title.year}) is a book by {title.author}, in which {title.about}."
        )
    return (
        f"“{summarise(asked.text)}” is not among the few things I know: I am an offline simulator. "
        "A real model would explain here what it is, how it works and why it matters."
    )


def known_topic(text: str) -> str | None:
    """The explanation of the first known topic in a text."""
    low = text.lower()
    for name, explanation in TOPICS.items():
        if re.search(rf"\b{re.escape(name.removesuffix('s'))}s?\b", low):
            return explanation
    return None


def _recommended(known: Book) -> str:
    start = f"I recommend **{known.title}** by {known.author}"
    return f"{start}, in which {known.about}. {known.why}"


def _other_sum(asked: Asked) -> str | None:
    """Sums in words: roots, squares and percentages."""
    numbers, low = asked.facts.numbers, asked.text.lower()
    value: float | None = None
    if "square root of" in low and numbers and numbers[0] >= 0:
        value = numbers[0] ** 0.5
    elif re.search(r"\d\s*(?:%|percent) of", low) and len(numbers) > 1:
        value = numbers[0] * numbers[1] / 100
    elif "squared" in low and numbers:
        value = numbers[0] ** 2
    if value is None:
        return None
    shown = show_number(int(value) if float(value).is_integer() else round(value, 6))
    return shown if asked.brief else f"The answer is **{shown}**."


def _in_a_cell(topic: str) -> str:
    known = known_topic(topic)
    return sentences_of(known)[0].replace("|", "/") if known else "not among what I know"
