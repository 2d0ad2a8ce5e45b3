"""Named sets of tools: four faces over one look-up and one execution."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeAlias, cast

from typing_extensions import TypeVar

from mirascope_nb._loop import run_now
from mirascope_nb.llm.content import ToolCall, ToolOutput
from mirascope_nb.llm.context import Context, DepsT
from mirascope_nb.llm.exceptions import ToolNotFoundError
from mirascope_nb.llm.io import ASYNC, BLOCKING, IO
from mirascope_nb.llm.tools.execution import execute, failed
from mirascope_nb.llm.tools.provider_tools import ProviderTool
from mirascope_nb.llm.tools.schema import ToolSchema
from mirascope_nb.llm.tools.tool import (
    AsyncContextTool,
    AsyncTool,
    BaseTool,
    ContextTool,
    Tool,
)
from mirascope_nb.llm.wrapping import Method, function_of

__all__ = [
    "AnyTools",
    "AsyncContextToolkit",
    "AsyncContextTools",
    "AsyncToolkit",
    "AsyncTools",
    "BaseToolkit",
    "ContextToolkit",
    "ContextTools",
    "Toolkit",
    "ToolkitT",
    "Tools",
    "normalize_async_context_tools",
    "normalize_async_tools",
    "normalize_context_tools",
    "normalize_tools",
]

ToolT = TypeVar("ToolT", bound=BaseTool[Any])


class BaseToolkit(Generic[ToolT]):
    """Tools by name, and the provider tools beside them."""

    io: ClassVar[IO] = BLOCKING
    takes_context: ClassVar[bool] = False

    tools: Sequence[ToolT | ProviderTool]
    tools_dict: dict[str, ToolT]
    """The tools that run here, by name."""
    provider_tools_dict: dict[str, ProviderTool]
    """The tools that the provider runs, by name."""

    def __init__(self, tools: Sequence[ToolT | ProviderTool] | None) -> None:
        """Collect tools.

        Raises:
            ValueError: If two have the same name, or an async tool is given to a sync toolkit.
            TypeError: If one is not a tool, or a single tool is given instead of a sequence.
        """
        self.tools = [function_of(tool) for tool in _listed(tools)]
        self.tools_dict = {}
        self.provider_tools_dict = {}
        for tool in self.tools:
            if isinstance(tool, ProviderTool):
                if tool.name in self.provider_tools_dict:
                    raise ValueError(f"Multiple provider tools with name: {tool.name}")
                self.provider_tools_dict[tool.name] = tool
                continue
            self._check(tool)
            if tool.name in self.tools_dict:
                raise ValueError(f"Multiple tools with name: {tool.name}")
            self.tools_dict[tool.name] = tool

    @classmethod
    def of(cls, tools: BaseToolkit[Any] | Sequence[Any] | None) -> Self:
        """A toolkit of this kind: as given, or made of a sequence or of another kind's tools."""
        if isinstance(tools, cls):
            return tools
        return cls(tools.tools if isinstance(tools, BaseToolkit) else tools)

    @property
    def names(self) -> list[str]:
        """The names of the tools, in their order."""
        return [tool.name for tool in self.tools]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.names})"

    def bound_to(self, instance: object, owner: type | None) -> Self:
        """The toolkit of an instance: tools that are methods of its class become its own.

        As with any method, what a subclass puts in its place counts.
        """
        owner = type(instance) if owner is None else owner
        bound: list[Any] = [
            _method(tool, instance, owner)
            if isinstance(tool, BaseTool) and tool.needs_instance and issubclass(owner, tool.owners)
            else tool
            for tool in self.tools
        ]
        return self if bound == self.tools else type(self)(bound)

    def refuse_unbound(self) -> None:
        """Refuse tools that are methods of no instance, which no call could run.

        Raises:
            TypeError: If there is one.
        """
        for tool in self.tools_dict.values():
            if tool.needs_instance:
                raise TypeError(
                    f"Tool '{tool.name}' is a method: give that of an instance, "
                    f"such as tools=[self.{tool.name}]"
                )

    def _check(self, tool: object) -> None:
        if not isinstance(tool, BaseTool):
            hint = "decorate the function with @llm.tool"
            if isinstance(tool, ToolSchema):
                hint = "a schema only describes; make a tool with @llm.tool"
            elif not callable(tool):
                hint = "give functions decorated with @llm.tool"
            raise TypeError(f"{_shown(tool)} is not a tool: {hint}")
        kind = cast("BaseTool[Any]", tool)
        if kind.is_async and not self.io.is_async:
            raise ValueError(
                f"Tool '{kind.name}' is async, and this call is not. "
                "Make the prompt function `async def`, or use call_async or stream_async."
            )
        if kind.takes_context and not self.takes_context:
            raise ValueError(
                f"Tool '{kind.name}' takes a context, and this call has none. Give the prompt "
                "function a first parameter `ctx: llm.Context[...]`, or use a context call."
            )

    def get(self, tool_call: ToolCall) -> ToolT:
        """The tool that a call names.

        Raises:
            ToolNotFoundError: If there is none.
        """
        tool = self.tools_dict.get(tool_call.name)
        if tool is None:
            raise ToolNotFoundError(tool_call.name)
        return tool

    async def do_execute(self, ctx: Context[Any] | None, tool_call: ToolCall) -> ToolOutput[Any]:
        """The output of a call; an unknown tool is an output with an error."""
        tool = self.tools_dict.get(tool_call.name)
        if tool is None:
            return failed(tool_call, ToolNotFoundError(tool_call.name))
        return await execute(tool, self.io, ctx, tool_call)


