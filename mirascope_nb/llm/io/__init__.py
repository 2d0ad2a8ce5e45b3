"""The one way out: HTTP, sleeping, running tools, for blocking and for async callers."""

from mirascope_nb.llm.io.asynchronous import ASYNC, AsyncIO
from mirascope_nb.llm.io.blocking import BLOCKING, BlockingIO
from mirascope_nb.llm.io.bodies import read_whole
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.protocol import IO, ByteStream, HttpReply, HttpRequest
from mirascope_nb.llm.io.timeouts import Timeouts

__all__ = [
    "ASYNC",
    "BLOCKING",
    "IO",
    "AsyncIO",
    "BlockingIO",
    "ByteStream",
    "Endpoint",
    "HttpReply",
    "HttpRequest",
    "Timeouts",
    "read_whole",
]
