"""The four faces of a call: blocking or awaited, with or without a context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mirascope_nb.llm.io import IO
from mirascope_nb.llm.tools import BaseToolkit

if TYPE_CHECKING:
    from mirascope_nb.llm.responses.stream import BaseStreamResponse
    from mirascope_nb.llm.responses.whole import BaseResponse

__all__ = ["Face"]


@dataclass(frozen=True, kw_only=True)
class Face:
    """Which classes serve a call."""

    io: IO
    takes_context: bool
    toolkit: type[BaseToolkit[Any]]
    response: type[BaseResponse[Any]]
    stream_response: type[BaseStreamResponse[Any]]
