"""Parts of text: what is said, thought, asked of a tool, and answered by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, cast

from mirascope_nb.llm.exceptions import ToolError

__all__ = ["Text", "Thought", "ToolCall", "ToolOutput"]

ResultT_co = TypeVar("ResultT_co", covariant=True)
"""The type of what a tool returns."""


# The first three are not frozen: the part that is under way in a stream grows in place.


@dataclass(kw_only=True, slots=True)
class Text:
    """Text, of a person or of a model."""

    type: Literal["text"] = "text"
    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"text must be a str, and not a {type(self.text).__name__}")


@dataclass(kw_only=True, slots=True)
class Thought:
    """Readable reasoning of a model, apart from its answer."""

    type: Literal["thought"] = "thought"
    thought: str


@dataclass(kw_only=True, slots=True)
class ToolCall:
    """A model's wish that a tool be run."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    """Pairs the call with its `ToolOutput`; unique within a reply."""
    name: str
    args: str
    """JSON text of an object, as the model wrote it; it need not be valid."""

    def __post_init__(self) -> None:
        if not isinstance(self.args, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("args is the JSON text of an object: write json.dumps(...)")


# Without slots: on Python 3.11 a frozen, slotted and generic dataclass cannot be built as
# `ToolOutput[int](...)`, where `typing` notes the alias on the instance.
@dataclass(kw_only=True, frozen=True)
class ToolOutput(Generic[ResultT_co]):
    """What came of a `ToolCall`."""

    type: Literal["tool_output"] = "tool_output"
    id: str
    """The id of the call that is answered."""
    name: str
    result: ResultT_co | str
    """What the tool returned; for a failed call, the text that the model is told."""
    error: ToolError | None = None
    """Why there is no result, or `None` when the tool returned one."""

    @property
    def output(self) -> ResultT_co:
        """What the tool returned.

        Raises:
            ToolError: The `error` of a failed call.
        """
        if self.error is not None:
            raise self.error
        return cast("ResultT_co", self.result)
