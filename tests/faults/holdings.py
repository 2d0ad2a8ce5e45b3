"""What a process holds: threads, tasks, open files. It has to be as much after as before."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from dataclasses import dataclass

__all__ = ["Holdings", "settled"]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a process holds."""

    threads: int
    tasks: int
    files: int

    @classmethod
    def now(cls) -> Holdings:
        """Count."""
        gc.collect()
        try:
            tasks = len(asyncio.all_tasks())
        except RuntimeError:
            tasks = 0
        files = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208
        return cls(threading.active_count(), tasks, files)

    def and_more(self) -> Holdings:
        """Count, but not less than this."""
        now = Holdings.now()
        return Holdings(
            max(self.threads, now.threads),
            max(self.tasks, now.tasks),
            max(self.files, now.files),
        )


async def settled(before: Holdings, *, seconds: float = 5) -> Holdings:
    """What is held once closing has had its time; compare it with what was held before.

    What another test had left, and is closed only now, counts as held still.
    """
    end = time.monotonic() + seconds
    while (now := before.and_more()) != before and time.monotonic() < end:  # noqa: ASYNC110, no event
        await asyncio.sleep(0.01)
    return now
