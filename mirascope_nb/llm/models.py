"""Models: who is asked, with which params, in every form that a call has."""

from __future__ import annotations

from typing import Any, Unpack, overload

from mirascope_nb._loop import run_now
from mirascope_nb.llm.asking import Asking, ModelId
from mirascope_nb.llm.context import Context, DepsT
from mirascope_nb.llm.current import bind_model_class, model_from_context, use_model
from mirascope_nb.llm.formatting import FormatSpec, FormatT
from mirascope_nb.llm.io import Timeouts
from mirascope_nb.llm.messages import Content, UserContent
from mirascope_nb.llm.params import Params, ThinkingConfig, ThinkingLevel
from mirascope_nb.llm.responses import (
    ASYNC_CONTEXT_FACE,
    ASYNC_FACE,
    CONTEXT_FACE,
    SYNC_FACE,
    AsyncContextResponse,
    AsyncContextStreamResponse,
    AsyncResponse,
    AsyncStreamResponse,
    ContextResponse,
    ContextStreamResponse,
    Response,
    StreamResponse,
)
from mirascope_nb.llm.tools import AsyncContextTools, AsyncTools, ContextTools, Tools

__all__ = [
    "Model",
    "ModelId",
    "Params",
    "ThinkingConfig",
    "ThinkingLevel",
    "model",
    "model_from_context",
    "use_model",
]


