"""When a request may be sent again unasked: its kept connection was dead, and nothing came back.

A server closes a kept connection when it likes, and the next request may cross that on its way. It
was then read by nobody, which is why every HTTP client sends it again on a new connection.

That shows at once. A server that closes the connection a while after the request has read it, and
may have worked for it and charge for that; then it is the caller's to decide.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from typing import Any, cast

__all__ = ["SOON", "Attempt"]

SOON = 1.0
"""Seconds after the sending within which a connection that was dead before has shown it."""


class Attempt:
    """What the transport tells, by its `trace` extension, of one sending of a request."""

    def __init__(self) -> None:
        self.is_kept = True
        """Whether the connection was one that an earlier request had left."""
        self._began = time.monotonic()

    def note(self, event: str, info: Mapping[str, Any]) -> None:  # noqa: ARG002, the extension's signature
        """Take in an event of the transport."""
        if event.startswith("connection."):  # one is being made
            self.is_kept = False

    async def note_async(self, event: str, info: Mapping[str, Any]) -> None:
        """The same for a transport that awaits."""
        self.note(event, info)

    def may_resend(self, error: Exception) -> bool:
        """Whether the request that failed so may be sent once more."""
        import httpx2

        broke = isinstance(error, httpx2.ReadError | httpx2.WriteError | httpx2.RemoteProtocolError)
        is_soon = time.monotonic() - self._began < SOON
        return broke and self.is_kept and is_soon and _nothing_came(error)


def _nothing_came(error: BaseException) -> bool:
    """Whether not even a part of a status line had come.

    The exception does not say, but the frames that it passed hold the protocol's state. Where there
    is none, as in another version of the transport, the answer is the careful one.
    """
    import h11

    link: BaseException | None = error
    while link is not None:
        for frame, _ in traceback.walk_tb(link.__traceback__):
            state = getattr(frame.f_locals.get("self"), "_h11_state", None)
            if isinstance(state, h11.Connection):
                waits = cast("object", state.their_state) is h11.SEND_RESPONSE
                return waits and not state.trailing_data[0]
        link = link.__cause__ or link.__context__
    return False
