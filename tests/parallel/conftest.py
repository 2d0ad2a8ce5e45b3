"""A call of the simulator, and a scripted way to let it fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
def quick() -> Callable[..., llm.RetryConfig]:
    """A policy that hardly waits."""

    def make(**given: float) -> llm.RetryConfig:
        return llm.RetryConfig(**{"max_retries": 3, "initial_delay": 0.001, **given})  # type: ignore[arg-type]

    return make
