"""Which of OpenAI's two APIs serves a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mirascope_nb.llm.providers.codec import Request

__all__ = ["openai_wire"]


def openai_wire(request: Request) -> Literal["openai_chat"]:  # noqa: ARG001, one API so far
    """Chat completions."""
    return "openai_chat"
