"""What can be done to a passage: judge, label, translate, shorten, search and count it."""

import re
from collections.abc import Callable

from mirascope_nb.sandbox.asked import Asked
from mirascope_nb.sandbox.facts import Facts, read_facts, topic_words, words_of
from mirascope_nb.sandbox.memory import last_reply
from mirascope_nb.sandbox.skills import (
    best_sentence,
    classify,
    feeling_of,
    sentences_of,
    summarise,
    translate,
)
from mirascope_nb.sandbox.subjects import subject_text, translation_request
from mirascope_nb.sandbox.vocabulary import NUMBER_WORDS

_LABEL = r"[\"'`]?[\w-]+[\"'`]?"
_BETWEEN_LABELS = r"\s*,\s*(?:or |and )?|\s*/\s*|\s+or\s+|\s+and\s+"
_LABELS = re.compile(
    r"(?:as|into|of|from|labels?|category|categories|classes|options|choose)\b[^:\n]{0,40}?:?\s*"
    rf"((?:{_LABEL}(?:{_BETWEEN_LABELS})){{1,20}}{_LABEL})",
    re.IGNORECASE,
)
_PARTS_WANTED = re.compile(
    r"\b(\d|one|two|three|four|five) (?:sentences?|bullets?|bullet points?|points?)", re.IGNORECASE
)
_LETTERS = re.compile(
    r"how many (?:times )?(?:does )?(?:the letter )?[\"'“]?([a-z])[\"'”]?(?:'s|s| letters?)?\b"
    r".{0,60}?\bin (?:the word )?[\"'“]?(\w+)",
    re.IGNORECASE,
)
_SEARCH = r"\b(?:extract|find|list)\b.{0,60}?\b"


def sentiment(asked: Asked) -> str:
    """Whether a passage is positive or negative, and which words say so."""
    feeling = feeling_of(subject_text(asked.facts))
    if asked.brief:
        return feeling.label
    because = ", ".join(f"“{word}”" for word in feeling.words[:3])
    why = f"the wording ({because}) points that way" if because else "nothing leans either way"
    return f"**{feeling.label.capitalize()}**: {why}."


def classified(asked: Asked) -> str | None:
    """One of the labels that the prompt offers."""
    found = _LABELS.search(f"{asked.prompt.system}\n{asked.text}")
    if found is None:
        return sentiment(asked) if "sentiment" in asked.text.lower() else None
    parts = (part.strip(" \"'`") for part in re.split(_BETWEEN_LABELS, found[1]))
    labels = [part for part in parts if part]
    return classify(subject_text(asked.facts), labels) if labels else None


def translated(asked: Asked) -> str | None:
    """A translation by dictionary, which says what it does not know."""
    request = translation_request(asked.text)
    if request is None:
        return None
    text, language = request
    done = translate(text, language)
    if done is None:
        return f"My pocket dictionary has no {language}, so I leave it as it is: “{text}”."
    translation, unknown = done
    if asked.brief:
        return translation
    if not unknown:
        return f"In {language}: **{translation}**"
    left = ", ".join(f"“{word}”" for word in unknown[:4])
    return f"In {language}, word by word: **{translation}** (not in my dictionary: {left})"


def summarised(asked: Asked) -> str:
    """The main sentences of a passage, or of the reply before."""
    passage = subject_text(asked.facts)
    if passage == asked.text:
        passage = last_reply(asked.prompt) or passage
    found = _PARTS_WANTED.search(asked.text)
    count = found[1].lower() if found else "1"
    wanted = int(count) if count.isdigit() else NUMBER_WORDS[count]
    short = summarise(passage, sentences=max(wanted, 1))
    if re.search(r"\b(?:bullets?|points?)\b", asked.text, re.IGNORECASE):
        return "\n".join(f"- {sentence}" for sentence in sentences_of(short))
    return short


def from_context(asked: Asked) -> str | None:
    """The answer to a question about a given context: the sentence that comes closest."""
    low = asked.text.lower()
    start, end = low.find("context:"), low.rfind("question:")
    if not 0 <= start < end:
        return None
    passage = asked.text[start + len("context:") : end]
    return best_sentence(passage, asked.text[end + len("question:") :]) or None


def worked_on(asked: Asked) -> str | None:
    """What can really be computed: letters, words, and what a passage contains."""
    if letters := _LETTERS.search(asked.text):
        count = letters[2].lower().count(letters[1].lower())
        return f"There are **{count}** in “{letters[2]}”."
    passage = subject_text(asked.facts)
    if passage == asked.text and asked.facts.quoted:
        passage = max(asked.facts.quoted, key=len)
    facts = read_facts(passage)
    for pattern, work in _WORK:
        if re.search(pattern, asked.text, re.IGNORECASE):
            return work(passage, facts) or "None."
    return None


_WORK: tuple[tuple[str, Callable[[str, Facts], str]], ...] = (
    (r"\bupper ?case\b|\ball caps\b", lambda passage, _: passage.upper()),
    (r"\blower ?case\b", lambda passage, _: passage.lower()),
    (r"\breverse\b", lambda passage, _: passage[::-1]),
    (
        r"\b(?:count|how many)\b.{0,60}?\bwords\b",
        lambda passage, _: f"**{len(words_of(passage))}** words",
    ),
    (rf"{_SEARCH}e-?mails?\b", lambda _, facts: ", ".join(facts.emails)),
    (rf"{_SEARCH}(?:urls?|links?)\b", lambda _, facts: ", ".join(facts.urls)),
    (rf"{_SEARCH}dates?\b", lambda _, facts: ", ".join(facts.dates)),
    (rf"{_SEARCH}(?:names?|people|persons?)\b", lambda _, facts: ", ".join(facts.people)),
    (rf"{_SEARCH}(?:cities|places|locations)\b", lambda _, facts: ", ".join(facts.cities)),
    (
        rf"{_SEARCH}keywords?\b",
        lambda passage, _: ", ".join(dict.fromkeys(topic_words(passage))),
    ),
)
"""What is asked for, and how it is done."""
