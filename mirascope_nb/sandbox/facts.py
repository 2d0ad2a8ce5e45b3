"""What can be read off a prompt: numbers, places, people, dates, quotations, lists."""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mirascope_nb.sandbox.books import BOOKS, GENRE_WORDS, Book
from mirascope_nb.sandbox.places import CITY_COUNTRIES, COUNTRY_NAMES
from mirascope_nb.sandbox.vocabulary import COMMON, NUMBER_WORDS, word_list, word_set

_MONTHS = word_list(
    "january february march april may june july august september october november december"
)
_MONTH = "|".join(_MONTHS)


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NUMBER = re.compile(
    r"(?<![\w.])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?\b|(?<![\w.,])-?\d+(?:\.\d+)?(?![\w-]*\d)"
)
_NUMBER_WORD = re.compile(rf"\b({_either(NUMBER_WORDS)})\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"([^\"\n]+)\"|“([^”\n]+)”|(?<!\w)'([^'\n]+)'(?!\w)|`([^`\n]+)`")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_URL = re.compile(r"https?://[^\s)>\"']+")
_PATH = re.compile(r"(?<![\w/.:@])(?:~?/|\.{1,2}/)?[\w-]+(?:/[\w.-]+)*\.[A-Za-z]\w{0,4}\b(?!@)")
_ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_WRITTEN_DATE = re.compile(
    rf"\b(?:(?P<m1>{_MONTH})\s+(?P<d1>\d{{1,2}})|(?P<d2>\d{{1,2}})\.?\s+(?P<m2>{_MONTH}))"
    r"(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})\b",  # codespell:ignore nd
    re.IGNORECASE,
)
_DAY_WORD = re.compile(
    r"\b(today|tonight|tomorrow|yesterday"
    r"|(?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|next week|this week|this weekend)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:[01]?\d|2[0-3]):[0-5]\d(?:\s?[ap]m)?\b|\b\d{1,2}\s?[ap]m\b", re.IGNORECASE
)
_CITY = re.compile(rf"(?<!\w)({_either(CITY_COUNTRIES)})(?!\w)", re.IGNORECASE)
_CITY_NAMES = {city.lower(): city for city in CITY_COUNTRIES}
_COUNTRY = re.compile(rf"\b({_either(COUNTRY_NAMES)})\b", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:in|to|from|near)\s+((?:[A-Z][\w'\u2019-]+)(?:\s[A-Z][\w'\u2019-]+)*)")
_GENRE = re.compile(rf"\b({_either(GENRE_WORDS)})\b", re.IGNORECASE)
_PERSON = re.compile(
    r"\b(?:named|called|name is|name's|by|for|to|from|with|dr\.?|mr\.?|mrs\.?|ms\.?|i am|i'm)"
    r"\s+"
    r"((?-i:[A-Z][a-zà-ÿ'\u2019-]+(?:\s[A-Z](?:\.|[a-zà-ÿ'\u2019-]+))*))"
    r"|\b((?-i:[A-Z][a-zà-ÿ]+(?:\s[A-Z]\.)?\s[A-Z][a-zà-ÿ'\u2019-]+))\b"
    r"|(?:^|[.!?:]\s+|\n)((?-i:[A-Z][a-zà-ÿ]+))(?=,? (?:is|was|has|lives|works|turned|aged|\d))",
    re.IGNORECASE,
)
_AFTER_COLON = re.compile(r"(\w+)\s*:\s*([^\n]+)")
_EXPRESSION = re.compile(
    r"(?<![\w.+*/(-])[-(]{0,8}\d[\d.,]{0,20}"
    r"(?:\s{0,3}(?:\*\*|[-+*/x\u00d7÷^%()]|plus|minus|times|multiplied by|divided by)"
    r"\s{0,3}[-(]{0,8}\d[\d.,]{0,20}\){0,8}){1,40}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_NOT_A_NAME = frozenset(_MONTHS) | word_set(
    "monday tuesday wednesday thursday friday saturday sunday the this that what who where when "
    "how please english french german spanish italian extract find get give json python"
)
_LIST_BREAK = re.compile(r"\s{0,8}(?:,|;|\band\b|\bor\b|&|\n|\|)\s{0,8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was found in one text."""

    text: str
    numbers: tuple[float, ...]
    """In order; whole ones are equal to an `int`."""
    quoted: tuple[str, ...]
    emails: tuple[str, ...]
    urls: tuple[str, ...]
    paths: tuple[str, ...]
    dates: tuple[str, ...]
    """Calendar dates, as `2025-03-09`."""
    days: tuple[str, ...]
    """Relative days, such as `tomorrow`."""
    times: tuple[str, ...]
    cities: tuple[str, ...]
    countries: tuple[str, ...]
    people: tuple[str, ...]
    genre: str
    """Empty when no genre is named."""
    expression: str
    """The first sum, such as `4200 + 42`; empty when there is none."""
    lists: tuple[tuple[str, tuple[str, ...]], ...]
    """What stands before a colon, and the items after it."""


@functools.lru_cache(maxsize=64)
def read_facts(text: str) -> Facts:
    """Find what there is to find in a text."""
    emails = tuple(_EMAIL.findall(text))
    urls = tuple(_URL.findall(text))
    without = _URL.sub(" ", _EMAIL.sub(" ", text))
    cities = find_cities(without)
    genre = _GENRE.search(without)
    expression = _EXPRESSION.search(without)
    return Facts(
        text=text,
        numbers=find_numbers(without),
        quoted=_unique(_first(groups) for groups in _QUOTED.findall(text)),
        emails=emails,
        urls=urls,
        paths=_unique(path for path in _PATH.findall(without) if not path[0].isdigit()),
        dates=_dates(without),
        days=_unique(day.lower() for day in _DAY_WORD.findall(without)),
        times=_unique(_TIME.findall(without)),
        cities=cities,
        countries=_unique(COUNTRY_NAMES[name.lower()] for name in _COUNTRY.findall(without)),
        people=_people(without, cities),
        genre=GENRE_WORDS[genre[1].lower()] if genre else "",
        expression=expression[0].strip() if expression else "",
        lists=tuple((head, split_list(items)) for head, items in _AFTER_COLON.findall(without)),
    )


def find_numbers(text: str) -> tuple[float, ...]:
    """All numbers of a text in order, those written as words included when there are no others."""
    plain = _ISO_DATE.sub(" ", _TIME.sub(" ", text))
    digits = tuple(number_of(found) for found in _NUMBER.findall(plain))
    if digits:
        return digits
    return tuple(NUMBER_WORDS[word.lower()] for word in _NUMBER_WORD.findall(plain))


def number_of(text: str) -> float:
    """A number as written, with commas between thousands; whole numbers stay whole."""
    plain = text.replace(",", "")
    return float(plain) if "." in plain else int(plain)


def find_cities(text: str) -> tuple[str, ...]:
    """Known cities in the order of the text, else names that follow a word such as `in`."""
    known = _unique(_CITY_NAMES[found.lower()] for found in _CITY.findall(text))
    if known:
        return known
    places = (found for found in _PLACE.findall(text) if found.lower() not in COUNTRY_NAMES)
    return _unique(place for place in places if place.split()[0].lower() not in _NOT_A_NAME)


def find_book(text: str) -> Book | None:
    """The book that a text names by title or author, or by genre; `None` when it names none."""
    low = text.lower()
    for book in BOOKS:
        if book.title.lower() in low or book.author.lower() in low:
            return book
    surnames = (book for book in BOOKS if re.search(rf"\b{book.author.split()[-1].lower()}\b", low))
    by_author = next(surnames, None)
    if by_author is not None and "by " in low:
        return by_author
    genre = _GENRE.search(text)
    if genre is None:
        return None
    return next(book for book in BOOKS if book.genre == GENRE_WORDS[genre[1].lower()])


def split_list(text: str) -> tuple[str, ...]:
    """The items of a list in prose, such as `mellon, radiance and ember`."""
    items = (item.strip(" .!?\"'`*-") for item in _LIST_BREAK.split(text))
    return tuple(item for item in items if item)


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in lower case, names such as `fetch_weather` or `bookFlight` split up."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return tuple(word.lower() for word in _WORD.findall(spaced))


def stem(word: str) -> str:
    """A word without its commonest endings, so that `books` and `booking` meet `book`."""
    least = 4
    for ending in ("ations", "ation", "ings", "ing", "ies", "ers", "er", "es", "ed", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= least - 1:
            return word.removesuffix(ending)
    return word


def topic_words(text: str) -> tuple[str, ...]:
    """The words of a text that say what it is about."""
    return tuple(word for word in words_of(text) if word not in COMMON)


def is_yes_no_question(text: str) -> bool:
    """Whether a text asks for a yes or a no."""
    start = r"\s*(is|are|was|were|do|does|did|can|could|will|would|should|has|have|am)\b"
    return text.rstrip().endswith("?") and re.match(start, text, re.IGNORECASE) is not None


def _dates(text: str) -> tuple[str, ...]:
    found = [(match.start(), match[0]) for match in _ISO_DATE.finditer(text)]
    for match in _WRITTEN_DATE.finditer(text):
        month = _MONTHS.index((match["m1"] or match["m2"]).lower()) + 1
        day = int(match["d1"] or match["d2"])
        found.append((match.start(), f"{match['year']}-{month:02}-{day:02}"))
    return _unique(date for _, date in sorted(found))


def _people(text: str, cities: tuple[str, ...]) -> tuple[str, ...]:
    places = {word.lower() for city in cities for word in city.split()}
    found = (_first(groups) for groups in _PERSON.findall(text))
    return _unique(
        name
        for name in found
        if name.split()[0].lower() not in _NOT_A_NAME | places
        and name.lower() not in COUNTRY_NAMES
        and not name.lower().startswith(("i ", "i'"))
    )


def _first(groups: tuple[str, ...]) -> str:
    """The group of an alternative that took part in a match."""
    return next(group for group in groups if group)


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
