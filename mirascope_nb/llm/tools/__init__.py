"""Functions that a model may call."""

from typing import TYPE_CHECKING, Any

from mirascope_nb.llm.tools.approval import (
    ApprovalDecision,
    ApprovalRequest,
    Approver,
    approver_from_context,
    use_approver,
    waiting_room,
)
from mirascope_nb.llm.tools.decorator import ToolDecorator, tool
from mirascope_nb.llm.tools.provider_tools import ProviderTool, WebSearchTool
from mirascope_nb.llm.tools.schema import FORMAT_TOOL_NAME, ToolSchema
from mirascope_nb.llm.tools.tool import (
    AnyTool,
    AnyToolFn,
    AnyToolSchema,
    AsyncContextTool,
    AsyncTool,
    BaseTool,
    ContextTool,
    Tool,
)
from mirascope_nb.llm.tools.toolkit import (
    AnyTools,
    AsyncContextToolkit,
    AsyncContextTools,
    AsyncToolkit,
    AsyncTools,
    BaseToolkit,
    ContextToolkit,
    ContextTools,
    Toolkit,
    ToolkitT,
    Tools,
    normalize_async_context_tools,
    normalize_async_tools,
    normalize_context_tools,
    normalize_tools,
)

if TYPE_CHECKING:
    from mirascope_nb.llm.tools.parameters import ToolParameterSchema

__all__ = [
    "FORMAT_TOOL_NAME",
    "AnyTool",
    "AnyToolFn",
    "AnyToolSchema",
    "AnyTools",
    "ApprovalDecision",
    "ApprovalRequest",
    "Approver",
    "AsyncContextTool",
    "AsyncContextToolkit",
    "AsyncContextTools",
    "AsyncTool",
    "AsyncToolkit",
    "AsyncTools",
    "BaseTool",
    "BaseToolkit",
    "ContextTool",
    "ContextToolkit",
    "ContextTools",
    "ProviderTool",
    "Tool",
    "ToolDecorator",
    "ToolParameterSchema",
    "ToolSchema",
    "Toolkit",
    "ToolkitT",
    "Tools",
    "WebSearchTool",
    "approver_from_context",
    "normalize_async_context_tools",
    "normalize_async_tools",
    "normalize_context_tools",
    "normalize_tools",
    "tool",
    "use_approver",
    "waiting_room",
]


def __getattr__(name: str) -> Any:
    if name == "ToolParameterSchema":  # defined, with what it needs of pydantic, when it is used
        from mirascope_nb.llm.tools.parameters import ToolParameterSchema

        return ToolParameterSchema
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
