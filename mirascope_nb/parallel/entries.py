"""The rows of one map in its journal: what each is known by, and what its line says."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from mirascope_nb.parallel.canonical import UntoldError
from mirascope_nb.parallel.digests import describe_target, row_digest
from mirascope_nb.parallel.jobs import Outcome
from mirascope_nb.parallel.journal import Journal
from mirascope_nb.parallel.replies import UnkeptError, keep, restore
from mirascope_nb.parallel.rows import Row
from mirascope_nb.parallel.targets import Asked, Target

__all__ = ["Entries"]


class Entries:
    """What a map keeps of its rows; nothing, if it has no journal."""

    def __init__(
        self, path: str | None, target: Target, rows: Sequence[Row], *, refresh: bool
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            path: Path of the journal, or `None` for none.
            target: What is called with each row.
            rows: The rows, to which further ones may be added.
            refresh: Whether to pass over what is there already.
        """
        self._path = path
        self._target = target
        self._rows = rows
        self._refresh = refresh
        self._journal: Journal | None = None
        self._common = ""
        self._keys: dict[int, tuple[str, int]] = {}
        self._warned = False

    @property
    def are_kept(self) -> bool:
        """Whether there is a journal."""
        return self._path is not None

    def open(self, *, read_only: bool = False) -> ExitStack:
        """Open the journal, to be closed by the stack that is returned.

        Raises:
            JournalInUseError: If another map has it open.
            OSError: If it cannot be read or written.
        """
        stack = ExitStack()
        if self._path is not None:
            self._journal = stack.enter_context(Journal(self._path, read_only=read_only))
            self._common = describe_target(self._target)
        return stack

    def take(self, index: int, words: Asked | None) -> Outcome[Any] | None:
        """What the journal has of a row; call it once a row, in order.

        Args:
            index: The row.
            words: What it asks, if that is known.
        """
        if self._journal is None:
            return None
        try:
            digest = row_digest(self._common, self._rows[index], words)
        except UntoldError as error:
            self._warn(f"a journal cannot tell {error} from another one")
            return None
        key = self._keys[index] = (digest, self._journal.occurrence(digest))
        line = None if self._refresh else self._journal.find(*key)
        if line is None:
            return None
        value = restore(
            line["result"],
            messages=[] if words is None else words.messages,
            tools=self._target.tools,
            format=self._target.format,
            returns=self._target.returns,
        )
        return Outcome(value=value)

    def write(
        self, index: int, seconds: float, *, result: Any = None, error: Exception | None = None
    ) -> None:
        """Write down what came of a row.

        Raises:
            OSError: If it cannot be written. It is tried again with the next one.
        """
        if self._journal is None or index not in self._keys:
            return
        digest, occurrence = self._keys[index]
        line: dict[str, Any] = {
            "key": digest,
            "occurrence": occurrence,
            "index": index,
            "input": _readable(self._rows[index].value),
            "ok": error is None,
            "error": None if error is None else f"{type(error).__name__}: {error}",
            "seconds": round(seconds, 3),
            "finished": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        if error is None:
            line |= _measures(result)
            try:
                line["result"] = keep(
                    result,
                    returns=self._target.returns,
                    with_messages=self._target.model is None,
                )
            except UnkeptError as unkept:
                line |= {"ok": False, "error": str(unkept)}
                self._warn(str(unkept))
        try:
            self._journal.write(line)
        except OSError as failure:
            failure.add_note(
                "The journal could not be written. No further row was begun, what ran has come to "
                "its end, and all that is done is in the `results` of this exception."
            )
            raise

    def _warn(self, why: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(f"{why}; such rows are run again next time", stacklevel=2)


def _readable(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=repr)
    except (TypeError, ValueError):
        return repr(value)


def _measures(result: Any) -> dict[str, Any]:
    """What there is to read in a line besides the result itself."""
    text: Callable[[], str] | None = getattr(result, "text", None)
    usage, cost = getattr(result, "usage", None), getattr(result, "cost", None)
    return {
        "model": getattr(result, "model_id", None),
        "text": text() if callable(text) else None,
        "input_tokens": getattr(usage, "input_tokens", None),
        "output_tokens": getattr(usage, "output_tokens", None),
        "cost": None if cost is None else str(cost),
    }
