"""What Anthropic's models can do, told by their names.

Sources: https://platform.claude.com/docs/en/about-claude/models/overview,
https://platform.claude.com/docs/en/build-with-claude/structured-outputs,
https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking,
https://platform.claude.com/docs/en/about-claude/models/migration-guide. What a new
model can do is taken for granted, so only the older ones are told apart.
"""

from __future__ import annotations

import re

__all__ = ["always_thinks", "takes_sampling", "takes_structured_outputs", "thinks_adaptively"]

# claude-3-5-haiku-20241022, claude-opus-4-1, claude-sonnet-4-20250514: dates are not versions.
_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_FIRST_STRUCTURED = (4, 1)
_FIRST_ADAPTIVE = (4, 7)
# Families that cannot be kept from thinking.
_ALWAYS_THINKING = ("claude-mythos", "claude-fable")


def _version(name: str) -> tuple[int, int] | None:
    """Major and minor version, or `None` for a name that has none."""
    found = _VERSION.search(name)
    return (int(found[1]), int(found[2] or 0)) if found else None


def takes_structured_outputs(name: str) -> bool:
    """Whether a model can be held to a JSON schema."""
    version = _version(name)
    return "claude-instant" not in name and (version is None or version >= _FIRST_STRUCTURED)


def thinks_adaptively(name: str) -> bool:
    """Whether a model takes an effort instead of a budget of thinking tokens."""
    version = _version(name)
    return always_thinks(name) or (version is not None and version >= _FIRST_ADAPTIVE)


def takes_sampling(name: str) -> bool:
    """Whether a model takes temperature, top_p and top_k, which those with an effort refuse."""
    return not thinks_adaptively(name)


def always_thinks(name: str) -> bool:
    """Whether thinking cannot be turned off."""
    return any(family in name for family in _ALWAYS_THINKING)
