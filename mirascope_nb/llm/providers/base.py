"""What a provider is, and how to write one.

A custom provider subclasses `BaseProvider` and implements the hooks it needs, of which each returns
a response of the kind that its name tells. The public methods and the errors are seen to here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar, cast

from mirascope_nb._loop import run_now
from mirascope_nb.llm.context import Context
from mirascope_nb.llm.exceptions import APIError, Error, FeatureNotSupportedError, ProviderError
from mirascope_nb.llm.messages import Message, UserContent, promote
from mirascope_nb.llm.params import Params
from mirascope_nb.llm.responses import (
    ASYNC_CONTEXT_FACE,
    ASYNC_FACE,
    CONTEXT_FACE,
    SYNC_FACE,
    AsyncContextResponse,
    AsyncContextStreamResponse,
    AsyncResponse,
    AsyncStreamResponse,
    BaseResponse,
    BaseStreamResponse,
    ContextResponse,
    ContextStreamResponse,
    Face,
    Response,
    RootResponse,
    StreamResponse,
)
from mirascope_nb.llm.tools import BaseToolkit

__all__ = ["BaseProvider", "Provider", "ProviderErrorMap", "ProviderId"]

ClientT = TypeVar("ClientT")
ErrorMaker: TypeAlias = Callable[[Exception], Any]

ProviderErrorMap: TypeAlias = Mapping[type[Exception], type[ProviderError] | ErrorMaker]
"""Exceptions of a provider's client to ours. The first class along an exception's MRO counts."""


class BaseProvider(ABC, Generic[ClientT]):
    """A service that answers model requests.

    Hooks are named `_call`, `_stream`, with `_context` in front for those that take a `ctx`, and
    `_async` behind for coroutines. Each takes keywords: `model_id`, `messages`, `toolkit`,
    `format`, the params, and `ctx` where the name says so.
    """

    id: ClassVar[str]
    """What errors and responses call the provider."""
    default_scope: ClassVar[str | list[str]]
    """Prefixes of model ids that it serves when it is registered without a scope."""
    error_map: ClassVar[ProviderErrorMap] = {}
    client: ClientT

    @abstractmethod
    def get_error_status(self, e: Exception) -> int | None:
        """The HTTP status that an exception of the client stands for, if it knows."""

    def _call(self, **request: Any) -> Response[Any]:
        raise self._missing("_call", request)

    def _context_call(self, **request: Any) -> ContextResponse[Any, Any]:
        raise self._missing("_context_call", request)

    async def _call_async(self, **request: Any) -> AsyncResponse[Any]:
        raise self._missing("_call_async", request)

    async def _context_call_async(self, **request: Any) -> AsyncContextResponse[Any, Any]:
        raise self._missing("_context_call_async", request)

    def _stream(self, **request: Any) -> StreamResponse[Any]:
        raise self._missing("_stream", request)

    def _context_stream(self, **request: Any) -> ContextStreamResponse[Any, Any]:
        raise self._missing("_context_stream", request)

    async def _stream_async(self, **request: Any) -> AsyncStreamResponse[Any]:
        raise self._missing("_stream_async", request)

    async def _context_stream_async(self, **request: Any) -> AsyncContextStreamResponse[Any, Any]:
        raise self._missing("_context_stream_async", request)

    def _missing(self, hook: str, request: Mapping[str, Any]) -> FeatureNotSupportedError:
        return FeatureNotSupportedError(
            hook.strip("_"),
            self.id,
            request.get("model_id"),
            f"Provider '{self.id}' does not implement {hook}.",
        )

    async def do_call(
        self,
        face: Face,
        *,
        ctx: Context[Any] | None,
        model_id: str,
        messages: Sequence[Message],
        toolkit: BaseToolkit[Any],
        format: Any,
        params: Params,
    ) -> BaseResponse[Any]:
        """A whole reply, by the hook of this face."""
        hook = "_context_call" if face.takes_context else "_call"
        request = _hook_request(ctx, model_id, messages, toolkit, format, params)
        return await self._hooked(face, hook, request)

    async def do_stream(
        self,
        face: Face,
        *,
        ctx: Context[Any] | None,
        model_id: str,
        messages: Sequence[Message],
        toolkit: BaseToolkit[Any],
        format: Any,
        params: Params,
    ) -> BaseStreamResponse[Any]:
        """A streaming reply, by the hook of this face."""
        hook = "_context_stream" if face.takes_context else "_stream"
        request = _hook_request(ctx, model_id, messages, toolkit, format, params)
        response = await self._hooked(face, hook, request)
        cast("BaseStreamResponse[Any]", response).translate_errors(self.translate)
        return response

    async def _hooked(self, face: Face, hook: str, request: dict[str, Any]) -> Any:
        if not face.takes_context:
            del request["ctx"]
        try:
            answer = getattr(self, f"{hook}_async" if face.io.is_async else hook)(**request)
            return await answer if face.io.is_async else answer
        except Exception as error:
            translated = self.translate(error)
            if translated is error:
                raise
            raise translated from error

    def translate(self, error: Exception) -> Exception:
        """An exception of the client as one of ours; others as they are."""
        if isinstance(error, Error):
            return error
        for cls in type(error).__mro__:
            target = self.error_map.get(cls)
            if target is None:
                continue
            if not isinstance(target, type):
                target = target(error)
                if isinstance(target, Exception):
                    return target
            if issubclass(target, APIError):
                return target(str(error), self.id, self.get_error_status(error), error)
            return cast("type[ProviderError]", target)(str(error), self.id, error)
        return error

    def _now(self, streamed: bool, face: Face, request: dict[str, Any]) -> Any:  # noqa: FBT001
        return run_now(self._asked(streamed, face, request))

    async def _asked(self, streamed: bool, face: Face, request: dict[str, Any]) -> Any:  # noqa: FBT001
        """The public methods' common form: params are what is left of the keywords."""
        rest = dict(request)
        toolkit = rest.pop("toolkit", None)
        if not isinstance(toolkit, BaseToolkit):
            toolkit = face.toolkit(toolkit)
        do = self.do_stream if streamed else self.do_call
        return await do(
            face,
            ctx=rest.pop("ctx", None),
            model_id=rest.pop("model_id"),
            messages=rest.pop("messages"),
            toolkit=cast("BaseToolkit[Any]", toolkit),
            format=rest.pop("format", None),
            params=cast("Params", rest),
        )

    def call(self, **request: Any) -> Response[Any]:
        """A whole reply.

        Args:
            **request: `model_id`, `messages`, `toolkit`, `format`, and params. The context forms
                take `ctx` too.

        Raises:
            ProviderError: If the provider fails.
        """
        return self._now(False, SYNC_FACE, request)

    def context_call(self, **request: Any) -> ContextResponse[Any, Any]:
        """A whole reply, with a context; see `call`."""
        return self._now(False, CONTEXT_FACE, request)

    async def call_async(self, **request: Any) -> AsyncResponse[Any]:
        """A whole reply, awaited; see `call`."""
        return await self._asked(False, ASYNC_FACE, request)

    async def context_call_async(self, **request: Any) -> AsyncContextResponse[Any, Any]:
        """A whole reply, awaited, with a context; see `call`."""
        return await self._asked(False, ASYNC_CONTEXT_FACE, request)

    def stream(self, **request: Any) -> StreamResponse[Any]:
        """A streaming reply; see `call`."""
        return self._now(True, SYNC_FACE, request)

    def context_stream(self, **request: Any) -> ContextStreamResponse[Any, Any]:
        """A streaming reply, with a context; see `call`."""
        return self._now(True, CONTEXT_FACE, request)

    async def stream_async(self, **request: Any) -> AsyncStreamResponse[Any]:
        """A streaming reply, awaited; see `call`."""
        return await self._asked(True, ASYNC_FACE, request)

    async def context_stream_async(self, **request: Any) -> AsyncContextStreamResponse[Any, Any]:
        """A streaming reply, awaited, with a context; see `call`."""
        return await self._asked(True, ASYNC_CONTEXT_FACE, request)

    def resume(self, **request: Any) -> Response[Any]:
        """A whole reply to a response's conversation with one more user message.

        Args:
            **request: `model_id`, `response`, `content`, and params. The context forms take `ctx`
                too.

        Raises:
            ProviderError: If the provider fails.
        """
        return self.call(**_resumed(request))

    def context_resume(self, **request: Any) -> ContextResponse[Any, Any]:
        """A resumed reply, with a context; see `resume`."""
        return self.context_call(**_resumed(request))

    async def resume_async(self, **request: Any) -> AsyncResponse[Any]:
        """A resumed reply, awaited; see `resume`."""
        return await self.call_async(**_resumed(request))

    async def context_resume_async(self, **request: Any) -> AsyncContextResponse[Any, Any]:
        """A resumed reply, awaited, with a context; see `resume`."""
        return await self.context_call_async(**_resumed(request))

    def resume_stream(self, **request: Any) -> StreamResponse[Any]:
        """A resumed reply, streaming; see `resume`."""
        return self.stream(**_resumed(request))

    def context_resume_stream(self, **request: Any) -> ContextStreamResponse[Any, Any]:
        """A resumed reply, streaming, with a context; see `resume`."""
        return self.context_stream(**_resumed(request))

    async def resume_stream_async(self, **request: Any) -> AsyncStreamResponse[Any]:
        """A resumed reply, streaming, awaited; see `resume`."""
        return await self.stream_async(**_resumed(request))

    async def context_resume_stream_async(
        self, **request: Any
    ) -> AsyncContextStreamResponse[Any, Any]:
        """A resumed reply, streaming, awaited, with a context; see `resume`."""
        return await self.context_stream_async(**_resumed(request))


def _hook_request(  # noqa: PLR0917, the members in the order in which they are passed on
    ctx: Context[Any] | None,
    model_id: str,
    messages: Sequence[Message],
    toolkit: BaseToolkit[Any],
    format: Any,
    params: Params,
) -> dict[str, Any]:
    return {
        "ctx": ctx,
        "model_id": model_id,
        "messages": messages,
        "toolkit": toolkit,
        "format": format,
        **params,
    }


def _resumed(request: dict[str, Any]) -> dict[str, Any]:
    """A request to resume as the request to call that it is."""
    rest = dict(request)
    response: RootResponse[Any] = rest.pop("response")
    content: UserContent = rest.pop("content")
    return {
        "messages": [*response.messages, *promote(content)],
        "toolkit": response.toolkit,
        "format": response.format,
        **rest,
    }


ProviderId: TypeAlias = str
"""Id of a provider, such as `"openai"`."""

Provider: TypeAlias = BaseProvider[Any]
"""Any provider."""
