"""Replies in prose: sensible, short, honest, and always the same."""

import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope_nb.sandbox.models import behaviour_of
from mirascope_nb.sandbox.prompt import (
    Prompt,
    Reply,
    ToolOffer,
    Turn,
    count_tokens,
    cut_to_tokens,
    split_tokens,
)
from mirascope_nb.sandbox.rules import reply_to
from mirascope_nb.sandbox.script import Scripted


def conversation(*texts: str) -> tuple[Turn, ...]:
    return tuple(
        Turn(role="assistant" if index % 2 else "user", text=text)
        for index, text in enumerate(texts)
    )


def ask(*texts: str, model: str = "assistant", **options: object) -> Reply:
    behaviour = behaviour_of(model)
    assert behaviour is not None
    prompt = Prompt(model=model, turns=conversation(*texts), **options)  # pyright: ignore[reportArgumentType]
    return reply_to(prompt, behaviour)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Recommend a fantasy book.", ["**The Name of the Wind**", "Patrick Rothfuss"]),
        ("Recommend a mystery book.", ["**Murder on the Orient Express**"]),
        ("Recommend a romance book.", ["**Pride and Prejudice**"]),
        ("Recommend a sci-fi book", ["**Dune**"]),
        ("Recommend a science fiction novel", ["**Dune**"]),
        ("Recommend a history book.", ["**The Guns of August**"]),
        ("Who wrote Dune?", ["Frank Herbert"]),
        ("Recommend 3 fantasy books", ["1. **The Name", "2. **A Wizard", "3. **The Hobbit"]),
        ("What is 4200 + 42?", ["4200 + 42 = **4242**"]),
        ("what's 12 times 3?", ["**36**"]),
        ("What is the square root of 144?", ["**12**"]),
        ("What is 15% of 80?", ["**12**"]),
        ("What is 1 / 0?", ["no result"]),
        ("What is the capital of France?", ["The capital of France is **Paris**."]),
        ("capital of japan", ["**Tokyo**"]),
        ("Where is Kyoto?", ["Japan"]),
        ("List 5 fruits", ["1. apple\n2. banana\n3. cherry\n4. mango\n5. orange"]),
        ("List all U.S. states.", ["1. Alabama", "50. Wyoming"]),
        ("Name three planets", ["1. Mercury\n2. Venus\n3. Earth"]),
        ("Translate 'hello' to French", ["**bonjour**"]),
        ("Translate: I love you into German", ["**Ich liebe dich**"]),
        ("Translate 'hello' to Klingon", ["no Klingon"]),
        ("Classify the sentiment: I love it, wonderful!", ["**Positive**"]),
        ('Is this positive or negative? "Broke after a day." One word.', ["negative"]),
        ("Classify as one of: bug, feature, question.\nText: It crashes on start", ["bug"]),
        ("Summarize: Rain fell. Rain fell on the old city all night long.", ["Rain fell"]),
        ("Write a python function that computes fibonacci numbers", ["```python\ndef fibonacci"]),
        ("Write a function that frobnicates", ["```python\ndef frobnicates"]),
        ("What's the weather in Tokyo?", ["**Tokyo**", "offline simulator"]),
        ("Explain asyncio", ["**asyncio**"]),
        ("Why is the sky blue?", ["offline simulator"]),
        ("Compare Python and SQL", ["| | Python | SQL |"]),
        ("How many r's in strawberry?", ["**3**"]),
        ("Extract the emails from: a@b.co and c@d.org", ["a@b.co, c@d.org"]),
        ("Give me a recipe for pancakes", ["### Pancakes"]),
        ("Write a haiku about autumn", ["autumn"]),
        ("Tell me a joke", ["."]),
        ("Hello!", ["Hello!"]),
        ("Thanks!", ["welcome"]),
        ("How many primes below 400 contain 79 as a substring?", ["**3**"]),
        (
            "Context: The tower is 330 m tall. It was built in 1889.\nQuestion: When was it built?",
            ["1889"],
        ),
        ("xyzzy plugh", ["“xyzzy plugh”", "offline simulator"]),
        ("", ["I am here"]),
    ],
)
def test_question_gets_a_sensible_answer(question: str, said: Sequence[str]) -> None:
    text = ask(question).text
    for part in said:
        assert part in text


@pytest.mark.parametrize(
    "question",
    ["Who are you?", "What are you?", "Are you a real AI?", "What model are you?",
     "are you a language model"],
)  # fmt: skip
def test_it_says_that_it_is_a_simulator(question: str) -> None:
    assert "offline simulator, *not* a language model" in ask(question).text


def test_recommendation_is_two_sentences() -> None:
    text = ask("Recommend a fantasy book.").text
    assert len(re.findall(r"[.!?](?= [A-Z]|$)", text)) == 2


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("My name is Ada", "Nice!", "What is my name?"), "**Ada**"),
        (("I'm Grace Hopper.", "Hello!", "Who am I?"), "**Grace Hopper**"),
        (("Remember the number 42", "ok", "What number did I tell you?"), "**42**"),
        (
            ("My favorite color is teal.", "ok", "hm", "ok", "What's my favourite colour?"),
            "**teal**",
        ),
        (("Hello", "Hi", "What is my name?"), "not told me"),
        (("Tell me a joke", "Ha.", "What did I ask first?"), "Tell me a joke"),
        (
            ("Recommend a fantasy book.", "I recommend **The Name of the Wind** …", "Another one"),
            "**A Wizard of Earthsea**",
        ),
    ],
)
def test_conversation_is_remembered(texts: Sequence[str], said: str) -> None:
    assert said in ask(*texts).text


