"""A call of the simulator, and a scripted way to let it fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mirascope_nb import llm
from mirascope_nb.sandbox import Sandbox


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Forget what one test has learned of an address."""
    yield
    llm.limits.reset()


@pytest.fixture
def capital(llm_sandbox: Sandbox) -> llm.Call[[str], None]:
    @llm.call("sandbox/fast")
    def capital(country: str) -> str:
        return f"What is the capital of {country}?"

    return capital


@pytest.fixture
def quick() -> llm.RetryConfig:
    """A policy that hardly waits."""
    return llm.RetryConfig(initial_delay=0.001)
