"""Code that the simulator can write: a few classics, and a sketch of anything else."""

import re

from mirascope_nb.sandbox.facts import topic_words

_SNIPPETS: tuple[tuple[str, str, str], ...] = (
    (
        r"fibonacci",
        "Each number is the sum of the two before it:",
        '''def fibonacci(count: int) -> list[int]:
    """The first Fibonacci numbers."""
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[:count]


print(fibonacci(10))''',
    ),
    (
        r"factorial",
        "A loop is enough, and it does not run out of stack:",
        '''def factorial(n: int) -> int:
    """The product of all numbers from 1 to `n`."""
    product = 1
    for factor in range(2, n + 1):
        product *= factor
    return product


print(factorial(5))''',
    ),
    (
        r"prime",
        "It is enough to try divisors up to the square root:",
        '''def is_prime(n: int) -> bool:
    """Whether `n` is a prime number."""
    if n < 2:
        return False
    return all(n % divisor for divisor in range(2, int(n**0.5) + 1))


print([n for n in range(30) if is_prime(n)])''',
    ),
    (
        r"palindrome",
        "Compare the text with itself, backwards:",
        '''def is_palindrome(text: str) -> bool:
    """Whether a text reads the same backwards, letters only."""
    letters = [letter.lower() for letter in text if letter.isalnum()]
    return letters == letters[::-1]


print(is_palindrome("Never odd or even"))''',
    ),
    (
        r"fizz ?buzz",
        "The order of the tests matters:",
        """for n in range(1, 16):
    if n % 15 == 0:
        print("FizzBuzz")
    elif n % 5 == 0:
        print("Buzz")
    elif n % 3 == 0:
        print("Fizz")
    else:
        print(n)""",
    ),
    (
        r"revers",
        "A slice with a step of -1 walks backwards:",
        '''def reverse(text: str) -> str:
    """The text from its end to its start."""
    return text[::-1]


print(reverse("sandbox"))''',
    ),
    (
        r"sort",
        "`sorted` takes a key and leaves the original alone:",
        """words = ["pear", "fig", "banana"]

print(sorted(words))
print(sorted(words, key=len, reverse=True))""",
    ),
    (
        r"csv",
        "The `csv` module knows about quoting:",
        '''import csv
from pathlib import Path


def read_rows(path: str) -> list[dict[str, str]]:
    """The rows of a CSV file, by column name."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))''',
    ),
    (
        r"hello,? world",
        "One line is enough:",
        'print("Hello, world!")',
    ),
    (
        r"add|sum|two numbers",
        "Here it is, with types:",
        '''def add(a: float, b: float) -> float:
    """The sum of two numbers."""
    return a + b


print(add(2, 3))''',
    ),
)
_SQL = """SELECT name, COUNT(*) AS orders
FROM orders
GROUP BY name
ORDER BY orders DESC
LIMIT 10;"""
_OTHER_LANGUAGES = re.compile(
    r"\b(javascript|typescript|rust|java|c\+\+|go(?:lang)?|ruby|bash)\b", re.IGNORECASE
)


def answer(text: str) -> str | None:
    """A fenced block of code for a request; `None` when the text does not ask for code."""
    wants = re.search(
        r"\b(?:write|create|implement|generate|show|give|need|make|how (?:do|can|would) i|code for"
        r"|function|script|fix|complete)\b",
        text,
        re.IGNORECASE,
    )
    if wants is None:
        return None
    if re.search(r"\bsql\b", text, re.IGNORECASE):
        return f"Grouping and counting go together:\n\n```sql\n{_SQL}\n```"
    for pattern, words, code in _SNIPPETS:
        if re.search(pattern, text, re.IGNORECASE):
            other = _OTHER_LANGUAGES.search(text)
            note = f"\n\n(I only write Python; you asked for {other[1]}.)" if other else ""
            return f"{words}\n\n```python\n{code}\n```{note}"
    return _sketch(text)


def _sketch(text: str) -> str:
    """A function of the right name that still has to be written."""
    noise = {"write", "python", "function", "code", "script", "create", "implement", "generate",
             "short", "simple", "program", "show", "returns", "return", "takes"}  # fmt: skip
    words = [word for word in topic_words(text) if word not in noise and word.isidentifier()][:4]
    name = "_".join(words) or "work"
    return (
        "I know only a few classics, so this is a sketch to fill in:\n\n"
        f'```python\ndef {name}(value: str) -> str:\n    """{" ".join(words).capitalize()}."""\n'
        "    result = value.strip()\n"
        "    # The interesting part goes here.\n"
        f'    return result\n\n\nprint({name}("example"))\n```'
    )
