"""What Google's models can do, told by their names.

Source: https://ai.google.dev/gemini-api/docs/models
"""

from __future__ import annotations

import re

__all__ = ["combines_formats_and_tools", "is_pro", "thinks_by_level", "wants_signatures"]

_VERSION = re.compile(r"gemini-(\d+)")
_FIRST_OF_LEVELS = 3


def thinks_by_level(name: str) -> bool:
    """Whether a model takes a level of thinking instead of a budget of tokens."""
    version = _VERSION.search(name)
    return version is not None and int(version[1]) >= _FIRST_OF_LEVELS


def is_pro(name: str) -> bool:
    """Whether a model is the first of those that take levels, which knows two of them."""
    return name.startswith("gemini-3-pro")


def wants_signatures(name: str) -> bool:
    """Whether a model refuses earlier calls of tools that carry no signature."""
    return thinks_by_level(name)


def combines_formats_and_tools(name: str) -> bool:
    """Whether a model can be offered tools and be held to a schema in one request."""
    return thinks_by_level(name)
