"""What was said earlier in a conversation, and answers from it."""

import re
from collections.abc import Sequence

from mirascope_nb.sandbox.books import BOOKS, Book
from mirascope_nb.sandbox.prompt import Prompt
from mirascope_nb.sandbox.skills import summarise

_TOLD = re.compile(
    r"\b(?:my|the user's) ((?:favou?rite |first |last |lucky |secret |full )?[a-z]+(?: [a-z]+)?) "
    r"(?:is|was|=|are) (?:called |named )?(.{1,200}?)"
    r"(?=[.!?;\n]|,? (?:and|but|so) (?:my|i|what)\b|$)",
    re.IGNORECASE,
)
_CALL_ME = re.compile(
    r"\b(?:call me|my name's|(?:i'm|i am) (?-i:(?=[A-Z])))\s*"
    r"((?-i:[A-Z][\w'\u2019-]+(?: [A-Z][\w'\u2019-]+)?))",
    re.IGNORECASE,
)
_REMEMBER = re.compile(
    r"\bremember (?:that )?(?:the |this |my )?(?:(number|word|code|name|password|colou?r|date)\b)?"
    r"[:\s]*(?:is )?[\"'“]?(.{1,200}?)[\"'”]?(?=[.!?;\n]|$)",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:what(?:'s| is| was| are)|do you (?:remember|know|recall)|tell me|remind me(?: of)?)"
    r"(?: what)? (?:my|the) ((?:favou?rite |first |last |lucky |secret |full )?[a-z]+(?: [a-z]+)?)"
    r"(?: (?:is|was|again|i (?:told|gave|asked|said).{0,60}))?\s*\?*\s*$",
    re.IGNORECASE,
)
_WHO_AM_I = re.compile(
    r"\bwho am i\b|\bmy name\b.{0,60}?\?|\bwhat(?:'s| is) my name\b", re.IGNORECASE
)
_WHAT_NUMBER = re.compile(
    r"\b(?:what|which) (number|word|code|name|password|colou?r|date|thing)\b"
    r".{0,100}?\b(?:i|remember)\b"
    r"|\bwhat did i (?:ask|tell) you (?:to remember)?",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\bwhat (?:did|have) (?:i|we) (?:just |first )?(?:say|said|ask|asked|talk|discuss)",
    re.IGNORECASE,
)


def remembered(prompt: Prompt) -> dict[str, str]:
    """What the user told about themselves, by what it is, the latest version of each."""
    known: dict[str, str] = {}
    for text in (prompt.system, *prompt.user_texts):
        for what, value in _TOLD.findall(text):
            known[_key(what)] = value.strip(" \"'“”")
        for name in _CALL_ME.findall(text):
            known["name"] = name
        for what, value in _REMEMBER.findall(text):
            if value.strip() and not text.rstrip().endswith("?"):
                known[_key(what or "thing")] = value.strip()
    return known


def recall(prompt: Prompt) -> str | None:
    """The answer to a question about what was said earlier; `None` when it is none."""
    text = prompt.last_text
    known = remembered(prompt)
    if found := _ASKED.search(text):
        key = _key(found[1])
        if key in known:
            return f"Your {found[1].strip().lower()} is **{known[key]}**."
        if re.search(r"\bmy\b", found[0], re.IGNORECASE):
            return f"You have not told me your {found[1].strip().lower()} yet."
    if _WHO_AM_I.search(text):
        return f"You are **{known['name']}**." if "name" in known else "You have not told me yet."
    if found := _WHAT_NUMBER.search(text):
        key = _key(found[1] or "thing")
        value = known.get(key) or known.get("thing") or _favourite(known, key)
        return f"You told me **{value}**." if value else "You have not told me one yet."
    if _EARLIER.search(text):
        before = prompt.user_texts[:-1]
        if not before:
            return "This is the first thing you have asked me."
        first = before[0] if "first" in text.lower() else before[-1]
        return f"You said: “{summarise(first)}”"
    return None


def acknowledged(prompt: Prompt) -> str | None:
    """The answer to something that is told to be remembered; `None` when nothing is."""
    text = prompt.last_text
    if text.rstrip().endswith("?"):
        return None
    if name := _CALL_ME.findall(text) or [
        value for what, value in _TOLD.findall(text) if what.lower() == "name"
    ]:
        return f"Nice to meet you, **{name[-1].strip()}**! What can I do for you?"
    if told := _TOLD.findall(text):
        what, value = told[-1]
        return f"Noted: your {what.strip().lower()} is **{value.strip()}**."
    if kept := _REMEMBER.search(text):
        return f"I will remember **{kept[2].strip()}** for this conversation."
    return None


def mentioned_books(prompt: Prompt) -> Sequence[Book]:
    """Books that came up in earlier replies, in that order."""
    said = [turn.text for turn in prompt.turns if turn.role == "assistant"]
    return [book for book in BOOKS if any(book.title in text for text in said)]


def last_reply(prompt: Prompt) -> str:
    """The text of the last reply; empty when there is none."""
    replies = (turn.text for turn in reversed(prompt.turns) if turn.role == "assistant")
    return next((text for text in replies if text), "")


def _favourite(known: dict[str, str], key: str) -> str | None:
    return next((value for what, value in known.items() if what.endswith(key)), None)


def _key(what: str) -> str:
    return " ".join(
        what.lower().replace("favorite", "favourite").replace("color", "colour").split()
    )
