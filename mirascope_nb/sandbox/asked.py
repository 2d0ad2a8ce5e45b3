"""One question, with what its handlers need, and what several of them do."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mirascope_nb.sandbox.facts import Facts, read_facts
from mirascope_nb.sandbox.prompt import Prompt

_BRIEF = re.compile(
    r"\b(?:one word|single word|answer only|reply only|respond only|just the|nothing else"
    r"|only (?:with )?(?:the|a|one) (?:label|word|number|category|name|answer)|no explanation)\b",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\b(?:explain|describe|define|(?:what|who) (?:is|are|was|were)|what's|tell me about|about"
    r"|how do|how does|why is|why are|why do|of|on|introduce)\s+"
    r"(?:the (?:concept|idea|term|basics) of\s+)?"
    r"(.{1,200}?)"
    r"(?=[.?!\n]|$| (?:to a|in (?:one|two|three|a|simple|\d)|briefly|work|works|for a)\b)",
    re.IGNORECASE,
)
_MOST_WANTED = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asks now."""

    prompt: Prompt
    text: str
    facts: Facts
    brief: bool
    """Nothing but the answer itself is wanted."""


Handler = Callable[[Asked], str | None]
"""Says something, or `None` to leave it to the next handler."""


def read_asked(prompt: Prompt) -> Asked:
    """The last question of a conversation."""
    text = prompt.last_text.strip()
    brief = _BRIEF.search(f"{prompt.system}\n{text}") is not None
    return Asked(prompt, text, read_facts(text), brief)


def topic_of(asked: Asked) -> str:
    """What a question is about; empty when it does not say."""
    found = _TOPIC.search(asked.text)
    topic = found[1].strip(" \"'“”`") if found else ""
    return re.sub(r"^(?:a|an|some|me|what|how)\s+", "", topic, flags=re.IGNORECASE)


def wanted(asked: Asked, *, least: int) -> int:
    """How many things are asked for; `least` when it is not said."""
    numbers = (int(number) for number in asked.facts.numbers if 1 <= number <= _MOST_WANTED)
    return next(numbers, least)


def pick(options: Sequence[str], text: str) -> str:
    """One of several, always the same for a text."""
    return options[hashlib.sha256(text.encode()).digest()[0] % len(options)]
