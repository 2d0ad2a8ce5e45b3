"""Small things that can be done to a text without understanding it."""

import ast
import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from mirascope_nb.sandbox.facts import stem, topic_words, words_of
from mirascope_nb.sandbox.vocabulary import (
    DICTIONARY,
    LANGUAGES,
    LIST_WORDS,
    LISTS,
    NEGATIONS,
    NEGATIVE,
    POSITIVE,
    word_set,
)

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-ZÀ-Þ0-9])|\n+")
_CLAUSE_END = re.compile(r"[,;:]\s")
_SPOKEN_OPERATORS = (
    (re.compile(r"\s*\bplus\b\s*", re.IGNORECASE), "+"),
    (re.compile(r"\s*\bminus\b\s*", re.IGNORECASE), "-"),
    (
        re.compile(r"\s*\b(?:times|multiplied by)\b\s*|\u00d7|(?<=\d)\s*x\s*(?=\d)", re.IGNORECASE),
        "*",
    ),
    (re.compile(r"\s*\bdivided by\b\s*|÷", re.IGNORECASE), "/"),
    (re.compile(r"\^"), "**"),
)
_MAX_EXPONENT = 64
_MAX_DEPTH = 64
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right,
    ast.Mod: operator.mod,
}
_LABEL_HINTS: dict[str, frozenset[str]] = {
    "bug": word_set("crash error broken fails bug wrong exception freeze"),
    "feature": word_set("add support wish could please option allow feature request"),
    "question": word_set("how what why where when can does is who"),
    "billing": word_set("invoice charge charged refund payment paid card price billing"),
    "technical": word_set("crash error login install slow bug connection technical"),
    "sports": word_set("match team goal player game won league coach season"),
    "politics": word_set("election government minister vote parliament law president"),
    "business": word_set("company market shares profit sales bank economy startup"),
    "technology": word_set("software computer phone chip internet app code data"),
    "science": word_set("study researchers planet cell energy experiment species"),
    "spam": word_set("free win winner click prize offer money urgent now"),
    "urgent": word_set("now immediately asap urgent down emergency today"),
}


@dataclass(frozen=True, slots=True)
class Feeling:
    """The sentiment of a text."""

    label: Literal["positive", "negative", "neutral"]
    score: float
    """From -1.0 to 1.0."""
    words: tuple[str, ...]
    """The words that decided it."""


def calculate(expression: str) -> float | None:
    """The value of a sum such as `4200 + 42`; whole results are an `int`.

    `None` when it is not one, or is too large to be meant.
    """
    text = expression
    for pattern, symbol in _SPOKEN_OPERATORS:
        text = pattern.sub(symbol, text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text).strip().rstrip("=?. ")
    if not re.fullmatch(r"[-+*/%().\d\s]{1,200}", text):
        return None
    try:
        value = _evaluate(ast.parse(text, mode="eval").body, 0)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004
        return int(value)
    return round(value, 6) if isinstance(value, float) else value


def show_number(value: float) -> str:
    """A number as people write it."""
    return str(value) if isinstance(value, int) else f"{value:.6f}".rstrip("0").rstrip(".")


def feeling_of(text: str) -> Feeling:
    """The sentiment of a text, by counting words; a negation turns the next few around."""
    words = re.findall(r"[\w'\u2019]+", text.lower())
    score, found, turned = 0, list[str](), 0
    for word in words:
        if word in NEGATIONS or word.endswith("n't"):
            turned = 4
            continue
        value = (word in POSITIVE) - (word in NEGATIVE)
        if value:
            found.append(word)
            score += -value if turned else value
        turned = max(turned - 1, 0)
    if not score:
        return Feeling("neutral", 0.0, tuple(found))
    strength = round(score / max(len(found), 1), 2)
    return Feeling("positive" if score > 0 else "negative", strength, tuple(found))


def classify(text: str, labels: Sequence[str]) -> str:
    """The label that fits a text best: by its own words, by typical ones, or by feeling."""
    words = {stem(word) for word in words_of(text)}
    feeling = feeling_of(text).label
    best, best_score = labels[0], 0.0
    for label in labels:
        low = label.lower()
        own = {stem(word) for word in words_of(label)}
        hints = next((hints for key, hints in _LABEL_HINTS.items() if key in low), frozenset[str]())
        score = 2.0 * len(own & words) + sum(stem(hint) in words for hint in hints)
        score += 3.0 * (low == feeling or low[:3] == feeling[:3])
        if low in {"question", "inquiry"} and text.rstrip(" \"'").endswith("?"):
            score += 2.0
        if score > best_score:
            best, best_score = label, score
    neutral = next((label for label in labels if label.lower() in {"neutral", "other"}), None)
    return neutral if neutral is not None and not best_score else best


