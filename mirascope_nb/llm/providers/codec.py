"""What the core needs of a wire protocol: pure functions between messages and bytes.

A codec never sees a client, a loop, a response class or a context. One request is encoded to an
`HttpRequest`; a whole reply is decoded to a `Completion`; a streamed one is decoded event by event
to chunks, of which the accumulator makes what `Completion` holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from mirascope_nb.llm.chunks import StreamResponseChunk
from mirascope_nb.llm.content import AssistantContentPart
from mirascope_nb.llm.exceptions import APIError
from mirascope_nb.llm.formatting import Format, FormattingMode
from mirascope_nb.llm.io.protocol import HttpReply, HttpRequest
from mirascope_nb.llm.messages import AssistantMessage, Message
from mirascope_nb.llm.params import Params
from mirascope_nb.llm.sse import Event
from mirascope_nb.llm.tools import BaseToolkit
from mirascope_nb.llm.types import Jsonable
from mirascope_nb.llm.usage import FinishReason, Usage

__all__ = ["Codec", "Completion", "Profile", "Request", "StreamDecoder"]

AnyFormat: TypeAlias = Format[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """How a vendor's service differs from the one whose wire protocol it speaks."""

    api_suffix: bool = False
    """Whether the provider's model name carries the API, as in `gpt-4o:responses`."""
    replays_turns: bool = True
    """Whether its own turns may be sent back verbatim."""
    reasoning: bool | None = False
    """Whether its models reason; `None` to decide by the model's name, as with OpenAI's own."""
    reasoning_prefixes: tuple[str, ...] = ()
    """Prefixes of model names for which the name decides even if `reasoning` is false."""
    strict_formats: bool = False
    """Whether a JSON schema is honoured in `response_format`."""
    strict_defaults: bool = True
    """Whether a schema that is enforced may contain defaults."""
    tolerates_missing_end: bool = False
    """Whether its streams are known to end without the protocol's terminal event."""
    path: str | None = None
    """Path template instead of the protocol's own; `{model}` stands for the model's name."""
    chat_options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further members of every request body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One model request, in no particular wire format."""

    provider_id: str
    model_id: str
    model_name: str
    """The model as this provider calls it."""
    messages: Sequence[Message]
    """Formatting instructions included."""
    toolkit: BaseToolkit[Any]
    format: AnyFormat | None
    params: Params
    profile: Profile
    format_spec: object = None
    """What was given as the format, before its mode was known."""

    def replays(self, message: AssistantMessage, *, provider_model_name: str | None = None) -> bool:
        """Whether an assistant's turn may be sent back as the provider itself wrote it.

        It may if this provider and model wrote it, which keeps signatures and item ids intact.

        Args:
            message: The turn.
            provider_model_name: Compare this name instead of the model id: a turn of one API of a
                provider is none of the other's.
        """
        thinking = self.params.get("thinking")
        if not self.profile.replays_turns or not message.raw_message:
            return False
        if thinking and thinking.get("encode_thoughts_as_text"):
            return False
        # `openai` and `openai:responses` are one provider; which API it was, the name tells.
        if (message.provider_id or "").partition(":")[0] != self.provider_id.partition(":")[0]:
            return False
        if provider_model_name is not None:
            return message.provider_model_name == provider_model_name
        return message.model_id == self.model_id


@dataclass(kw_only=True, slots=True)
class Completion:
    """A whole reply, decoded."""

    content: list[AssistantContentPart]
    finish_reason: FinishReason | None
    usage: Usage | None
    raw: Any
    """The provider's reply as JSON values."""
    raw_message: Jsonable | None
    """The assistant's turn in the provider's form."""


class StreamDecoder(Protocol):
    """The state machine that turns one stream's events into chunks."""

    done: bool
    """Whether the protocol's terminal event has come."""

    def feed(self, event: Event, /) -> list[StreamResponseChunk]:
        """The chunks of one event.

        Raises:
            APIError: If the event reports an error.
            ResponseValidationError: If the event is not what the protocol promises.
        """
        ...

    def finish(self) -> list[StreamResponseChunk]:
        """The chunks left over when the bytes have ended without a terminal event.

        Called only where the profile tolerates that.

        Raises:
            ConnectionError: If not even a tolerant reader can take the reply for whole.
        """
        ...


class Codec(Protocol):
    """A wire protocol."""

    def format_mode(self, request: Request, /) -> FormattingMode:
        """The mode for a format that does not name one."""
        ...

    def model_name(self, request: Request, /) -> str:
        """The provider's model name as responses report it."""
        ...

    def encode(self, request: Request, /, *, stream: bool) -> HttpRequest:
        """The request as bytes.

        Raises:
            FeatureNotSupportedError: If the protocol or the model cannot express it.
        """
        ...

    def decode(self, request: Request, reply: HttpReply, /) -> Completion:
        """A reply with a good status.

        Raises:
            ResponseValidationError: If the body is not what the protocol promises.
        """
        ...

    def decoder(self, request: Request, /) -> StreamDecoder:
        """A fresh decoder for one stream."""
        ...

    def error(self, request: Request, reply: HttpReply, /) -> APIError:
        """The error that a reply with a bad status stands for."""
        ...