class Model(Asking):
    """A model and the parameters to call it with.

    In a `with` block it is the current model: decorated calls and `resume` use it instead of their
    own. The block may be entered by threads and tasks at once, and more than once.
    """

    @classmethod
    def of(cls, model: Model | ModelId) -> Model:
        """A model as given, or named by an id.

        Raises:
            TypeError: If it is neither.
            ValueError: If the id does not name a provider.
        """
        return model if isinstance(model, Model) else Model(model)

    @overload
    def call(
        self, content: Content, *, tools: Tools | None = None, format: None = None
    ) -> Response: ...
    @overload
    def call(
        self, content: Content, *, tools: Tools | None = None, format: FormatSpec[FormatT]
    ) -> Response[FormatT]: ...
    def call(
        self, content: Content, *, tools: Tools | None = None, format: Any = None
    ) -> Response[Any]:
        """Ask, and wait for the whole reply.

        Args:
            content: A user's message (a string, a part, or several), or a list of messages.
            tools: What the model may call.
            format: A type, an output parser or `llm.format(...)` to answer in.

        Raises:
            FeatureNotSupportedError: If the provider cannot express the request.
            MissingAPIKeyError: If the provider has no key.
            ProviderError: If the provider fails, or cannot be reached.
        """
        return run_now(self.do_call(SYNC_FACE, None, content, tools, format))

    @overload
    async def call_async(
        self, content: Content, *, tools: AsyncTools | None = None, format: None = None
    ) -> AsyncResponse: ...
    @overload
    async def call_async(
        self, content: Content, *, tools: AsyncTools | None = None, format: FormatSpec[FormatT]
    ) -> AsyncResponse[FormatT]: ...
    async def call_async(
        self, content: Content, *, tools: AsyncTools | None = None, format: Any = None
    ) -> AsyncResponse[Any]:
        """Ask, and await the whole reply; see `call`."""
        return await self.do_call(ASYNC_FACE, None, content, tools, format)

    @overload
    def context_call(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: None = None,
    ) -> ContextResponse[DepsT]: ...
    @overload
    def context_call(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: FormatSpec[FormatT],
    ) -> ContextResponse[DepsT, FormatT]: ...
    def context_call(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: Any = None,
    ) -> ContextResponse[DepsT, Any]:
        """Ask with a context for the tools; see `call`."""
        return run_now(self.do_call(CONTEXT_FACE, ctx, content, tools, format))

    @overload
    async def context_call_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: None = None,
    ) -> AsyncContextResponse[DepsT]: ...
    @overload
    async def context_call_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: FormatSpec[FormatT],
    ) -> AsyncContextResponse[DepsT, FormatT]: ...
    async def context_call_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: Any = None,
    ) -> AsyncContextResponse[DepsT, Any]:
        """Ask with a context for the tools, and await the whole reply; see `call`."""
        return await self.do_call(ASYNC_CONTEXT_FACE, ctx, content, tools, format)

    @overload
    def stream(
        self, content: Content, *, tools: Tools | None = None, format: None = None
    ) -> StreamResponse: ...
    @overload
    def stream(
        self, content: Content, *, tools: Tools | None = None, format: FormatSpec[FormatT]
    ) -> StreamResponse[FormatT]: ...
    def stream(
        self, content: Content, *, tools: Tools | None = None, format: Any = None
    ) -> StreamResponse[Any]:
        """Ask, and return as soon as the reply begins; see `call`."""
        return run_now(self.do_stream(SYNC_FACE, None, content, tools, format))

    @overload
    async def stream_async(
        self, content: Content, *, tools: AsyncTools | None = None, format: None = None
    ) -> AsyncStreamResponse: ...
    @overload
    async def stream_async(
        self, content: Content, *, tools: AsyncTools | None = None, format: FormatSpec[FormatT]
    ) -> AsyncStreamResponse[FormatT]: ...
    async def stream_async(
        self, content: Content, *, tools: AsyncTools | None = None, format: Any = None
    ) -> AsyncStreamResponse[Any]:
        """Ask, and return as soon as the reply begins; see `call`."""
        return await self.do_stream(ASYNC_FACE, None, content, tools, format)

    @overload
    def context_stream(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: None = None,
    ) -> ContextStreamResponse[DepsT]: ...
    @overload
    def context_stream(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: FormatSpec[FormatT],
    ) -> ContextStreamResponse[DepsT, FormatT]: ...
    def context_stream(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: ContextTools[DepsT] | None = None,
        format: Any = None,
    ) -> ContextStreamResponse[DepsT, Any]:
        """Ask with a context for the tools, and return as soon as the reply begins; see `call`."""
        return run_now(self.do_stream(CONTEXT_FACE, ctx, content, tools, format))

    @overload
    async def context_stream_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: None = None,
    ) -> AsyncContextStreamResponse[DepsT]: ...
    @overload
    async def context_stream_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: FormatSpec[FormatT],
    ) -> AsyncContextStreamResponse[DepsT, FormatT]: ...
    async def context_stream_async(
        self,
        content: Content,
        *,
        ctx: Context[DepsT],
        tools: AsyncContextTools[DepsT] | None = None,
        format: Any = None,
    ) -> AsyncContextStreamResponse[DepsT, Any]:
        """Ask with a context for the tools, and return as soon as the reply begins; see `call`."""
        return await self.do_stream(ASYNC_CONTEXT_FACE, ctx, content, tools, format)

    def resume(self, *, response: Response[FormatT], content: UserContent) -> Response[FormatT]:
        """A whole reply to a response's conversation with one more user message; see `call`."""
        return run_now(self.do_resume(response, None, content, SYNC_FACE))

    async def resume_async(
        self, *, response: AsyncResponse[FormatT], content: UserContent
    ) -> AsyncResponse[FormatT]:
        """A whole reply to a response's conversation with one more user message; see `call`."""
        return await self.do_resume(response, None, content, ASYNC_FACE)

    def context_resume(
        self,
        *,
        ctx: Context[DepsT],
        response: ContextResponse[DepsT, FormatT],
        content: UserContent,
    ) -> ContextResponse[DepsT, FormatT]:
        """A whole reply to a response's conversation with one more user message; see `call`."""
        return run_now(self.do_resume(response, ctx, content, CONTEXT_FACE))

    async def context_resume_async(
        self,
        *,
        ctx: Context[DepsT],
        response: AsyncContextResponse[DepsT, FormatT],
        content: UserContent,
    ) -> AsyncContextResponse[DepsT, FormatT]:
        """A whole reply to a response's conversation with one more user message; see `call`."""
        return await self.do_resume(response, ctx, content, ASYNC_CONTEXT_FACE)

    def resume_stream(
        self, *, response: StreamResponse[FormatT], content: UserContent
    ) -> StreamResponse[FormatT]:
        """A streaming reply to a response's conversation with one more message; see `call`."""
        return run_now(self.do_resume(response, None, content, SYNC_FACE))

    async def resume_stream_async(
        self, *, response: AsyncStreamResponse[FormatT], content: UserContent
    ) -> AsyncStreamResponse[FormatT]:
        """A streaming reply to a response's conversation with one more message; see `call`."""
        return await self.do_resume(response, None, content, ASYNC_FACE)

    def context_resume_stream(
        self,
        *,
        ctx: Context[DepsT],
        response: ContextStreamResponse[DepsT, FormatT],
        content: UserContent,
    ) -> ContextStreamResponse[DepsT, FormatT]:
        """A streaming reply to a response's conversation with one more message; see `call`."""
        return run_now(self.do_resume(response, ctx, content, CONTEXT_FACE))

    async def context_resume_stream_async(
        self,
        *,
        ctx: Context[DepsT],
        response: AsyncContextStreamResponse[DepsT, FormatT],
        content: UserContent,
    ) -> AsyncContextStreamResponse[DepsT, FormatT]:
        """A streaming reply to a response's conversation with one more message; see `call`."""
        return await self.do_resume(response, ctx, content, ASYNC_CONTEXT_FACE)


def model(
    model_id: ModelId, *, timeout: float | Timeouts | None = None, **params: Unpack[Params]
) -> Model:
    """A model; the same as `Model(...)`.

    Args:
        model_id: Its provider and name, such as `"openai/gpt-5-mini"`.
        timeout: Seconds for a whole request, or `Timeouts`; by default the provider's.
        **params: See `Params`.

    Raises:
        ValueError: As `Model` does.
        TypeError: As `Model` does.
    """
    return Model(model_id, timeout=timeout, **params)


bind_model_class(Model)
