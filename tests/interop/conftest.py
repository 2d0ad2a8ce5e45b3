"""What the vendors' own SDKs share here: a simulator to talk to, and something to ask.

The SDKs live in an environment of their own, which `make test-interop` makes; elsewhere these tests
are skipped.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from mirascope_nb.sandbox.simulator import Sandbox

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Name of the city."}},
    "required": ["city"],
    "additionalProperties": False,
}


class Book(BaseModel):
    """A book to read."""

    title: str
    author: str


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A simulator of its own for each test, without delays."""
    with Sandbox(pace=0) as running:
        yield running


@pytest.fixture
def book() -> type[BaseModel]:
    """A form for structured replies."""
    return Book


@pytest.fixture
def weather() -> dict[str, Any]:
    """The schema of a tool that tells the weather."""
    return WEATHER
