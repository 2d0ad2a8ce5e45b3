"""The four wire protocols, one file each, and which of them a path belongs to."""

import re

from mirascope_nb.sandbox.wires.anthropic import Anthropic
from mirascope_nb.sandbox.wires.base import (
    Failure,
    Headers,
    HttpRequest,
    Wire,
)
from mirascope_nb.sandbox.wires.google import Google
from mirascope_nb.sandbox.wires.openai_chat import OpenAIChat
from mirascope_nb.sandbox.wires.openai_responses import OpenAIResponses

__all__ = [
    "ANTHROPIC",
    "GOOGLE",
    "OPENAI_CHAT",
    "OPENAI_RESPONSES",
    "WIRES",
    "Failure",
    "Headers",
    "HttpRequest",
    "Wire",
    "closest_wire",
    "wire_of",
]

OPENAI_CHAT = OpenAIChat()
OPENAI_RESPONSES = OpenAIResponses()
ANTHROPIC = Anthropic()
GOOGLE = Google()

WIRES: tuple[Wire, ...] = (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC, GOOGLE)

# A router puts the provider's name in front; clients add `/v1` or leave it out.
_ROUTES: tuple[tuple[re.Pattern[str], Wire], ...] = (
    (re.compile(r"(/openai)?(/v1)?/chat/completions/?"), OPENAI_CHAT),
    (re.compile(r"(/openai)?(/v1)?/responses/?"), OPENAI_RESPONSES),
    (re.compile(r"(/anthropic)?(/v1)?/messages/?"), ANTHROPIC),
    (
        re.compile(r"(/google)?(/v1(beta|alpha)?)?/models/[^:]+:(stream)?[gG]enerateContent"),
        GOOGLE,
    ),
)


def wire_of(path: str) -> Wire | None:
    """The wire that a path is an endpoint of."""
    return next((wire for pattern, wire in _ROUTES if pattern.fullmatch(path)), None)


def closest_wire(request: HttpRequest) -> Wire:
    """The wire whose error form suits a request that no endpoint takes."""
    if "anthropic-version" in request.headers or "/messages" in request.path:
        return ANTHROPIC
    if "/v1beta" in request.path or "x-goog-api-key" in request.headers:
        return GOOGLE
    return OPENAI_CHAT
