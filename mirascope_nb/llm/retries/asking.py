"""The faces of a model that retries: `Model`'s methods with their exact return types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from mirascope_nb._loop import run_now
from mirascope_nb.llm.context import Context, DepsT
from mirascope_nb.llm.formatting import FormatSpec, FormatT
from mirascope_nb.llm.messages import Content
from mirascope_nb.llm.models import Model
from mirascope_nb.llm.responses import ASYNC_CONTEXT_FACE, ASYNC_FACE, CONTEXT_FACE, SYNC_FACE
from mirascope_nb.llm.tools import AsyncContextTools, AsyncTools, ContextTools, Tools

if TYPE_CHECKING:
    from mirascope_nb.llm.retries.responses import (
        AsyncContextRetryResponse,
        AsyncContextRetryStreamResponse,
        AsyncRetryResponse,
        AsyncRetryStreamResponse,
        ContextRetryResponse,
        ContextRetryStreamResponse,
        RetryResponse,
        RetryStreamResponse,
    )

__all__ = ["RetryFaces"]


class RetryFaces(Model):
    """The methods of a model that retries."""

    @overload
    def call(
        self,
        content: Content,
        *,
        tools: Tools | None = None,
        format: None = None,
    ) -> RetryResponse: ...

    @overload
    def call(
        self,
        content: Content,
        *,
        tools: Tools | None = None,
        format: FormatSpec[FormatT],
    ) -> RetryResponse[FormatT]: ...

    def call(
        self,
        content: Content,
        *,
        tools: Tools | None = None,
        format: Any = None,
    ) -> RetryResponse[Any]:
        """As `Model.call`, with retries."""
        return run_now(self.do_call(SYNC_FACE, None, content, tools, format))

    @overload
    async def call_async(
        self,
        content: Content,
        *,
        tools: AsyncTools | None = None,
        format: None = None,
    ) -> AsyncRetryResponse: ...

    @overload
    async def call_async(
        self,
        content: Content,
        *,
        tools: AsyncTools | None = None,
        format: FormatSpec[FormatT],
    ) -> AsyncRetryResponse[FormatT]: ...

    async def call_async(
        self,
        content: Content,
        *,
        tools: AsyncTools | None = None,
        format: Any = None,
    ) -> AsyncRetryResponse[Any]:
        """As `Model.call_async`, with retries."""
        return await self.do_call(ASYNC_FACE, None, content, tools, format)

    @overload
    def context_call(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: None = None,
    ) -> ContextRetryResponse[DepsT]: ...

    @overload
    def context_call(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: FormatSpec[FormatT],
    ) -> ContextRetryResponse[DepsT, FormatT]: ...

    def context_call(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: Any = None,
    ) -> ContextRetryResponse[DepsT, Any]:
        """As `Model.context_call`, with retries."""
        return run_now(self.do_call(CONTEXT_FACE, ctx, content, tools, format))

    @overload
    async def context_call_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: None = None,
    ) -> AsyncContextRetryResponse[DepsT]: ...

    @overload
    async def context_call_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: FormatSpec[FormatT],
    ) -> AsyncContextRetryResponse[DepsT, FormatT]: ...

    async def context_call_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: Any = None,
    ) -> AsyncContextRetryResponse[DepsT, Any]:
        """As `Model.context_call_async`, with retries."""
        return await self.do_call(ASYNC_CONTEXT_FACE, ctx, content, tools, format)

    @overload
    def stream(
        self,
        content: Content,
        *,
        tools: Tools | None = None,
        format: None = None,
    ) -> RetryStreamResponse: ...

    @overload
    def stream(
        self,
        content: Content,
        *,
        tools: Tools | None = None,
        format: FormatSpec[FormatT],
    ) -> RetryStreamResponse[FormatT]: ...

    def stream(
        self,
        content: Content,
        *,
        tools: Tools | None = None,
        format: Any = None,
    ) -> RetryStreamResponse[Any]:
        """As `Model.stream`, with retries."""
        return run_now(self.do_stream(SYNC_FACE, None, content, tools, format))

    @overload
    async def stream_async(
        self,
        content: Content,
        *,
        tools: AsyncTools | None = None,
        format: None = None,
    ) -> AsyncRetryStreamResponse: ...

    @overload
    async def stream_async(
        self,
        content: Content,
        *,
        tools: AsyncTools | None = None,
        format: FormatSpec[FormatT],
    ) -> AsyncRetryStreamResponse[FormatT]: ...

    async def stream_async(
        self,
        content: Content,
        *,
        tools: AsyncTools | None = None,
        format: Any = None,
    ) -> AsyncRetryStreamResponse[Any]:
        """As `Model.stream_async`, with retries."""
        return await self.do_stream(ASYNC_FACE, None, content, tools, format)

    @overload
    def context_stream(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: None = None,
    ) -> ContextRetryStreamResponse[DepsT]: ...

    @overload
    def context_stream(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: FormatSpec[FormatT],
    ) -> ContextRetryStreamResponse[DepsT, FormatT]: ...

    def context_stream(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: Any = None,
    ) -> ContextRetryStreamResponse[DepsT, Any]:
        """As `Model.context_stream`, with retries."""
        return run_now(self.do_stream(CONTEXT_FACE, ctx, content, tools, format))

    @overload
    async def context_stream_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: None = None,
    ) -> AsyncContextRetryStreamResponse[DepsT]: ...

    @overload
    async def context_stream_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: FormatSpec[FormatT],
    ) -> AsyncContextRetryStreamResponse[DepsT, FormatT]: ...

    async def context_stream_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: Any = None,
    ) -> AsyncContextRetryStreamResponse[DepsT, Any]:
        """As `Model.context_stream_async`, with retries."""
        return await self.do_stream(ASYNC_CONTEXT_FACE, ctx, content, tools, format)
