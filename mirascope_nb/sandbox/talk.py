"""Replies in prose: a table of what people ask for, and what to say to each."""

import re
from collections.abc import Sequence

from mirascope_nb.sandbox import coding, passages, trivia
from mirascope_nb.sandbox.asked import Asked, Handler, pick, read_asked, topic_of
from mirascope_nb.sandbox.facts import is_yes_no_question, words_of
from mirascope_nb.sandbox.memory import acknowledged, recall
from mirascope_nb.sandbox.prompt import Prompt
from mirascope_nb.sandbox.skills import summarise

WHO_I_AM = (
    "I am the **mirascope_nb sandbox**: an offline simulator, *not* a language model. I answer by "
    "simple rules, so that you can try out prompts, tools and notebooks without a key or a network."
)

# A question about what came along, rather than one that could stand alone.
_POINTS_AT = re.compile(
    r"\b(?:this|that|these|those|it|here|above|attached|attachment|images?|pictures?|photos?|plots?"
    r"|figures?|screenshots?|charts?|documents?|pdfs?|files?|audio|recordings?|clips?)\b",
    re.IGNORECASE,
)


def answer(prompt: Prompt) -> str:
    """The assistant's reply to a prompt, as Markdown: short, and always the same."""
    asked = read_asked(prompt)
    if not asked.text:
        kinds = [kind for turn in prompt.turns for kind in turn.attachments]
        return _attached(kinds) if kinds else "I am here. What would you like to know?"
    if (attached := _just_attached(prompt)) and _POINTS_AT.search(asked.text):
        return _attached(attached)
    for pattern, handler in _HANDLERS:
        if pattern.search(asked.text) and (reply := handler(asked)):
            return reply
    return _restated(asked)


def _identity(asked: Asked) -> str:
    del asked
    return WHO_I_AM


def _recalled(asked: Asked) -> str | None:
    return recall(asked.prompt)


def _noted(asked: Asked) -> str | None:
    return acknowledged(asked.prompt)


def _greeting(asked: Asked) -> str | None:
    longest = 6
    if len(words_of(asked.text)) > longest:
        return None
    return "Hello! I am an offline simulator, so I know little, but I answer fast. What is up?"


def _thanks(asked: Asked) -> str | None:
    longest = 8
    return "You are welcome!" if len(words_of(asked.text)) <= longest else None


def _weather(asked: Asked) -> str:
    where = f" in **{asked.facts.cities[0]}**" if asked.facts.cities else ""
    return (
        f"I cannot look up the weather{where}: I am an offline simulator. Offer me a tool such as "
        "`fetch_weather(city)`, and I will call it."
    )


def _clock(asked: Asked) -> str:
    del asked
    return "I have no clock: I am an offline simulator. Offer me a tool that tells the time."


def _code(asked: Asked) -> str | None:
    return coding.answer(asked.text)


def _haiku(asked: Asked) -> str:
    topic = topic_of(asked) or "the quiet morning"
    return f"Slowly, {topic} —\nsomething small begins to move,\nthen the light comes back."


def _joke(asked: Asked) -> str:
    jokes = (
        "Why do programmers confuse Halloween and Christmas? Because Oct 31 is Dec 25.",
        "I would tell you a joke about UDP, but you might not get it.",
        (
            "There are two hard things in computing: naming things, cache invalidation, and "
            "off-by-one errors."
        ),
    )
    return pick(jokes, asked.text)


def _story(asked: Asked) -> str:
    topic = topic_of(asked) or "a lighthouse"
    return (
        f"Once there was {topic}, and nobody knew why. A girl called Iris came every evening to "
        "ask. On the last day of autumn she got an answer, and she kept it to herself."
    )


def _yes_or_no(asked: Asked) -> str | None:
    if not is_yes_no_question(asked.text):
        return None
    if asked.brief:
        return pick(("Yes", "No"), asked.text)
    known = trivia.known_topic(asked.text)
    start = "I cannot tell: I am an offline simulator, and that takes judgement."
    return f"{start} What I do know: {known}" if known else start


def _restated(asked: Asked) -> str:
    kinds = [kind for turn in asked.prompt.turns for kind in turn.attachments]
    if kinds:
        return _attached(kinds)
    brief = summarise(asked.text)
    if not asked.brief:
        return (
            f"Here is what I understood: “{brief}” I have no rule for that, because I am an "
            "offline simulator; a real model would answer in a paragraph or two."
        )
    return "0" if "number" in asked.text.lower() else brief.rstrip(".?!")


def _just_attached(prompt: Prompt) -> tuple[str, ...]:
    """What came with the last thing the user said."""
    asking = (turn for turn in reversed(prompt.turns) if turn.role == "user" and turn.text.strip())
    return next((turn.attachments for turn in asking), ())


