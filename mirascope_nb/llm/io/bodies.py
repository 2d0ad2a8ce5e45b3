"""Reading a reply to its end, within bounds."""

from __future__ import annotations

from mirascope_nb.llm.exceptions import ProviderError
from mirascope_nb.llm.io.protocol import ByteStream, HttpReply

__all__ = ["read_whole"]

FIRST_BAD_STATUS = 300
MOST_OF_AN_ERROR = 1 << 20


async def read_whole(stream: ByteStream, deadline: float | None) -> HttpReply:
    """The whole reply. The stream is closed afterwards.

    Of an error's body, what comes is enough: the status says the most, and an error page that is
    huge, or breaks off, must not hide it.

    Args:
        stream: The reply whose body is still arriving.
        deadline: When it has to be there, on the clock of `IO.now`.

    Raises:
        ConnectionError: If the reply breaks off.
        TimeoutError: If it is late.
        ResponseValidationError: If it is larger than the endpoint allows.
    """
    pieces: list[bytes] = []
    size = 0
    is_bad = stream.status >= FIRST_BAD_STATUS
    try:
        while piece := await stream.read(deadline):
            pieces.append(piece)
            size += len(piece)
            if is_bad and size > MOST_OF_AN_ERROR:
                break
    except ProviderError:
        if not is_bad:
            raise
    finally:
        await stream.aclose()
    return HttpReply(status=stream.status, headers=stream.headers, body=b"".join(pieces))