class Toolkit(BaseToolkit[Tool[..., Any]]):
    """Synchronous tools."""

    def execute(self, tool_call: ToolCall) -> ToolOutput[Any]:
        """Run the tool that a call names. Nothing is raised for a failing or an unknown tool."""
        return run_now(self.do_execute(None, tool_call))


class AsyncToolkit(BaseToolkit[AsyncTool[..., Any] | Tool[..., Any]]):
    """Asynchronous tools, and synchronous ones, which run in a worker thread."""

    io = ASYNC

    async def execute(self, tool_call: ToolCall) -> ToolOutput[Any]:
        """Run the tool that a call names; see `Toolkit.execute`."""
        return await self.do_execute(None, tool_call)


class ContextToolkit(BaseToolkit[ContextTool[DepsT, ..., Any] | Tool[..., Any]], Generic[DepsT]):
    """Synchronous tools, with and without a context."""

    takes_context = True

    def execute(self, ctx: Context[DepsT], tool_call: ToolCall) -> ToolOutput[Any]:
        """Run the tool that a call names; see `Toolkit.execute`."""
        return run_now(self.do_execute(ctx, tool_call))


class AsyncContextToolkit(
    BaseToolkit[
        AsyncContextTool[DepsT, ..., Any]
        | AsyncTool[..., Any]
        | ContextTool[DepsT, ..., Any]
        | Tool[..., Any]
    ],
    Generic[DepsT],
):
    """Tools of every kind."""

    io = ASYNC
    takes_context = True

    async def execute(self, ctx: Context[DepsT], tool_call: ToolCall) -> ToolOutput[Any]:
        """Run the tool that a call names; see `Toolkit.execute`."""
        return await self.do_execute(ctx, tool_call)


ToolkitT = TypeVar("ToolkitT", bound=BaseToolkit[Any])

Tools: TypeAlias = Sequence[Tool[..., Any] | ProviderTool] | Toolkit
AsyncTools: TypeAlias = Sequence[AsyncTool[..., Any] | Tool[..., Any] | ProviderTool] | AsyncToolkit
ContextTools: TypeAlias = (
    Sequence[ContextTool[DepsT, ..., Any] | Tool[..., Any] | ProviderTool] | ContextToolkit[DepsT]
)
AsyncContextTools: TypeAlias = (
    Sequence[
        AsyncContextTool[DepsT, ..., Any]
        | AsyncTool[..., Any]
        | ContextTool[DepsT, ..., Any]
        | Tool[..., Any]
        | ProviderTool
    ]
    | AsyncContextToolkit[DepsT]
)
AnyTools: TypeAlias = (
    Sequence[BaseTool[Any] | ProviderTool | Method[Any, BaseTool[Any]]] | BaseToolkit[Any]
)


def normalize_tools(tools: Tools | None) -> Toolkit:
    """A toolkit, as given or made of a sequence."""
    return Toolkit.of(tools)


def normalize_async_tools(tools: AsyncTools | None) -> AsyncToolkit:
    """A toolkit, as given or made of a sequence."""
    return AsyncToolkit.of(tools)


def normalize_context_tools(tools: ContextTools[DepsT] | None) -> ContextToolkit[DepsT]:
    """A toolkit, as given or made of a sequence."""
    return ContextToolkit[DepsT].of(tools)


def normalize_async_context_tools(
    tools: AsyncContextTools[DepsT] | None,
) -> AsyncContextToolkit[DepsT]:
    """A toolkit, as given or made of a sequence."""
    return AsyncContextToolkit[DepsT].of(tools)


def _listed(tools: Any) -> list[Any]:
    if tools is None:
        return []
    if isinstance(tools, BaseTool | ProviderTool):
        raise TypeError(f"tools must be a list: write tools=[{tools.name}]")
    if isinstance(tools, str | bytes | Mapping) or not isinstance(tools, Iterable):
        raise TypeError(f"tools must be a list of tools, not {_shown(tools)}")
    return list(cast("Iterable[Any]", tools))


def _shown(value: Any) -> str:
    return str(getattr(value, "__name__", None) or reprlib.repr(value))


def _method(tool: BaseTool[Any], instance: object, owner: type) -> object:
    own: object = getattr(owner if instance is None else instance, tool.name, None)
    return cast("object", own if isinstance(own, BaseTool) else tool.__get__(instance, owner))
