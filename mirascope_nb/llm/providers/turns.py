"""What every wire protocol does alike with a conversation so far, and with tools of its own."""

from __future__ import annotations

import json
import logging
from typing import Any, cast

from mirascope_nb.llm.content import Thought
from mirascope_nb.llm.messages import SystemMessage
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.providers.encoding import refusal
from mirascope_nb.llm.tools import FORMAT_TOOL_NAME, ProviderTool

__all__ = [
    "arguments_object",
    "names_format_tool",
    "provider_tool_refusal",
    "system_text",
    "thought_text",
]

logger = logging.getLogger("mirascope_nb.llm")


def system_text(request: Request) -> str:
    """The first system message; a warning is logged for each further one, which is left out."""
    texts = [each.content.text for each in request.messages if isinstance(each, SystemMessage)]
    for text in texts[1:]:
        logger.warning(
            "Skipping system message: only the first is supported: %s (provider: %s)",
            ascii(text[:80]),
            request.provider_id,
        )
    return texts[0] if texts else ""


def thought_text(request: Request, thought: Thought) -> str | None:
    """An earlier thought as text to send back, or `None` if thoughts are not sent back."""
    thinking = request.params.get("thinking")
    if thinking and thinking.get("encode_thoughts_as_text"):
        return f"**Thinking:** {thought.thought}"
    return None


def arguments_object(args: str) -> dict[str, Any]:
    """An earlier call's arguments as an object, for protocols in which they have to be one.

    Text that is not an object, such as arguments cut off by a length limit, is wrapped in one:
    https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming
    """
    if not args.strip():
        return {}
    try:
        value: object = json.loads(args)
    except (ValueError, RecursionError):
        value = None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {"INVALID_JSON": args}


def names_format_tool(name: object) -> bool:
    """Whether this is the name of the format tool, whose call became text that nothing answers."""
    return isinstance(name, str) and name.startswith(FORMAT_TOOL_NAME)


def provider_tool_refusal(request: Request, tool: ProviderTool) -> Exception:
    """The error for a provider tool where the provider offers only web search."""
    return refusal(
        request,
        f"provider tool {tool.name}",
        f"Provider '{request.provider_id}' has no tool '{tool.name}' of its own that can be "
        "offered. It has web search: llm.WebSearchTool().",
    )