def _attached(kinds: Sequence[str]) -> str:
    names = [f"an {kind}" if kind[0] in "aeiou" else f"a {kind}" for kind in dict.fromkeys(kinds)]
    return (
        f"I can tell that {' and '.join(names)} came with your message, but not what is in it: "
        "I am an offline simulator."
    )


def _when(*patterns: str) -> re.Pattern[str]:
    """Any of several patterns, whatever the case, each at the start of a word."""
    return re.compile("|".join(rf"(?<!\w)(?:{pattern})" for pattern in patterns), re.IGNORECASE)


# The first that matches and has something to say wins; so the particular stands before the general.
_HANDLERS: tuple[tuple[re.Pattern[str], Handler], ...] = (
    (
        _when(
            r"(?:who|what) (?:exactly )?are you\b",
            r"(?:what|which) (?:model|llm)\b.{0,60}?\byou\b",
            r"are you (?:an? |the )?(?:real|ai|llm|bot|human|person|language|model|simulat\w+)\b",
            r"are you (?:chatgpt|gpt|claude|gemini)\b",
            r"introduce yourself\b",
        ),
        _identity,
    ),
    (re.compile(r"\?|\btell me my\b|\bremind me\b", re.IGNORECASE), _recalled),
    (re.compile(r"context:.*question:", re.IGNORECASE | re.DOTALL), passages.from_context),
    (
        _when("classif", "categori[sz]e", "label (?:this|the|as)", "which category"),
        passages.classified,
    ),
    (
        _when(
            "sentiment", r"positive\b.{0,200}?\bnegative", r"negative\b.{0,200}?\bpositive"
        ),
        passages.sentiment,
    ),
    (_when("translat"), passages.translated),
    (
        _when(
            "summari[sz]", "summary", "tl;?dr", "in a nutshell", "shorten", "shorter", "condense"
        ),
        passages.summarised,
    ),
    (_when(r"primes?\b.{0,60}?\bbelow"), trivia.primes),
    (_when(r"how many\b"), trivia.counted),
    (
        _when("upper ?case", "lower ?case", "reverse", "count", "how many", "extract"),
        passages.worked_on,
    ),
    (
        _when(
            "```", r"function\b", r"code\b", r"script\b", r"regex\b", "sql query",
            "program (?:that|to)", "class (?:that|for)",
        ),
        _code,
    ),
    (
        _when(
            r"\d+\)*\s*(?:[-+*/x\u00d7÷^%]|plus|minus|times|multiplied|divided|percent)",
            r"[-(]+\d", "square root", r"\d+ squared",
        ),
        trivia.sum_up,
    ),
    (_when(r"(?:which|what) year\b", r"when (?:was|were|did)\b"), trivia.year),
    (
        _when(r"(?:pick|choose|give me|think of|guess|name)\b.{0,20}?\bnumber\b", r"random number"),
        trivia.picked,
    ),
    (_when(r"capitals?\b"), trivia.capital),
    (_when("(?:what|which) country", "where is"), trivia.country),
    (
        _when(r"books?\b", r"novels?\b", "something to read", "who wrote", "read next"),
        trivia.book,
    ),
    (_when(r"another\b", "one more", "different one", "next one"), trivia.another),
    (_when("recipe", "how (?:do i|to) (?:cook|bake|make)"), trivia.recipe),
    (_when("weather", "forecast", "temperature in", "is it raining"), _weather),
    (
        _when(
            "what(?:'s| is) the (?:time|date)", "what (?:time|day) is it", "today's date"
        ),
        _clock,
    ),
    (_when("haiku", r"poem\b"), _haiku),
    (_when(r"jokes?\b"), _joke),
    (_when(r"story\b"), _story),
    (
        _when(r"list\b", r"name \w+", r"give me \w+ ", "what are the", "enumerate", "all the"),
        trivia.listed,
    ),
    (_when(r"compare\b", "difference between", r"vs\b", r"versus\b"), trivia.compared),
    (re.compile(r"^\W*(?:hi|hello|hey|good \w+|greetings)\b", re.IGNORECASE), _greeting),
    (_when(r"thanks\b", r"thank you\b", r"cheers\b"), _thanks),
    (_when(r"my\b", r"call me\b", r"remember\b", r"i am\b", r"i'm\b"), _noted),
    (
        _when(
            "explain", "describe", "define", r"what(?:'s| is| are| was)\b", r"tell me about\b",
            r"who (?:is|was)\b", "how do", r"why\b", "introduce",
        ),
        trivia.explained,
    ),
    (re.compile(r"\?\s*$"), _yes_or_no),
)  # fmt: skip
"""What is asked, and who answers."""
