"""The journal of a map: a line of JSON for each finished row, appended and never changed.

A row is written in one `write` the moment it is finished, so a process that is killed leaves whole
lines and at most one torn line at the end, which the next one cuts off. The file is locked while it
is in use: two kernels would pay twice for what the other one has. When the disk is full, what could
not be written is kept and tried again with the next row and at the end.

Only the places of the lines are held in memory; a line is read again when its row is asked for.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

__all__ = ["Journal", "JournalInUseError"]

VERSION = 1
LOCKED_BYTE = 1 << 62
"""Where Windows locks the file: far behind its end, since what is locked there cannot be read."""


class JournalInUseError(RuntimeError):
    """Another map writes to the journal."""


class Journal:
    """Finished rows, on disk.

    Each is found by its digest and its occurrence: the same row given twice is asked twice.
    """

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        """Open a journal, and find what is there.

        Args:
            path: The file; it is made if it does not exist.
            read_only: Whether only to look: nothing is made, locked or mended.

        Raises:
            JournalInUseError: If another map, perhaps of another kernel, has it open.
            OSError: If it cannot be read or written.
        """
        self.path = Path(path).expanduser()
        self._read_only = read_only
        self.skipped = 0
        """Lines that could not be read and were passed over."""
        self._places: dict[tuple[str, int], tuple[int, int]] = {}
        self._seen: defaultdict[str, int] = defaultdict(int)
        self._end = 0
        self._unwritten = b""
        self._file = -1
        if read_only and not self.path.exists():
            return
        self._file = self._open()
        try:
            if not read_only:
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
        with contextlib.suppress(*() if error is None else (OSError,)):
            self.close()

    def __len__(self) -> int:
        return len(self._places)

    def occurrence(self, digest: str) -> int:
        """The number of a row among those with its digest, from 0; call it once a row, in order."""
        number = self._seen[digest]
        self._seen[digest] += 1
        return number

    def find(self, digest: str, occurrence: int) -> dict[str, Any] | None:
        """The line of a row that has succeeded, or `None`."""
        place = self._places.get((digest, occurrence))
        if place is None:
            return None
        os.lseek(self._file, place[0], os.SEEK_SET)
        return json.loads(os.read(self._file, place[1]))

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a finished row. It has reached the system when this returns.

        Raises:
            OSError: If the disk is full or gone. The row is tried again with the next one.
        """
        text = json.dumps({"v": VERSION, **line}, ensure_ascii=True, separators=(",", ":"))
        self._unwritten += text.encode() + b"\n"
        self._flush()

    def close(self) -> None:
        """Let others have it.

        Raises:
            OSError: If rows could not be written even now.
        """
        if self._file < 0:
            return
        try:
            if self._unwritten:
                self._flush()
            if not self._read_only:
                with contextlib.suppress(OSError):
                    os.fsync(self._file)
        finally:
            os.close(self._file)
            self._file = -1

    def _open(self) -> int:
        binary = getattr(os, "O_BINARY", 0)  # of Windows, which would write CRLF
        if self._read_only:
            return os.open(self.path, os.O_RDONLY | binary)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | binary, 0o600)

    def _flush(self) -> None:
        """Write whole lines or nothing: half a line would spoil the next one."""
        left = memoryview(self._unwritten)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(self._unwritten)
        self._unwritten = b""

    def _read(self) -> None:
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            return  # a device or a pipe, whose end may never come
        with open(self._file, "rb", closefd=False) as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break  # torn
                self._take(line)
                self._end += len(line)
        if not self._read_only and self._end != os.fstat(self._file).st_size:
            os.ftruncate(self._file, self._end)

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
            # A later line, by `refresh`, counts.
            self._places[digest, occurrence] = self._end, len(line)


def _lock(file: int, path: Path) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}:
            return  # a file system without locks: there it is the user's care
        raise JournalInUseError(
            f"{path} is in use by another map. Wait for it, or give this one a journal of its own."
        ) from error
