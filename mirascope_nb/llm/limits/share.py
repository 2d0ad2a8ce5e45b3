"""The gather that the running code belongs to, as far as limiters are concerned."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from mirascope_nb.llm.limits.limiter import Share

__all__ = ["current_share", "gathering", "waiting_for"]

SHORT = 1.0
"""Seconds of waiting that are not worth a word."""

current_share: ContextVar[Share | None] = ContextVar("current_share", default=None)


@contextmanager
def gathering(*, slowly: bool = False) -> Generator[Share]:
    """Let the requests sent from inside the block, and from tasks begun there, be one gather.

    They take turns with other gathers at the same address, and wait as long as the provider asks.

    Args:
        slowly: Whether to begin with few requests at an address of which nothing is known, so that
            a low limit is found before hundreds of requests have run into it.
    """
    share = Share(slowly=slowly)
    token = current_share.set(share)
    try:
        yield share
    finally:
        current_share.reset(token)


def waiting_for(share: Share) -> str | None:
    """What holds a gather up, such as `waiting 12 s: 429`; `None` if nothing does for long."""
    longest = SHORT
    text: str | None = None
    now = time.monotonic()
    for limiter, lane in list(share.lanes):
        found = limiter.why(share, lane, now)
        if found is None or math.isinf(found[0]) or found[0] < longest:
            continue
        longest = found[0]
        text = f"waiting {math.ceil(longest)} s: {found[1]}"
    return text
