"""What a custom provider's stream consists of, under the name by which it is known."""

from mirascope_nb.llm.chunks import StreamResponseChunk
from mirascope_nb.llm.responses.stream import AsyncChunkIterator, BaseStreamResponse, ChunkIterator

__all__ = ["AsyncChunkIterator", "BaseStreamResponse", "ChunkIterator", "StreamResponseChunk"]
