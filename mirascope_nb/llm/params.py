"""Settings of a model, and what is wrong with those that are not."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Required, TypeAlias, cast, get_args

from typing_extensions import TypedDict

__all__ = ["Params", "ThinkingConfig", "ThinkingLevel", "checked_params", "unknown_keyword"]

ThinkingLevel: TypeAlias = Literal["none", "default", "minimal", "low", "medium", "high", "max"]
"""How much a model should reason before it answers; each provider maps it to its own scale."""


class ThinkingConfig(TypedDict, total=False):
    """How a model thinks, and whether its thoughts are kept."""

    level: Required[ThinkingLevel]
    include_thoughts: bool
    """Keep readable thoughts in the content. By default they are dropped."""
    encode_thoughts_as_text: bool
    """Send earlier thoughts back as text, and never a turn as the provider itself wrote it."""


class Params(TypedDict, total=False):
    """Settings for a model. A provider that has no such setting leaves it out, with a warning."""

    temperature: float
    """0 is nearly deterministic; the upper end is the provider's (1 or 2)."""
    max_tokens: int
    """The most tokens to generate."""
    top_p: float
    """Sample from the smallest set of tokens whose probabilities sum to this."""
    top_k: int
    """Sample from this many likeliest tokens."""
    seed: int
    stop_sequences: list[str]
    """Texts that end the reply where they would appear."""
    thinking: ThinkingConfig | None


_NUMBERS = {"temperature": float, "top_p": float, "max_tokens": int, "top_k": int, "seed": int}


def checked_params(params: Mapping[str, Any]) -> Params:
    """A copy of the params that a model was given. `None` stands for not given.

    Raises:
        TypeError: If one is not known, or of another type.
        ValueError: If a number is not finite, or `thinking` has no known level.
    """
    checked: dict[str, Any] = {}
    for name, value in params.items():
        if name not in Params.__annotations__:
            raise unknown_keyword(name, Params.__annotations__)
        if name in _NUMBERS and value is not None:
            value = _number(name, value)  # noqa: PLW2901, the same value as a plain number
        checked[name] = value
    _check_stop_sequences(params.get("stop_sequences"))
    _check_thinking(params.get("thinking"))
    return cast("Params", checked)


def unknown_keyword(name: str, known: Iterable[str]) -> TypeError:
    """The error for a keyword that nobody reads, with the one that was probably meant."""
    import difflib

    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known are {', '.join(known)}."
    return TypeError(f"'{name}' is not a known keyword. {hint}")


def _number(name: str, value: Any) -> float:
    """A param as the number it is, also where it came from an array."""
    kind = _NUMBERS[name]
    wanted = numbers.Integral if kind is int else numbers.Real
    if isinstance(value, bool) or not isinstance(value, wanted):
        what = "a whole number" if kind is int else "a number"
        raise TypeError(f"{name} must be {what}, not {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, not {value!r}")
    if isinstance(value, int | float):
        return value
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def _check_stop_sequences(value: object) -> None:
    texts = cast("list[object]", value) if isinstance(value, list | tuple) else None
    if value is not None and (texts is None or not all(isinstance(text, str) for text in texts)):
        raise TypeError(f"stop_sequences must be a list of texts, such as ['END'], not {value!r}")


def _check_thinking(thinking: object) -> None:
    if thinking is None:
        return
    config = cast("dict[str, Any]", thinking) if isinstance(thinking, dict) else {}
    levels = get_args(ThinkingLevel)
    if config.get("level") not in levels:
        raise ValueError(
            f"thinking must be a dict with a level, such as {{'level': 'low'}}; levels are "
            f"{', '.join(levels)}."
        )
    for name in config:
        if name not in ThinkingConfig.__annotations__:
            raise unknown_keyword(name, ThinkingConfig.__annotations__)
