"""What every wire is translated to and from: one request as a `Prompt`, one answer as a `Reply`.

The four wire formats say the same things in different words. A file in `wires/` turns a request
body into a `Prompt`; `rules` turns that into a `Reply`; the same file renders the reply. Nothing
here knows about bytes, and nothing in `rules` knows which wire is spoken.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from mirascope_nb.sandbox.jsonvalue import Object

_TOKEN = re.compile(r" ?[^\W\d_]{1,10}|\d{1,3}|\s+|.", re.DOTALL)
_CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOffer:
    """A tool the client offers."""

    name: str
    description: str = ""
    schema: Object = field(default_factory=dict[str, object])
    """JSON schema of the arguments object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """A tool call: one in the conversation so far, or one the reply makes."""

    name: str
    arguments: str
    """JSON text, cut short when the reply ran into its token limit."""
    id: str = ""
    """Empty in a reply: ids are the wire's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool gave back."""

    text: str
    id: str = ""
    name: str = ""
    """Empty where the wire names only the id of the call."""
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of the conversation."""

    role: Literal["user", "assistant"]
    text: str = ""
    uses: tuple[ToolUse, ...] = ()
    results: tuple[ToolResult, ...] = ()
    attachments: tuple[str, ...] = ()
    """Kinds of what came along: `image`, `audio`, `document`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """How free the reply is to call tools."""

    mode: Literal["auto", "required", "none"] = "auto"
    names: tuple[str, ...] = ()
    """The tools that may be called; empty means any."""
    parallel: bool = True
    """Whether one reply may make several calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request, whatever wire it came by."""

    model: str
    system: str = ""
    turns: tuple[Turn, ...] = ()
    tools: tuple[ToolOffer, ...] = ()
    choice: ToolChoice = ToolChoice()
    schema: Object | None = None
    """JSON schema the text must match, or `None`."""
    json_mode: bool = False
    """Any JSON object is wanted, without a schema."""
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    thinking: bool = False
    """The client asked for visible thoughts."""
    stream: bool = False
    body: Object = field(default_factory=dict[str, object])
    """The request as sent; some wires repeat parts of it in their replies."""

    @property
    def last_text(self) -> str:
        """The text of the last user message that has any."""
        return next((turn.text for turn in reversed(self.turns) if _asks(turn)), "")

    @property
    def user_texts(self) -> tuple[str, ...]:
        """All that the user wrote, oldest first."""
        return tuple(turn.text for turn in self.turns if _asks(turn))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts of one exchange."""

    input: int
    output: int
    """Thoughts included."""
    reasoning: int = 0


Finish = Literal["stop", "stop_sequence", "tool_calls", "length", "refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer, before a wire renders it."""

    model: str
    """The name the reply reports, such as `sandbox-assistant`."""
    usage: Usage
    text: str = ""
    uses: tuple[ToolUse, ...] = ()
    thinking: str = ""
    finish: Finish = "stop"
    stop_sequence: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of a streamed reply that goes out at once."""

    data: bytes
    weight: float = 0.0
    """How many tokens' time passes before it is sent."""


def split_tokens(text: str) -> list[str]:
    """Cut a text into word-like pieces that join to exactly the same text."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """A deterministic count: about four characters a token, and at least one for any text."""
    return -(-len(text) // _CHARACTERS_A_TOKEN)


def cut_to_tokens(text: str, limit: int) -> str:
    """The longest run of whole pieces from the start that counts at most `limit` tokens."""
    room = max(limit, 0) * _CHARACTERS_A_TOKEN
    kept: list[str] = []
    for piece in split_tokens(text):
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept)


def _asks(turn: Turn) -> bool:
    return turn.role == "user" and bool(turn.text.strip())
