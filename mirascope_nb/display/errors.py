"""What went wrong, in one line, and what to do about it, in another.

Used by cards and magics alike, so that a failed cell says the same in its output and in its
traceback. The text of an error comes from a provider and is not trusted: it is cut to one line with
nothing hidden in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mirascope_nb.text import one_line

MAX_LINE = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """An error for a person."""

    cause: str
    """One line: what happened."""
    remedy: str
    """One line: what to do; empty if there is nothing to say."""


def explain(error: BaseException) -> Explanation:
    """The cause and the remedy of an error, each in one line."""
    for kind in type(error).__mro__:
        remedy = _REMEDIES.get(kind.__name__)
        # Only our own classes: another library may well have a `TimeoutError` too.
        if remedy is not None and kind.__module__.startswith("mirascope_nb."):
            return Explanation(cause=_cause(error), remedy=one_line(remedy(error), limit=MAX_LINE))
    return Explanation(cause=_cause(error), remedy="")


def _cause(error: BaseException) -> str:
    name = type(error).__name__
    text = one_line(str(error), limit=MAX_LINE)
    return f"{name}: {text}" if text else name


def _missing_key(error: Any) -> str:
    return (
        f"Set {error.env_var} in the environment of the kernel, "
        f"or call llm.register_provider({error.provider_id!r}, api_key=...)."
    )


def _authentication(error: Any) -> str:
    return f"Check the API key of {getattr(error, 'provider', 'the provider')}; it was refused."


def _rate_limit(error: Any) -> str:
    seconds = getattr(error, "retry_after", None)
    wait = f"Wait {seconds:g} s" if isinstance(seconds, (int, float)) else "Wait a little"
    return f"{wait} and run the cell again, or wrap the call in llm.retry."


def _exhausted(error: Any) -> str:
    failures: list[Any] = list(error.failures)
    return explain(failures[-1].exception).remedy if failures else "Run the cell again later."


def _says(text: str) -> Callable[[Any], str]:
    return lambda _: text


_REMEDIES: dict[str, Callable[[Any], str]] = {
    "MissingAPIKeyError": _missing_key,
    "AuthenticationError": _authentication,
    "PermissionError": _says("Check that this key may use this model."),
    "NotFoundError": _says("Check the model's name; `%llm list` shows the known ones."),
    "NoRegisteredProviderError": _says(
        "Write the model as provider/model; `%llm list` shows the known ones."
    ),
    "BadRequestError": _says("Check the prompt, the attachments and the parameters."),
    "RateLimitError": _rate_limit,
    "ServerError": _says(
        "The provider has trouble: run the cell again, or wrap the call in llm.retry."
    ),
    "ConnectionError": _says("Check the network and the provider's address, then run again."),
    "TimeoutError": _says("Run the cell again, or allow more time by timeout=."),
    "ResponseValidationError": _says(
        "The answer was not what the protocol says: check the provider's address."
    ),
    "FeatureNotSupportedError": _says("Use another model, or leave this feature out."),
    "RetriesExhausted": _exhausted,
    "ParseError": _says("Ask again with response.validate(), which lets the model correct it."),
    "StreamRestarted": _says("Iterate again: the stream begins anew."),
}