def test_the_latest_word_counts() -> None:
    text = ask("My name is Ada", "Hi", "My name is Bob", "Hi", "What is my name?").text
    assert text == "Your name is **Bob**."


def test_answer_is_bare_when_only_that_is_wanted() -> None:
    assert ask("What is 2 + 2? Answer only with the number.").text == "4"
    assert ask("Capital of Italy? Just the name, nothing else.").text == "Rome"
    assert ask("Sentiment?\n\n'I hate it'", system="Reply with one word.").text == "negative"


def test_echo_repeats_exactly() -> None:
    text = "  **odd**\n\ttext \u2028 with\u0085 ends \U0001f600 "
    assert ask(text, model="echo").text == text


def test_attachment_is_noticed_but_not_described() -> None:
    turn = Turn(role="user", text="What is in this picture?", attachments=("image",))
    behaviour = behaviour_of("assistant")
    assert behaviour is not None
    text = reply_to(Prompt(model="assistant", turns=(turn,)), behaviour).text
    assert "simulator" in text


@given(st.text(max_size=300))
def test_any_text_gets_the_same_answer_twice(text: str) -> None:
    assert ask(text) == ask(text)


@given(st.text(max_size=300))
def test_tokens_join_to_the_text(text: str) -> None:
    pieces = split_tokens(text)
    assert "".join(pieces) == text
    assert all(pieces)


@given(st.text(max_size=200), st.integers(min_value=0, max_value=60))
def test_text_cut_to_tokens_is_a_beginning_within_the_limit(text: str, limit: int) -> None:
    kept = cut_to_tokens(text, limit)
    assert text.startswith(kept)
    assert count_tokens(kept) <= limit


def test_words_stay_whole_in_tokens() -> None:
    assert split_tokens("The answer is 4242.") == ["The", " answer", " is", " ", "424", "2", "."]


def test_long_prompt_is_read_at_both_ends_and_answered_quickly() -> None:
    middle = "The quick brown fox jumps over the lazy dog. " * 5000
    reply = ask(f"Here is a text.\n\n{middle}\n\nWhat is the capital of France?")
    assert "**Paris**" in reply.text
    assert reply.usage.input > 50_000


def test_json_mode_gives_an_object() -> None:
    body = json.loads(ask("What is 2 + 3?", json_mode=True).text)
    assert body == {"answer": "2 + 3 = 5"}
    text = ask("Recommend a fantasy book as JSON with keys title and author.", json_mode=True).text
    assert json.loads(text) == {"title": "The Name of the Wind", "author": "Patrick Rothfuss"}


def test_schema_in_the_instructions_is_followed() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    system = f"Respond only with valid JSON that matches this exact schema:\n{json.dumps(schema)}"
    assert json.loads(ask("Recommend a fantasy book.", system=system).text) == {
        "title": "The Name of the Wind"
    }


def test_request_to_repair_a_reply_is_not_taken_for_the_question() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    correction = "Your response failed schema validation:\n3 errors\n\nPlease correct these issues."
    reply = ask("Recommend a mystery book.", "{}", correction, schema=schema)
    assert json.loads(reply.text) == {"title": "Murder on the Orient Express"}


def test_thoughts_are_long_for_the_thinker_and_short_for_others() -> None:
    short = ask("Hello!", thinking=True).thinking
    long = ask("Hello!", model="thinker", thinking=True).thinking
    assert 0 < len(short) < len(long)
    assert ask("Hello!").thinking == ""


def test_token_limit_counts_thoughts_first() -> None:
    reply = ask("List all U.S. states.", model="thinker", thinking=True, max_tokens=8)
    assert (reply.text, reply.finish, reply.usage.output) == ("", "length", 8)


def test_token_limit_may_cut_a_call_in_its_arguments() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    offer = ToolOffer(name="fetch_weather", description="Weather of a city.", schema=schema)
    whole = ask("Weather in Tokyo?", tools=(offer,))
    cut = ask("Weather in Tokyo?", tools=(offer,), max_tokens=6)
    assert cut.finish == "length"
    assert whole.uses[0].arguments.startswith(cut.uses[0].arguments)
    assert whole.uses[0].arguments != cut.uses[0].arguments


def test_script_wins_over_the_rules() -> None:
    behaviour = behaviour_of("assistant")
    assert behaviour is not None
    prompt = Prompt(model="assistant", turns=conversation("What is 1 + 1?"))
    assert reply_to(prompt, behaviour, scripted=Scripted(text="three")).text == "three"
    assert reply_to(prompt, behaviour, scripted=Scripted(text="")).text == ""
    assert reply_to(prompt, behaviour, scripted=Scripted()).text == "1 + 1 = **2**"
