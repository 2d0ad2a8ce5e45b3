"""Logs of `httpx2` without keys.

At DEBUG it tells of every header that a server sends, and a server may echo the key there, or in
the words of its status line. At INFO it tells of the address, and somebody's password in it. Our
own sockets log nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirascope_nb.llm.io.endpoint import Endpoint

__all__ = ["logs_redacted", "watch_logs"]

LOGGERS = (
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpcore2.proxy",
    "httpcore2.socks",
    "httpx2",
)
"""A filter sees what is logged by a logger's own name, and not by those below it."""

_asked: ContextVar[Endpoint | None] = ContextVar("mirascope_nb_asked", default=None)


@contextmanager
def logs_redacted(endpoint: Endpoint) -> Generator[None]:
    """Keep this endpoint's key out of what `httpx2` logs meanwhile, in this task or thread."""
    token = _asked.set(endpoint)
    try:
        yield
    finally:
        _asked.reset(token)


def watch_logs() -> None:
    """Have the loggers of `httpx2` heed `logs_redacted`. May be called again."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_redacted)


def _redacted(record: logging.LogRecord) -> bool:
    endpoint = _asked.get()
    if endpoint is not None:
        said = record.getMessage()
        record.msg, record.args = endpoint.redact_text(said), None
    return True
