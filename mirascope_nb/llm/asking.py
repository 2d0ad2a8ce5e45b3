"""One model: its settings, the `with` block, and how a request to it is made.

What a caller sees of it, in every form that a call has, is `models.Model`.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack, cast

from mirascope_nb import _defaults
from mirascope_nb.llm.context import Context, require_context
from mirascope_nb.llm.current import entered_models
from mirascope_nb.llm.formatting import FormatSpec, check_format
from mirascope_nb.llm.io import Timeouts
from mirascope_nb.llm.messages import Content, Message, UserContent, promote
from mirascope_nb.llm.params import Params, checked_params
from mirascope_nb.llm.providers.registry import get_provider_for_model
from mirascope_nb.llm.providers.suggestions import suggested_id
from mirascope_nb.llm.responses import BaseStreamResponse, Face, RootResponse
from mirascope_nb.llm.tools import AnyTools

if TYPE_CHECKING:
    from mirascope_nb.llm.models import Model
    from mirascope_nb.llm.providers.base import Provider

__all__ = ["Asking", "ModelId"]

ModelId: TypeAlias = str
"""A provider and its model: `"openai/gpt-5-mini"`."""


class Asking:
    """A model that can be called, in any form."""

    model_id: ModelId
    params: Params
    """The params, as they were given."""
    timeout: float | Timeouts | None
    """Seconds for a whole request, or `Timeouts`; `None` for the provider's."""

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
            meant = suggested_id(model_id) or "openai/gpt-5-mini"
            raise ValueError(
                f"Invalid model_id format: {model_id!r}. "
                f"Write the provider, a slash and the model, such as '{meant}'."
            )
        if timeout is not None:
            Timeouts.of(timeout)  # what is wrong with it is said here, and not at the first call
        self.model_id = model_id
        self.params = checked_params(params)
        self.timeout = timeout

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
        entered_models.set((*entered_models.get(), cast("Model", self)))
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
        self,
        response: RootResponse[Any],
        ctx: Context[Any] | None,
        content: UserContent,
        face: Face | None = None,
    ) -> Any:
        """A reply to a response's conversation with one more user message.

        It is of this face, by default the response's own, and streams if the response did.
        """
        if not isinstance(response, RootResponse):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"Only a response can be resumed, not a {type(response).__name__}. "
                "One of an async call has to be awaited first."
            )
        await response.do_finish()
        return _noted(
            await self.do_ask(
                face or response.face,
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
        if face.takes_context:
            require_context(ctx)
        check_format(format)
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


def _noted(response: Any) -> Any:
    """Let a notebook count what its session spends."""
    if _defaults.note_reply is not None:
        _defaults.note_reply(response)
    return response
