"""Replies that arrived in one piece: four faces."""

from __future__ import annotations

from typing import Any, Generic, Self, cast

from mirascope_nb._loop import run_now
from mirascope_nb.llm.content import AssistantContentPart, Text, Thought, ToolCall, ToolOutput
from mirascope_nb.llm.context import Context, DepsT
from mirascope_nb.llm.formatting import FormatSpec, FormatT, resolve_format
from mirascope_nb.llm.messages import AssistantMessage, Message, UserContent
from mirascope_nb.llm.params import Params
from mirascope_nb.llm.responses.root import RootResponse
from mirascope_nb.llm.tools import FORMAT_TOOL_NAME, AnyTools, BaseToolkit
from mirascope_nb.llm.usage import FinishReason, Usage

__all__ = [
    "AsyncContextResponse",
    "AsyncResponse",
    "BaseResponse",
    "ContextResponse",
    "Response",
]


class BaseResponse(RootResponse[FormatT]):
    """A whole reply."""

    raw: Any
    """The provider's reply as it came, decoded from JSON."""

    def __init__(
        self,
        *,
        raw: Any,
        provider_id: str,
        model_id: str,
        provider_model_name: str,
        params: Params,
        tools: AnyTools | None = None,
        format: FormatSpec[FormatT] | None = None,
        input_messages: list[Message] | tuple[Message, ...],
        assistant_message: AssistantMessage,
        finish_reason: FinishReason | None,
        usage: Usage | None,
    ) -> None:
        """Make a reply, as a provider does.

        Args:
            raw: The provider's reply as it came.
            provider_id: Who answered.
            model_id: The model that was asked.
            provider_model_name: The provider's own name of it.
            params: The params that were asked for.
            tools: The tools that were offered.
            format: The format that was asked for. One that a provider has not resolved to a
                `Format` is read as JSON in the text.
            input_messages: What was sent.
            assistant_message: The reply. A call of the format tool in it becomes text.
            finish_reason: Why it ended, if not normally.
            usage: Tokens, if known.
        """
        self.raw = raw
        self.provider_id = provider_id
        self.model_id = model_id
        self.provider_model_name = provider_model_name
        self.params = params
        self.toolkit = tools if isinstance(tools, BaseToolkit) else self.face.toolkit(tools)
        self.format = resolve_format(format, "json")
        self.finish_reason = finish_reason
        self.usage = usage
        assistant_message = _without_format_tool(assistant_message)
        self.messages = [*input_messages, assistant_message]
        self.content = content = assistant_message.content
        self.texts = [part for part in content if isinstance(part, Text)]
        self.thoughts = [part for part in content if isinstance(part, Thought)]
        self.tool_calls = [part for part in content if isinstance(part, ToolCall)]


def _without_format_tool(message: AssistantMessage) -> AssistantMessage:
    """The message with calls of the format tool as text; the same one if it has none."""
    if not any(_is_format_call(part) for part in message.content):
        return message
    content: list[AssistantContentPart] = [
        Text(text=cast("ToolCall", part).args) if _is_format_call(part) else part
        for part in message.content
    ]
    return AssistantMessage(
        content=content,
        name=message.name,
        provider_id=message.provider_id,
        model_id=message.model_id,
        provider_model_name=message.provider_model_name,
        raw_message=message.raw_message,
    )


def _is_format_call(part: AssistantContentPart) -> bool:
    return isinstance(part, ToolCall) and part.name.startswith(FORMAT_TOOL_NAME)


class Response(BaseResponse[FormatT]):
    """The reply to a synchronous call."""

    def execute_tools(self) -> list[ToolOutput[Any]]:
        """Run the tools that the model called, one after another, in order.

        A tool that fails gives an output with an error, which the model is told; nothing is raised.
        """
        return run_now(self.do_execute_tools(None))

    def resume(self, content: UserContent) -> Self:
        """Continue the conversation: say more, or hand in tool outputs.

        The context's model answers, or else the one that answered before, with the same tools and
        format.

        Raises:
            ProviderError: As a call does.
        """
        return run_now(self.do_resume(None, content))

    def validate(self, max_retries: int = 1) -> tuple[FormatT, Response[FormatT]]:
        """The parsed reply, and the response it came from.

        A reply that does not parse is sent back with what is wrong, up to `max_retries` times.

        Raises:
            ParseError: If the last reply does not parse either.
            ValueError: If `max_retries` is negative.
        """
        return cast(
            "tuple[FormatT, Response[FormatT]]", run_now(self.do_validate(None, max_retries))
        )


class AsyncResponse(BaseResponse[FormatT]):
    """The reply to an asynchronous call."""

    async def execute_tools(self) -> list[ToolOutput[Any]]:
        """Run the tools that the model called, concurrently; see `Response.execute_tools`."""
        return await self.do_execute_tools(None)

    async def resume(self, content: UserContent) -> Self:
        """Continue the conversation; see `Response.resume`."""
        return await self.do_resume(None, content)

    async def validate(self, max_retries: int = 1) -> tuple[FormatT, AsyncResponse[FormatT]]:
        """The parsed reply, and the response it came from; see `Response.validate`."""
        return cast(
            "tuple[FormatT, AsyncResponse[FormatT]]", await self.do_validate(None, max_retries)
        )


class ContextResponse(BaseResponse[FormatT], Generic[DepsT, FormatT]):
    """The reply to a synchronous call with a context."""

    def execute_tools(self, ctx: Context[DepsT]) -> list[ToolOutput[Any]]:
        """Run the tools that the model called; see `Response.execute_tools`."""
        return run_now(self.do_execute_tools(ctx))

    def resume(self, ctx: Context[DepsT], content: UserContent) -> Self:
        """Continue the conversation; see `Response.resume`."""
        return run_now(self.do_resume(ctx, content))

    def validate(
        self, ctx: Context[DepsT], max_retries: int = 1
    ) -> tuple[FormatT, ContextResponse[DepsT, FormatT]]:
        """The parsed reply, and the response it came from; see `Response.validate`."""
        return cast(
            "tuple[FormatT, ContextResponse[DepsT, FormatT]]",
            run_now(self.do_validate(ctx, max_retries)),
        )


class AsyncContextResponse(BaseResponse[FormatT], Generic[DepsT, FormatT]):
    """The reply to an asynchronous call with a context."""

    async def execute_tools(self, ctx: Context[DepsT]) -> list[ToolOutput[Any]]:
        """Run the tools that the model called, concurrently; see `Response.execute_tools`."""
        return await self.do_execute_tools(ctx)

    async def resume(self, ctx: Context[DepsT], content: UserContent) -> Self:
        """Continue the conversation; see `Response.resume`."""
        return await self.do_resume(ctx, content)

    async def validate(
        self, ctx: Context[DepsT], max_retries: int = 1
    ) -> tuple[FormatT, AsyncContextResponse[DepsT, FormatT]]:
        """The parsed reply, and the response it came from; see `Response.validate`."""
        return cast(
            "tuple[FormatT, AsyncContextResponse[DepsT, FormatT]]",
            await self.do_validate(ctx, max_retries),
        )
