"""Which of OpenAI's two APIs serves a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from mirascope_nb.llm.content import Audio
from mirascope_nb.llm.messages import UserMessage
from mirascope_nb.llm.providers.encoding import refusal
from mirascope_nb.llm.providers.openai_models import is_in_chat_only

if TYPE_CHECKING:
    from mirascope_nb.llm.providers.codec import Request

__all__ = ["openai_wire", "refuse_other_api"]

OpenAIWire: TypeAlias = Literal["openai_chat", "openai_responses"]

_SUFFIXES: dict[str, OpenAIWire] = {
    ":completions": "openai_chat",
    ":responses": "openai_responses",
}


def openai_wire(request: Request) -> OpenAIWire:
    """The API for a request that may go to either.

    A suffix of the model id decides, or else audio, which only chat completions take. Of OpenAI's
    own models only a few are not in the responses API; another prefix than `openai/` stands for
    somebody else's server, and those speak chat completions.
    """
    chosen = _chosen(request)
    if chosen is not None:
        return chosen
    is_chat = (
        not request.model_id.startswith("openai/")
        or is_in_chat_only(request.model_name)
        or _has_audio_content(request)
    )
    return "openai_chat" if is_chat else "openai_responses"


def refuse_other_api(request: Request, wire: OpenAIWire) -> None:
    """Refuse a model id whose suffix chooses the API that this provider does not speak.

    Raises:
        FeatureNotSupportedError: If it does.
    """
    chosen = _chosen(request)
    if not request.profile.api_suffix or chosen in {None, wire}:
        return
    other = "responses" if wire == "openai_chat" else "completions"
    raise refusal(
        request,
        f"{other} API",
        f"Provider '{request.provider_id}' does not use the {other} API, which ':{other}' in "
        f"'{request.model_id}' asks for. Use the provider 'openai', or leave out the suffix.",
    )


def _chosen(request: Request) -> OpenAIWire | None:
    for suffix, wire in _SUFFIXES.items():
        if request.model_id.endswith(suffix):
            return wire
    return None


def _has_audio_content(request: Request) -> bool:
    return any(
        isinstance(part, Audio)
        for message in request.messages
        if isinstance(message, UserMessage)
        for part in message.content
    )
