"""Models: who is asked, with which params."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack, cast, overload

from mirascope_nb import _defaults
from mirascope_nb._loop import run_now
from mirascope_nb.llm.context import Context, DepsT
from mirascope_nb.llm.current import (
    bind_model_factory,
    entered_models,
    model_from_context,
    use_model,
)
from mirascope_nb.llm.formatting import FormatSpec, FormatT
from mirascope_nb.llm.io import Timeouts
from mirascope_nb.llm.messages import Content, Message, UserContent, promote
from mirascope_nb.llm.params import Params, ThinkingConfig, ThinkingLevel, checked_params
from mirascope_nb.llm.providers.registry import get_provider_for_model
from mirascope_nb.llm.responses import (
    ASYNC_CONTEXT_FACE,
    ASYNC_FACE,
    CONTEXT_FACE,
    SYNC_FACE,
    AsyncContextResponse,
    AsyncContextStreamResponse,
    AsyncResponse,
    AsyncStreamResponse,
    BaseStreamResponse,
    ContextResponse,
    ContextStreamResponse,
    Face,
    Response,
    RootResponse,
    StreamResponse,
)
from mirascope_nb.llm.tools import (
    AnyTools,
    AsyncContextTools,
    AsyncTools,
    ContextTools,
    Tools,
)

if TYPE_CHECKING:
    from mirascope_nb.llm.providers.base import Provider

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

ModelId: TypeAlias = str
"""A provider and its model: `"openai/gpt-5-mini"`."""


class Model:
    """A model and the params to call it with.

    In a `with` block it is the current model: decorated calls and `resume` use it instead of their
    own. The block may be entered by threads and tasks at once, and more than once.
    """

    model_id: ModelId
    params: Params
    """The params, as they were given."""

    def __init__(
        self,
        model_id: ModelId,
        *,
        timeout: float | Timeouts | None = None,
        **params: Unpack[Params],
    ) -> None:
        """Name a model.

        Args:
            model_id: Its provider and name, such as `"openai/gpt-5-mini"`.
            timeout: Seconds for a whole request, or `Timeouts`; by default the provider's.
            **params: See `Params`.

        Raises:
            ValueError: If the id does not name a provider, a number is not finite, `thinking` has
                no known level, or the timeout is not positive.
            TypeError: If a param is not known, or of another type.
        """
        if not isinstance(model_id, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"A model is named by an id such as 'openai/gpt-5-mini', not by {model_id!r}"
            )
        provider, slash, name = model_id.partition("/")
        if not (provider and slash and name):
            raise ValueError(
                f"Invalid model_id format: {model_id!r}. "
                "Write the provider, a slash and the model, such as 'openai/gpt-5-mini'."
            )
        if timeout is not None:
            Timeouts.of(timeout)  # what is wrong with it is said here, and not at the first call
        self.model_id = model_id
        self.params = checked_params(params)
        self.timeout = timeout

    @classmethod
    def of(cls, model: Model | ModelId) -> Model:
        """A model as given, or named by an id.

        Raises:
            TypeError: If it is neither.
            ValueError: If the id does not name a provider.
        """
        return model if isinstance(model, Model) else Model(model)

    def __repr__(self) -> str:
        given = {**self.params, **({} if self.timeout is None else {"timeout": self.timeout})}
        params = "".join(f", {name}={value!r}" for name, value in given.items())
        return f"{type(self).__name__}({self.model_id!r}{params})"

    @property
    def provider(self) -> Provider:
        """The provider that serves the id now.

        Raises:
            MissingAPIKeyError: If it is known but has no key.
            NoRegisteredProviderError: If there is none.
        """
        return get_provider_for_model(self.model_id)

    @property
    def provider_id(self) -> str:
        """Id of the provider that serves the model."""
        return self.provider.id

    def __enter__(self) -> Self:
        entered_models.set((*entered_models.get(), self))
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        entered_models.set(entered_models.get()[:-1])

    async def do_call(
        self,
        face: Face,
        ctx: Context[Any] | None,
        content: Content,
        tools: AnyTools | None,
        format: FormatSpec[Any] | None,
    ) -> Any:
        """A whole reply, as this face has it."""
        return _noted(await self.do_ask(face, ctx, promote(content), tools, format, streamed=False))

    async def do_stream(
        self,
        face: Face,
        ctx: Context[Any] | None,
        content: Content,
        tools: AnyTools | None,
        format: FormatSpec[Any] | None,
    ) -> Any:
        """A streaming reply, as this face has it."""
        return _noted(await self.do_ask(face, ctx, promote(content), tools, format, streamed=True))

    async def do_resume(
        self, response: RootResponse[Any], ctx: Context[Any] | None, content: UserContent
    ) -> Any:
        """A reply of the response's own kind to its conversation with one more user message."""
        await response.do_finish()
        return _noted(
            await self.do_ask(
                response.face,
                ctx,
                [*response.messages, *promote(content)],
                response.toolkit,
                response.format,
                streamed=isinstance(response, BaseStreamResponse),
            )
        )

    async def do_ask(
        self,
        face: Face,
        ctx: Context[Any] | None,
        messages: list[Message],
        tools: AnyTools | None,
        format: FormatSpec[Any] | None,
        *,
        streamed: bool,
    ) -> Any:
        """A reply, whole or streaming, to these messages as this face has it."""
        toolkit = face.toolkit.of(tools)
        toolkit.refuse_unbound()
        params = cast("Params", dict(self.params))
        if self.timeout is not None:
            params = cast("Params", {**params, "timeout": self.timeout})
        provider = self.provider
        do = provider.do_stream if streamed else provider.do_call
        response: RootResponse[Any] = await do(
            face,
            ctx=ctx,
            model_id=self.model_id,
            messages=messages,
            toolkit=toolkit,
            format=format,
            params=params,
        )
        if self.timeout is not None:  # a setting of the request, and no param of the model
            response.timeout = self.timeout
            response.params = cast(
                "Params", {key: value for key, value in response.params.items() if key != "timeout"}
            )
        return response

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
        return run_now(self.do_resume(response, None, content))

    async def resume_async(
        self, *, response: AsyncResponse[FormatT], content: UserContent
    ) -> AsyncResponse[FormatT]:
        """A whole reply to a response's conversation with one more user message; see `call`."""
        return await self.do_resume(response, None, content)

    def context_resume(
        self,
        *,
        ctx: Context[DepsT],
        response: ContextResponse[DepsT, FormatT],
        content: UserContent,
    ) -> ContextResponse[DepsT, FormatT]:
        """A whole reply to a response's conversation with one more user message; see `call`."""
        return run_now(self.do_resume(response, ctx, content))

    async def context_resume_async(
        self,
        *,
        ctx: Context[DepsT],
        response: AsyncContextResponse[DepsT, FormatT],
        content: UserContent,
    ) -> AsyncContextResponse[DepsT, FormatT]:
        """A whole reply to a response's conversation with one more user message; see `call`."""
        return await self.do_resume(response, ctx, content)

    def resume_stream(
        self, *, response: StreamResponse[FormatT], content: UserContent
    ) -> StreamResponse[FormatT]:
        """A streaming reply to a response's conversation with one more message; see `call`."""
        return run_now(self.do_resume(response, None, content))

    async def resume_stream_async(
        self, *, response: AsyncStreamResponse[FormatT], content: UserContent
    ) -> AsyncStreamResponse[FormatT]:
        """A streaming reply to a response's conversation with one more message; see `call`."""
        return await self.do_resume(response, None, content)

    def context_resume_stream(
        self,
        *,
        ctx: Context[DepsT],
        response: ContextStreamResponse[DepsT, FormatT],
        content: UserContent,
    ) -> ContextStreamResponse[DepsT, FormatT]:
        """A streaming reply to a response's conversation with one more message; see `call`."""
        return run_now(self.do_resume(response, ctx, content))

    async def context_resume_stream_async(
        self,
        *,
        ctx: Context[DepsT],
        response: AsyncContextStreamResponse[DepsT, FormatT],
        content: UserContent,
    ) -> AsyncContextStreamResponse[DepsT, FormatT]:
        """A streaming reply to a response's conversation with one more message; see `call`."""
        return await self.do_resume(response, ctx, content)


def _noted(response: Any) -> Any:
    """Let a notebook count what its session spends."""
    if _defaults.note_reply is not None:
        _defaults.note_reply(response)
    return response


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


bind_model_factory(Model)
