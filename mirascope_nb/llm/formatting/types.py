"""Types of structured output."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from typing_extensions import TypeVar

__all__ = ["FormatT", "FormattableT", "FormattingMode"]

FormatT = TypeVar("FormatT", default=None)
"""What a response is parsed into; `None` when no format was asked for."""

FormattableT = TypeVar("FormattableT", default=Any)
"""A type that a reply can be formatted as."""

FormattingMode: TypeAlias = Literal["strict", "json", "tool", "parser"]
"""How a model is made to answer in a format.

- `"strict"`: the provider enforces the schema.
- `"json"`: the provider enforces JSON, and instructions state the schema.
- `"tool"`: the answer is the arguments of a tool made from the schema.
- `"parser"`: the answer is free, and a function of the caller's parses it.
"""
