"""When a server wants to be asked again; pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

__all__ = ["retry_after"]


def retry_after(
    headers: Mapping[str, str], *, now: Callable[[], float] = time.time
) -> float | None:
    """Seconds that a reply's headers ask to wait, or `None` if they do not.

    Reads `retry-after-ms` (milliseconds, as OpenAI sends it) and `Retry-After` (seconds or an HTTP
    date, RFC 9110 section 10.2.3). A moment in the past is 0.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    try:
        import email.utils

        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, moment.timestamp() - now())


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None
