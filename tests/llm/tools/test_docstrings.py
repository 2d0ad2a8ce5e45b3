import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mirascope_nb.llm.tools.docstrings import parameter_descriptions


def google(city: str, days: int) -> None:
    """Forecast the weather.

    Some more of it.

    Args:
        city: The city, with its
            country.
        days (int): How many days.
        **rest: What else.

    Returns:
        Nothing.
    """


def numpy(city: str, days: int) -> None:
    """Forecast the weather.

    Parameters
    ----------
    city : str
        The city, with its
        country.
    days
        How many days.
    **rest
        What else.
    """


def rest(city: str, days: int) -> None:
    """Forecast the weather.

    :param city: The city, with its
        country.
    :param int days: How many days.
    :param rest: What else.
    :returns: Nothing.
    """


def epydoc(city: str, days: int) -> None:
    """Forecast the weather.

    @param city: The city, with its
        country.
    @type city: str
    @param days: How many days.
    @param rest: What else.
    @return: Nothing.
    """


@pytest.mark.parametrize("fn", [google, numpy, rest, epydoc], ids=lambda fn: fn.__name__)
def test_each_style_describes_parameters(fn: Callable[..., Any]) -> None:
    descriptions = parameter_descriptions(fn)
    assert {name: " ".join(text.split()) for name, text in descriptions.items()} == {
        "city": "The city, with its country.",
        "days": "How many days.",
        "rest": "What else.",
    }


def undocumented() -> None: ...


def without_parameters() -> None:
    """Mention the word parameters, and param too."""


def without_text() -> None:
    """Do it.

    Args:
        a:
        b: Told.
    """


def broken() -> None:
    """Do it.

    :param
    """


@pytest.mark.parametrize("fn", [undocumented, without_parameters, broken])
def test_nothing_described_is_nothing(fn: Callable[..., Any]) -> None:
    assert parameter_descriptions(fn) == {}


def test_an_empty_description_is_none() -> None:
    assert parameter_descriptions(without_text) == {"b": "Told."}


def test_the_parser_is_imported_only_for_a_list_of_parameters() -> None:
    program = """
import sys
from mirascope_nb.llm.tools.docstrings import parameter_descriptions

def plain():
    "Do it, with parameters."

def listed():
    '''Do it.

    Args:
        a: Told.
    '''

parameter_descriptions(plain)
assert "docstring_parser" not in sys.modules
parameter_descriptions(listed)
assert "docstring_parser" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
