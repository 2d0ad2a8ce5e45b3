"""Everything that can go wrong on purpose, and what decides when it does.

A `Fault` says what failed in the simulator's own words; each wire has its own way of saying it.
"""

import random
import re
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal[
    "authentication",
    "bad_request",
    "model_not_found",
    "not_found",
    "method_not_allowed",
    "permission",
    "too_large",
    "rate_limit",
    "server",
    "overloaded",
]

STATUS_OF: dict[FaultKind, int] = {
    "authentication": 401,
    "bad_request": 400,
    "model_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "permission": 403,
    "too_large": 413,
    "rate_limit": 429,
    "server": 500,
    "overloaded": 529,
}
"""The HTTP status of a fault; a wire that uses another says so in its own table."""

_KIND_OF: dict[int, FaultKind] = {
    **{status: kind for kind, status in STATUS_OF.items()},
    404: "not_found",
    503: "overloaded",
}

_FLAKY_LIMIT = 0.15
_FLAKY_SERVER = 0.25
_FLAKY_CUT = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error to answer a request with."""

    kind: FaultKind
    status: int = 0
    """HTTP status; 0 means the usual one of the kind on the wire at hand."""
    message: str = ""
    """What to tell the client; empty means the wire's usual words."""
    subject: str = ""
    """The model, key or path it is about."""
    param: str | None = None
    """The field of the request that is to blame, if one is."""
    code: str | None = None
    """OpenAI's machine-readable code, where the kind alone does not give it."""
    retry_after: float | None = None
    """Seconds after which to try again, or `None` when the server does not say."""


class Refused(Exception):  # noqa: N818 - it carries a fault to where a wire can word it
    """A request that cannot be served; raised while reading it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message or fault.kind)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What a flaky model does to one request."""

    fault: Fault | None = None
    """Answer with this error instead."""
    cut: bool = False
    """Break off in the middle of the reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The state of a rate limit, as the wires' headers report it."""

    limit: int
    """Requests a second."""
    remaining: int
    reset: float
    """Seconds until the allowance is whole again."""


def fault_of_status(status: int, *, message: str = "", retry_after: float | None = None) -> Fault:
    """The fault that belongs to an HTTP status; unknown ones count as bad requests or failures."""
    server = 500
    kind = _KIND_OF.get(status, "server" if status >= server else "bad_request")
    return Fault(kind=kind, status=status, message=message, retry_after=retry_after)


def flaky_mishap(model: str, *, seed: int, ordinal: int) -> Mishap:
    """What a model of the `flaky` family does to its request number `ordinal`.

    The same seed and ordinal always give the same mishap. `flaky` mixes failures and successes;
    `flaky-429`, `flaky-500` and `flaky-cut` always fail their own way.
    """
    limited = Mishap(fault=Fault(kind="rate_limit", retry_after=1.0))
    broken = Mishap(fault=Fault(kind="server"))
    always = {
        "flaky-429": limited,
        "flaky-500": broken,
        "flaky-529": Mishap(fault=Fault(kind="overloaded")),
        "flaky-cut": Mishap(cut=True),
    }
    if model in always:
        return always[model]
    if model != "flaky":
        return Mishap()
    draw = random.Random(f"{seed}/{ordinal}").random()  # noqa: S311 - repeatable, not secret
    if draw < _FLAKY_LIMIT:
        return limited
    if draw < _FLAKY_SERVER:
        return broken
    return Mishap(cut=draw < _FLAKY_CUT)


def limit_of(model: str) -> int | None:
    """Requests a second that a `limited-N` model takes; `None` for other models."""
    match = re.fullmatch(r"limited-(\d{1,6})", model)
    return max(int(match[1]), 1) if match else None


class TokenBucket:
    """A rate limit that refills evenly and lets a second's worth of requests burst."""

    __slots__ = ("_level", "_rate", "_when")

    def __init__(self, rate: int, *, now: float) -> None:
        self._rate = rate
        self._level = float(rate)
        self._when = now

    def take(self, now: float) -> tuple[float | None, Allowance]:
        """Ask for one request at a time in seconds.

        Returns:
            `None` when it is granted, else the seconds to wait; and the state afterwards.
        """
        self._level = min(self._level + max(now - self._when, 0.0) * self._rate, float(self._rate))
        self._when = now
        wait = None if self._level >= 1.0 else (1.0 - self._level) / self._rate
        if wait is None:
            self._level -= 1.0
        return wait, Allowance(
            limit=self._rate,
            remaining=int(self._level),
            reset=(self._rate - self._level) / self._rate,
        )
