"""One-shot records: what a person was shown, and whether an answer is about exactly that.

An answer comes from a page. It may be late, sent twice, from another tab or kernel, or forged by
something on the page. It counts only if it names a record that is open, in time, and has the digest
of the arguments on record; and then the record is used up.
"""

import logging
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from mirascope_nb import llm

__all__ = ["LIFETIME", "Book", "Record", "Refusal", "RefusedError", "Why"]

LIFETIME = 300.0
"""Seconds in which a person can answer."""

_REMEMBERED = 4096  # closed records, to tell a late answer from an invented one

_log = logging.getLogger(__name__)
# For whoever listens. A second click on a button is no reason to print into a notebook.
_log.addHandler(logging.NullHandler())

Why: TypeAlias = Literal["unknown", "used", "expired", "other arguments"]

_MESSAGES: dict[Why, str] = {
    "unknown": "This kernel session has asked no such question.",
    "used": "This was decided already.",
    "expired": "Nobody decided in time; it has expired.",
    "other arguments": "The arguments are not those that were shown. Nothing was decided.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One question that may be answered once."""

    id: str
    """Random, so that it cannot be guessed."""

    request: "llm.ApprovalRequest"
    session: str
    opened: float
    """Seconds since the epoch."""

    expires: float
    """Seconds since the epoch; from then on no answer counts."""

    @property
    def digest(self) -> str:
        """The digest of the call as it was shown."""
        return self.request.digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An answer that did not count."""

    at: float
    """Seconds since the epoch."""

    id: str
    """The record the answer named, cut to 64 characters."""

    why: Why


class RefusedError(Exception):
    """An answer that does not count; it changes nothing."""

    def __init__(self, why: Why) -> None:
        super().__init__(_MESSAGES[why])
        self.why = why


class Book:
    """The open questions of one kernel session. Safe to use from several threads.

    Args:
        session: The id of the kernel session.
        clock: Gives seconds since the epoch.
        lifetime: Seconds for which a record is open.
        new_id: Gives a fresh random id.
    """

    def __init__(
        self,
        *,
        session: str,
        clock: Callable[[], float] = time.time,
        lifetime: float = LIFETIME,
        new_id: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self.session = session
        self.lifetime = lifetime
        self.refusals: deque[Refusal] = deque(maxlen=256)
        """Answers that did not count, oldest first."""
        self._clock = clock
        self._new_id = new_id
        self._open: dict[str, Record] = {}
        self._closed: OrderedDict[str, Why] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def pending(self) -> list[Record]:
        """The open records, oldest first."""
        with self._lock:
            return list(self._open.values())

    def open(self, request: "llm.ApprovalRequest") -> Record:
        """Put a question on record."""
        with self._lock:
            return self._add(request)

    def check(self, id: str, digest: str) -> Record:
        """Return the record an answer is about, without using it up.

        Raises:
            RefusedError: If an answer that names this record and digest does not count.
        """
        with self._lock:
            return self._check(id, digest)

    def take(self, id: str, digest: str) -> Record:
        """Use up the record an answer is about, and return it.

        Raises:
            RefusedError: If an answer that names this record and digest does not count.
        """
        with self._lock:
            record = self._check(id, digest)
            self._close(id, "used")
            return record

    def replace(self, id: str, digest: str, request: "llm.ApprovalRequest") -> Record:
        """Use up a record and open another, for the same call with edited arguments.

        Raises:
            RefusedError: If an answer that names this record and digest does not count.
        """
        with self._lock:
            self._check(id, digest)
            self._close(id, "used")
            return self._add(request)

    def close(self, record: Record) -> None:
        """Close a record nobody answered; closing it again does nothing."""
        with self._lock:
            if record.id in self._open:
                late = self._clock() >= record.expires
                self._close(record.id, "expired" if late else "used")

    def _add(self, request: "llm.ApprovalRequest") -> Record:
        now = self._clock()
        record = Record(
            id=self._new_id(),
            request=request,
            session=self.session,
            opened=now,
            expires=now + self.lifetime,
        )
        self._open[record.id] = record
        return record

    def _check(self, id: str, digest: str) -> Record:
        record = self._open.get(id)
        if record is None:
            raise self._refused(id, self._closed.get(id, "unknown"))
        if self._clock() >= record.expires:
            self._close(id, "expired")
            raise self._refused(id, "expired")
        # What was shown is what is decided on. Not a secret, but compared as one for good measure.
        # A browser may send half a surrogate pair, which plain UTF-8 does not take.
        sent = digest.encode(errors="surrogatepass")
        if not secrets.compare_digest(sent, record.digest.encode()):
            raise self._refused(id, "other arguments")
        return record

    def _close(self, id: str, why: Why) -> None:
        del self._open[id]
        self._closed[id] = why
        if len(self._closed) > _REMEMBERED:
            self._closed.popitem(last=False)

    def _refused(self, id: str, why: Why) -> RefusedError:
        self.refusals.append(Refusal(at=self._clock(), id=id[:64], why=why))
        _log.warning("refused an answer about a tool call: %s", why)
        return RefusedError(why)
