"""The identity of one reply: its number, its time, and the ids made from them."""

import hashlib
from dataclasses import dataclass

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When and as which of a server's replies something was made.

    Two servers with one seed give the same ids to the same sequence of requests.
    """

    seed: int
    ordinal: int
    """The request's number on its server, from 1."""
    created: int
    """Seconds since the epoch."""

    def token(self, kind: str, length: int) -> str:
        """Letters and digits that are this reply's own for a kind of id."""
        digest = self._digest(kind)
        return "".join(
            _BASE62[digest[index % len(digest)] % len(_BASE62)] for index in range(length)
        )

    def hexadecimal(self, kind: str, length: int) -> str:
        """Like `token`, in hexadecimal digits; at most 128 of them."""
        return self._digest(kind).hex()[:length]

    def _digest(self, kind: str) -> bytes:
        return hashlib.sha512(f"{self.seed}/{self.ordinal}/{kind}".encode()).digest()
