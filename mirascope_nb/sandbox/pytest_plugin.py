"""A pytest fixture, `llm_sandbox`: an offline provider for tests that must not need a key.

The module imports nothing but pytest until a test asks for the fixture.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mirascope_nb.sandbox.simulator import Sandbox


@pytest.fixture
def llm_sandbox() -> "Iterator[Sandbox]":
    """A simulator of its own for each test, without delays.

    Models named `sandbox/...` are answered by it. `reply`, `fail` and `cut` queue what the next
    requests get; `requests` tells what came in; `url` is where it listens.
    """
    from mirascope_nb.sandbox.simulator import Sandbox

    with Sandbox(pace=0) as sandbox, sandbox.as_default():
        yield sandbox
