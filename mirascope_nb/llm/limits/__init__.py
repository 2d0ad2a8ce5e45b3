"""Limits: how fast providers may be asked, shared by all calls of the process.

Each address has a limiter. Of itself it does nothing but count. When a provider refuses a request
with 429 it sees to it that the requests of everybody else wait as long as `Retry-After` says, that
fewer are under way at once, and that they go out more slowly; then it speeds up again. The refused
call itself gets its error as ever, or its retry where that was asked for.

What is known of a provider's limits can be said beforehand:

    llm.limits.set("openai", rpm=500, tpm=200_000)
    llm.limits.set("http://localhost:8000/v1", concurrency=4)
"""

from __future__ import annotations

from dataclasses import dataclass

from mirascope_nb.llm.limits import gate as _gate
from mirascope_nb.llm.limits.limiter import Settings, Share
from mirascope_nb.llm.limits.share import gathering, waiting_for

__all__ = [
    "Settings",
    "Share",
    "State",
    "clear",
    "gathering",
    "reset",
    "set",
    "show",
    "waiting_for",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What the limiter of an address does now."""

    provider: str
    address: str
    settings: Settings
    running: int
    """Requests under way."""
    waiting: int
    """Requests that wait to be sent."""


def set(
    provider_or_address: str,
    *,
    rpm: float | None = None,
    tpm: float | None = None,
    concurrency: int | None = None,
    adaptive: bool = True,
) -> None:
    """Say what a provider allows. All calls of the process keep to it, blocking ones too.

    Args:
        provider_or_address: A provider's id such as `"openai"`, or the beginning of an address. An
            address counts before a provider.
        rpm: Requests in any one minute; `None` for no limit of ours.
        tpm: Tokens in any one minute. A request counts with a fourth of its bytes before it is
            sent, and with what the provider reports afterwards.
        concurrency: Requests that may be under way at once.
        adaptive: Whether to learn from refusals and headers besides.

    Raises:
        ValueError: If a number is not positive.
    """
    for name, value in (("rpm", rpm), ("tpm", tpm), ("concurrency", concurrency)):
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be positive, not {value!r}")
    _gate.configure(
        provider_or_address,
        Settings(rpm=rpm, tpm=tpm, concurrency=concurrency, adaptive=adaptive),
    )


def clear(provider_or_address: str) -> None:
    """Take back what was set for a provider or an address."""
    _gate.configure(provider_or_address, None)


def reset() -> None:
    """Forget everything that was set and learned."""
    _gate.reset()


def show() -> list[State]:
    """What the limiters do now, one for each address that was used."""
    return [
        State(
            provider=each.provider,
            address=each.address,
            settings=each.limiter.settings,
            running=each.limiter.running,
            waiting=each.limiter.waiting,
        )
        for each in _gate.gates()
    ]