def sentences_of(text: str) -> list[str]:
    """The sentences of a text."""
    parts = (part.strip() for part in _SENTENCE_END.split(text) if part)
    return [part for part in parts if part]


def summarise(text: str, *, sentences: int = 1) -> str:
    """The sentences that share most words with the rest, in their order and kept short."""
    every = sentences_of(text)
    if not every:
        return ""
    counts: dict[str, int] = {}
    for word in topic_words(text):
        counts[stem(word)] = counts.get(stem(word), 0) + 1

    def weight(item: tuple[int, str]) -> float:
        position, sentence = item
        words = topic_words(sentence)
        shared = sum(counts[stem(word)] - 1 for word in words)
        # News and reviews say the most important thing first.
        return shared / math.sqrt(len(words) + 1) + (1.0 if not position else 0.0)

    ranked = sorted(enumerate(every), key=weight, reverse=True)[:sentences]
    return " ".join(_shorten(sentence) for _, sentence in sorted(ranked))


def translate(text: str, language: str) -> tuple[str, tuple[str, ...]] | None:
    """A word-by-word translation from English, and the words that were left as they are.

    `None` when the language is not one of those in the pocket dictionary.
    """
    if language.lower() not in LANGUAGES:
        return None
    column = LANGUAGES.index(language.lower())
    phrases = sorted(DICTIONARY, key=len, reverse=True)
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, phrases))})\b", re.IGNORECASE)
    unknown: list[str] = []

    def look_up(match: re.Match[str]) -> str:
        word = DICTIONARY[match[0].lower()][column]
        return word[0].upper() + word[1:] if match[0][0].isupper() and match[0] != "I" else word

    pieces: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        between = text[end : match.start()]
        unknown += words_of(between)
        pieces += [between, look_up(match)]
        end = match.end()
    unknown += words_of(text[end:])
    return "".join([*pieces, text[end:]]), tuple(dict.fromkeys(unknown))


def best_sentence(context: str, question: str) -> str:
    """The sentence of a context that shares most words with a question."""
    wanted = {stem(word) for word in topic_words(question)}

    def shared(sentence: str) -> int:
        return len(wanted & {stem(word) for word in words_of(sentence)})

    return max(sentences_of(context), key=shared, default="")


def list_of_noun(noun: str) -> list[str] | None:
    """The list of a plural noun, such as `fruits`."""
    key = LIST_WORDS.get(noun, noun)
    return list(LISTS[key]) if key in LISTS else None


def list_asked_for(text: str) -> list[str] | None:
    """The list that a text asks for by name."""
    low = text.lower()
    nouns = sorted([*LIST_WORDS, *LISTS], key=len, reverse=True)
    found = next((noun for noun in nouns if re.search(rf"\b{re.escape(noun)}\b", low)), None)
    return list_of_noun(found) if found else None


def _shorten(sentence: str, most: int = 160) -> str:
    if len(sentence) <= most:
        return sentence
    for match in reversed(list(_CLAUSE_END.finditer(sentence, most // 3, most))):
        return sentence[: match.start()] + "."
    return sentence[:most].rsplit(" ", 1)[0] + " …"


def _evaluate(node: ast.expr, depth: int) -> float:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        value = _evaluate(node.operand, depth + 1)
        return -value if isinstance(node.op, ast.USub) else value
    if not isinstance(node, ast.BinOp):
        raise ValueError("not a sum")  # noqa: TRY004 - the caller takes one error for all of it
    left, right = _evaluate(node.left, depth + 1), _evaluate(node.right, depth + 1)
    if isinstance(node.op, ast.Pow):
        if abs(right) > _MAX_EXPONENT or abs(left) > 1e9:  # noqa: PLR2004
            raise ValueError("too large")
        return float(left) ** right if right < 0 else left**right
    apply = _BINARY.get(type(node.op))
    if apply is None:
        raise ValueError("not a sum")
    return apply(left, right)
