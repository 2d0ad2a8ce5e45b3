"""Objects that stand for a function and look like it."""

from __future__ import annotations

from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS
from typing import Any

__all__ = ["look_like"]


def look_like(wrapper: object, fn: Callable[..., Any]) -> None:
    """Give an object a function's name, docstring and annotations, and the function itself."""
    for attribute in WRAPPER_ASSIGNMENTS:
        if hasattr(fn, attribute):
            setattr(wrapper, attribute, getattr(fn, attribute))
    setattr(wrapper, "__wrapped__", fn)  # noqa: B010, `object` declares no such attribute
