"""Replies of a model."""

from typing import Any, TypeAlias

from mirascope_nb.llm.chunks import FinishReasonChunk, RawStreamEventChunk, StreamResponseChunk
from mirascope_nb.llm.io import ASYNC, BLOCKING
from mirascope_nb.llm.responses import base_stream_response as base_stream_response
from mirascope_nb.llm.responses.face import Face
from mirascope_nb.llm.responses.parts import (
    AsyncStream,
    AsyncTextStream,
    AsyncThoughtStream,
    AsyncToolCallStream,
    Stream,
    TextStream,
    ThoughtStream,
    ToolCallStream,
)
from mirascope_nb.llm.responses.root import RootResponse
from mirascope_nb.llm.responses.stream import (
    AsyncChunkIterator,
    BaseStreamResponse,
    ChunkIterator,
)
from mirascope_nb.llm.responses.streaming import (
    AsyncContextStreamResponse,
    AsyncStreamResponse,
    ContextStreamResponse,
    StreamResponse,
)
from mirascope_nb.llm.responses.whole import (
    AsyncContextResponse,
    AsyncResponse,
    BaseResponse,
    ContextResponse,
    Response,
)
from mirascope_nb.llm.tools import (
    AsyncContextToolkit,
    AsyncToolkit,
    ContextToolkit,
    Toolkit,
)
from mirascope_nb.llm.usage import FinishReason, ProviderToolUsage, Usage

__all__ = [
    "ASYNC_CONTEXT_FACE",
    "ASYNC_FACE",
    "CONTEXT_FACE",
    "SYNC_FACE",
    "AnyResponse",
    "AsyncChunkIterator",
    "AsyncContextResponse",
    "AsyncContextStreamResponse",
    "AsyncResponse",
    "AsyncStream",
    "AsyncStreamResponse",
    "AsyncTextStream",
    "AsyncThoughtStream",
    "AsyncToolCallStream",
    "BaseResponse",
    "BaseStreamResponse",
    "ChunkIterator",
    "ContextResponse",
    "ContextStreamResponse",
    "Face",
    "FinishReason",
    "FinishReasonChunk",
    "ProviderToolUsage",
    "RawStreamEventChunk",
    "Response",
    "RootResponse",
    "Stream",
    "StreamResponse",
    "StreamResponseChunk",
    "TextStream",
    "ThoughtStream",
    "ToolCallStream",
    "Usage",
]

AnyResponse: TypeAlias = (
    Response[Any]
    | AsyncResponse[Any]
    | ContextResponse[Any, Any]
    | AsyncContextResponse[Any, Any]
    | StreamResponse[Any]
    | AsyncStreamResponse[Any]
    | ContextStreamResponse[Any, Any]
    | AsyncContextStreamResponse[Any, Any]
)
"""A reply of any kind."""

SYNC_FACE = Face(
    io=BLOCKING,
    takes_context=False,
    toolkit=Toolkit,
    response=Response,
    stream_response=StreamResponse,
)
ASYNC_FACE = Face(
    io=ASYNC,
    takes_context=False,
    toolkit=AsyncToolkit,
    response=AsyncResponse,
    stream_response=AsyncStreamResponse,
)
CONTEXT_FACE = Face(
    io=BLOCKING,
    takes_context=True,
    toolkit=ContextToolkit,
    response=ContextResponse,
    stream_response=ContextStreamResponse,
)
ASYNC_CONTEXT_FACE = Face(
    io=ASYNC,
    takes_context=True,
    toolkit=AsyncContextToolkit,
    response=AsyncContextResponse,
    stream_response=AsyncContextStreamResponse,
)
for _face in (SYNC_FACE, ASYNC_FACE, CONTEXT_FACE, ASYNC_CONTEXT_FACE):
    _face.response.face = _face
    _face.stream_response.face = _face
