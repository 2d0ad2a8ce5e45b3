"""The journal of a map: a line of JSON for each finished row, appended and never changed.

A row is written in one `write` the moment it is finished, so a process that is killed leaves whole
lines and at most one torn line at the end, which the next one cuts off. The file is locked while it
is in use: two kernels would pay twice for what the other one has.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

__all__ = ["Journal", "JournalInUseError"]

VERSION = 1


class JournalInUseError(RuntimeError):
    """Another map writes to the journal."""


class Journal:
    """Finished rows, on disk.

    Each is found by its digest and its occurrence: the same row given twice is asked twice.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open a journal, and read what is there.

        Raises:
            JournalInUseError: If another map, perhaps of another kernel, has it open.
            OSError: If it cannot be read or written.
        """
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.skipped = 0
        """Lines that could not be read and were passed over."""
        self._kept: dict[tuple[str, int], dict[str, Any]] = {}
        self._seen: defaultdict[str, int] = defaultdict(int)
        try:
            _lock(self._file, self.path)
            self._read()
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._kept)

    def occurrence(self, digest: str) -> int:
        """The number of a row among those with its digest, from 0; call it once a row, in order."""
        number = self._seen[digest]
        self._seen[digest] += 1
        return number

    def find(self, digest: str, occurrence: int) -> dict[str, Any] | None:
        """The line of a row that has succeeded, or `None`."""
        return self._kept.get((digest, occurrence))

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a finished row. It has reached the system when this returns.

        Raises:
            OSError: If the disk is full or gone.
        """
        text = json.dumps({"v": VERSION, **line}, ensure_ascii=True, separators=(",", ":"))
        left = memoryview(text.encode() + b"\n")
        while left:
            left = left[os.write(self._file, left) :]

    def close(self) -> None:
        """Let others have it."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.fsync(self._file)
            os.close(self._file)
            self._file = -1

    def _read(self) -> None:
        end = 0
        with open(self._file, "rb", closefd=False) as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break  # torn
                end += len(line)
                self._take(line)
        if end != os.fstat(self._file).st_size:
            os.ftruncate(self._file, end)

    def _take(self, line: bytes) -> None:
        try:
            read: Any = json.loads(line)
        except ValueError:
            self.skipped += 1
            return
        row = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
        digest, occurrence = row.get("key"), row.get("occurrence")
        if not isinstance(digest, str) or not isinstance(occurrence, int):
            self.skipped += 1
        elif row.get("ok") is True and isinstance(row.get("result"), dict):
            self._kept[digest, occurrence] = row  # a later line, by `refresh`, counts


def _lock(file: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no such lock: there it is the user's care
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise JournalInUseError(
            f"{path} is in use by another map. Wait for it, or give this one a journal of its own."
        ) from error
