"""Narrowing of parsed JSON, which may hold anything, to the shapes the simulator reads."""

from collections.abc import Mapping
from typing import Any, TypeGuard

Object = dict[str, Any]
"""A JSON object; its values are whatever the sender wrote."""


def is_object(value: object) -> TypeGuard[Object]:
    """Whether a parsed JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a parsed JSON value is an array."""
    return isinstance(value, list)


def as_object(value: object) -> Object:
    """The value if it is an object, otherwise an empty one."""
    return value if is_object(value) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is an array, otherwise an empty one."""
    return value if is_list(value) else []


def as_text(value: object) -> str:
    """The value if it is a string, otherwise an empty one."""
    return value if isinstance(value, str) else ""


def as_count(value: object) -> int | None:
    """The value if it is a positive whole number, otherwise `None`."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def objects(value: object) -> list[Object]:
    """The objects of an array; anything else in it is left out."""
    return [item for item in as_list(value) if is_object(item)]


def pick(source: Mapping[str, Any], camel: str) -> Any:
    """Read a field that may be spelled `camelCase` or `snake_case`; `None` when absent.

    Google's API accepts both, as every protocol-buffer JSON mapping does.
    """
    if camel in source:
        return source[camel]
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel)
    return source.get(snake)
