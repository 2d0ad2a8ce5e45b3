"""What a prompt is about, as records of named values: the source of structured replies."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from mirascope_nb.sandbox.books import BOOKS, Book
from mirascope_nb.sandbox.facts import Facts, find_book, topic_words
from mirascope_nb.sandbox.places import CAPITALS, CITY_COUNTRIES
from mirascope_nb.sandbox.skills import calculate, feeling_of, show_number, summarise, translate
from mirascope_nb.sandbox.vocabulary import LANGUAGES, OTHER_LANGUAGES

Record = Mapping[str, Any]
"""Values by field name in lower case without separators: `firstname`, not `first_name`."""

_LANGUAGE = re.compile(rf"\b({'|'.join((*LANGUAGES, *OTHER_LANGUAGES))})\b", re.IGNORECASE)
_AGE = re.compile(
    r"\b(\d{1,3})[- ]years?[- ]old\b|\baged? (?:is )?(\d{1,3})\b|(?<=[a-z]), (\d{1,3})\b(?!,\d)",
    re.IGNORECASE,
)
_JOB = re.compile(
    r"\b(?:works? as|is|am|i'm|was|job is|as) an? ((?:\d+[- ]year[- ]old )?[a-z][a-z -]{2,40}?)"
    r"(?= (?:at|in|from|for|who|and|with|living)\b|[.,;!?\n]|$)",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"\b(?:works? (?:at|for)|employed by|at)\s+((?:[A-Z][\w&.-]*)(?: [A-Z][\w&.-]*)*)"
)
_PHONE = re.compile(r"\+?\d[\d ().-]{6,}\d")
_PRICE = re.compile(
    r"[$€£]\s?(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)\s?(?:dollars|euros|usd|eur)", re.IGNORECASE
)
_TRANSLATE = re.compile(
    r"translate:?\s+(?:the (?:text|sentence|following|word|phrase)s?:?\s*)?"
    r"(.{1,2000}?)\s+(?:in|to|into) (\w+)",
    re.IGNORECASE | re.DOTALL,
)
_RECIPE = re.compile(r"\b(?:recipe|cook|bake|dish|meal)\b", re.IGNORECASE)

RECIPES: tuple[Record, ...] = (
    {
        "name": "Pancakes",
        "title": "Pancakes",
        "dish": "Pancakes",
        "ingredients": ["200 g flour", "300 ml milk", "2 eggs", "1 pinch of salt", "butter"],
        "steps": [
            "Whisk flour, milk, eggs and salt into a smooth batter.",
            "Let it rest for 15 minutes.",
            "Fry thin pancakes in a little butter, one minute a side.",
        ],
        "servings": 4,
        "minutes": 30,
        "difficulty": "easy",
        "cuisine": "French",
        "vegetarian": True,
    },
    {
        "name": "Spaghetti al pomodoro",
        "title": "Spaghetti al pomodoro",
        "dish": "Spaghetti al pomodoro",
        "ingredients": ["400 g spaghetti", "800 g tomatoes", "2 cloves of garlic", "basil", "oil"],
        "steps": [
            "Soften the garlic in oil, add the tomatoes and simmer for 20 minutes.",
            "Cook the spaghetti until firm to the bite.",
            "Toss both with torn basil.",
        ],
        "servings": 4,
        "minutes": 35,
        "difficulty": "easy",
        "cuisine": "Italian",
        "vegetarian": True,
    },
    {
        "name": "Lentil soup",
        "title": "Lentil soup",
        "dish": "Lentil soup",
        "ingredients": ["250 g red lentils", "1 onion", "2 carrots", "1 litre of stock", "cumin"],
        "steps": [
            "Soften the chopped onion and carrots with the cumin.",
            "Add lentils and stock and simmer for 25 minutes.",
            "Blend it, and season with salt and lemon.",
        ],
        "servings": 4,
        "minutes": 40,
        "difficulty": "easy",
        "cuisine": "Turkish",
        "vegetarian": True,
    },
)


def records_of(facts: Facts, hints: Collection[str]) -> list[Record]:
    """What a text is about: one record an item, the closest first, at least one.

    Args:
        facts: What was found in the text.
        hints: Words of the wanted schema's title and fields.
    """
    general = _general(facts)
    about = {*hints, *topic_words(facts.text)}
    if about & {"book", "books", "novel", "novels", "isbn"} or (
        "author" in hints and find_book(facts.text)
    ):
        return [{**general, **record} for record in _books(facts)]
    if _RECIPE.search(facts.text) or "ingredients" in hints:
        return [{**general, **record} for record in _recipes(facts)]
    if len(facts.people) > 1:
        return [{**general, **_person(facts, name)} for name in facts.people]
    if facts.people:
        return [{**general, **_person(facts, facts.people[0])}]
    if facts.cities and not about & {"sentiment", "translation", "summary"}:
        return [{**general, **_place(city)} for city in facts.cities]
    if facts.countries:
        return [{**general, **_country(country)} for country in facts.countries]
    return [general]


def language_of(text: str) -> str:
    """The language a text names, capitalised; empty when it names none."""
    found = _LANGUAGE.findall(text)
    return found[-1].capitalize() if found else ""


def translation_request(text: str) -> tuple[str, str] | None:
    """What is to be translated, and into which language."""
    match = _TRANSLATE.search(text)
    if match:
        return match[1].strip(" \"'“”:"), match[2].capitalize()
    language = language_of(text)
    if "translat" in text.lower() and language and ":" in text:
        return text.split(":", 1)[1].strip(" \"'“”\n"), language
    return None


def subject_text(facts: Facts) -> str:
    """The passage a request is about: what follows a colon or an empty line, or is quoted."""
    longest = max(facts.quoted, key=len, default="")
    least = 12
    head, separator, rest = facts.text.partition(":")
    if separator and len(rest.strip()) >= least and len(head) <= len(rest) * 2:
        return rest.strip().strip("\"'“”")
    _, separator, rest = facts.text.partition("\n\n")
    if separator and len(rest.strip()) >= least:
        return rest.strip()
    return longest if len(longest) >= least else facts.text


def _general(facts: Facts) -> dict[str, Any]:
    """What can be said about any text."""
    passage = subject_text(facts)
    feeling = feeling_of(passage)
    topics = list(dict.fromkeys(topic_words(passage)))[:5]
    record: dict[str, Any] = {
        "sentiment": feeling.label,
        "polarity": feeling.label,
        "mood": feeling.label,
        "sentimentscore": feeling.score,
        "positive": feeling.label == "positive",
        "ispositive": feeling.label == "positive",
        "negative": feeling.label == "negative",
        "isnegative": feeling.label == "negative",
        "confidence": 0.9 if feeling.words else 0.6,
        "confidencescore": 0.9 if feeling.words else 0.6,
        "summary": summarise(passage),
        "keywords": topics,
        "tags": topics[:3],
        "topics": topics[:3],
        "topic": " ".join(topics[:3]),
        "text": passage,
        "original": passage,
        "language": "English",
        "reason": _because(feeling.words),
        "question": facts.text,
    }
    if facts.people:
        record |= {"attendees": list(facts.people), "participants": list(facts.people)}
    for names, values in (
        (("date", "day", "startdate"), facts.dates or facts.days),
        (("time", "starttime"), facts.times),
        (("email", "emailaddress"), facts.emails),
        (("url", "link", "website"), facts.urls),
        (("path", "file", "filename"), facts.paths),
    ):
        if values:
            record |= dict.fromkeys(names, values[0])
    if price := _PRICE.search(facts.text):
        record |= dict.fromkeys(("price", "cost", "amount"), float(price[1] or price[2]))
    if phone := _PHONE.search(facts.text):
        record |= dict.fromkeys(("phone", "phonenumber", "telephone"), phone[0].strip())
    value = calculate(facts.expression) if facts.expression else None
    if value is not None:
        record |= dict.fromkeys(("answer", "result", "value", "total", "sum"), value)
        steps = f"{facts.expression} = {show_number(value)}"
        record |= {"expression": facts.expression, "explanation": steps, "reasoning": steps}
    if asked := translation_request(facts.text):
        record |= _translation(*asked)
    if facts.genre:
        record["genre"] = facts.genre
    return record


def _because(words: tuple[str, ...]) -> str:
    if not words:
        return "The text does not lean either way."
    return "The text says " + ", ".join(f"“{word}”" for word in words[:3]) + "."


def _translation(text: str, language: str) -> dict[str, Any]:
    done = translate(text, language)
    return {
        "translation": done[0] if done else text,
        "translated": done[0] if done else text,
        "translatedtext": done[0] if done else text,
        "original": text,
        "originaltext": text,
        "sourcetext": text,
        "targetlanguage": language,
        "language": language,
        "sourcelanguage": "English",
    }


def _books(facts: Facts) -> list[Record]:
    first = find_book(facts.text) or BOOKS[0]
    same = [book for book in BOOKS if book.genre == first.genre and book is not first]
    rest = [book for book in BOOKS if book.genre != first.genre]
    return [_book(book) for book in (first, *same, *rest)]


def _book(book: Book) -> Record:
    given, _, family = book.author.rpartition(" ")
    about = f"{book.about[0].upper()}{book.about[1:]}."
    return {
        "title": book.title,
        "booktitle": book.title,
        "book": book.title,
        "name": book.title,
        "author": book.author,
        "authorname": book.author,
        "authors": [book.author],
        "firstname": given,
        "lastname": family,
        "year": book.year,
        "publicationyear": book.year,
        "publishedyear": book.year,
        "yearpublished": book.year,
        "genre": book.genre,
        "genres": [book.genre],
        "pages": book.pages,
        "pagecount": book.pages,
        "numpages": book.pages,
        "summary": about,
        "description": about,
        "plot": about,
        "synopsis": about,
        "reason": book.why,
        "why": book.why,
        "recommendation": f"{book.title} by {book.author}",
        "language": "English",
    }


def _recipes(facts: Facts) -> list[Record]:
    low = facts.text.lower()
    words = {
        "pancake": 0, "breakfast": 0, "dessert": 0, "pasta": 1, "spaghetti": 1, "italian": 1,
        "soup": 2, "lentil": 2, "vegan": 2,
    }  # fmt: skip
    first = next((index for word, index in words.items() if word in low), 1)
    chosen = [*RECIPES[first:], *RECIPES[:first]]
    alike = (("instructions", "steps"), ("directions", "steps"), ("preptime", "minutes"),
             ("cookingtime", "minutes"), ("time", "minutes"), ("serves", "servings"),
             ("totaltime", "minutes"), ("preparationtime", "minutes"))  # fmt: skip
    return [{**recipe, **{new: recipe[old] for new, old in alike}} for recipe in chosen]


def _person(facts: Facts, name: str) -> Record:
    """A person, from the sentence or line that names them."""
    start = facts.text.find(name)
    others = [facts.text.find(other) for other in facts.people if other != name]
    end = min((place for place in others if place > start), default=len(facts.text))
    about = facts.text[start:end]
    given, _, family = name.partition(" ")
    record: dict[str, Any] = {
        "name": name, "fullname": name, "person": name, "firstname": given, "lastname": family,
    }  # fmt: skip
    if age := _AGE.search(about):
        record["age"] = int(next(filter(None, age.groups())))
    if job := _JOB.search(about):
        plain = re.sub(r"^\d+[- ]year[- ]old ", "", job[1])
        record |= dict.fromkeys(("job", "occupation", "profession", "role", "jobtitle"), plain)
    if company := _COMPANY.search(about):
        record |= dict.fromkeys(("company", "employer", "organization"), company[1].rstrip("."))
    cities = [city for city in facts.cities if city in about] or list(facts.cities)
    if cities:
        record |= _place(cities[0]) | {"name": name}
    emails = [email for email in facts.emails if email in about]
    if emails:
        record |= {"email": emails[0], "emailaddress": emails[0]}
    return record


def _place(city: str) -> dict[str, Any]:
    country = CITY_COUNTRIES.get(city, "")
    record: dict[str, Any] = dict.fromkeys(("city", "location", "place", "name", "cityname"), city)
    if country:
        record["country"] = country
        if country in CAPITALS:
            record["capital"] = CAPITALS[country]
    return record


def _country(country: str) -> dict[str, Any]:
    capital = CAPITALS[country]
    return {"country": country, "name": country, "capital": capital, "city": capital}
