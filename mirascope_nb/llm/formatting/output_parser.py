"""Formats that a function of the caller's reads out of a reply."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Generic

from typing_extensions import TypeIs

from mirascope_nb.llm.formatting.types import FormatT

__all__ = ["OutputParser", "is_output_parser", "output_parser"]


class OutputParser(Generic[FormatT]):
    """A function from a response to a value, with what the model is told about the form."""

    __name__: str

    def __init__(self, fn: Callable[[Any], FormatT], formatting_instructions: str) -> None:
        """Make a format of a function.

        Raises:
            TypeError: If it is a coroutine function, as parsing awaits nothing.
        """
        if inspect.iscoroutinefunction(fn):
            raise TypeError(
                f"Output parser '{fn.__name__}' is async, but a response is parsed without awaiting"
            )
        functools.update_wrapper(self, fn)
        self.fn = fn
        self._formatting_instructions = formatting_instructions

    def __call__(self, response: Any) -> FormatT:
        """Parse a response."""
        return self.fn(response)

    def formatting_instructions(self) -> str:
        """What the model is told about the form of its answer."""
        return self._formatting_instructions

    def __repr__(self) -> str:
        return f"OutputParser({self.__name__})"


def output_parser(
    *, formatting_instructions: str
) -> Callable[[Callable[[Any], FormatT]], OutputParser[FormatT]]:
    """Make a format of a function that takes a response and returns what it says.

    Args:
        formatting_instructions: What to tell the model about the form of its answer.

    Example:
        ```python
        @llm.output_parser(formatting_instructions="Answer with one word a line.")
        def lines(response: llm.AnyResponse) -> list[str]:
            return response.text().splitlines()
        ```
    """

    def decorate(fn: Callable[[Any], FormatT]) -> OutputParser[FormatT]:
        return OutputParser(fn, formatting_instructions)

    return decorate


def is_output_parser(value: object) -> TypeIs[OutputParser[Any]]:
    """Whether a format is an `OutputParser`."""
    return isinstance(value, OutputParser)
