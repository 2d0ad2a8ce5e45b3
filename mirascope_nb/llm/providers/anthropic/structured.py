"""Structured outputs: when a request goes by them, and the schemas that they take.

Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from __future__ import annotations

import inspect
from typing import Any, cast

from pydantic import BaseModel

from mirascope_nb.llm.formatting import Format, FormattingMode, resolve_format
from mirascope_nb.llm.providers.anthropic.models import takes_structured_outputs
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.providers.encoding import (
    has_free_members,
    is_recursive,
    mapping,
    sequence,
    tool_parameters,
)
from mirascope_nb.llm.tools import ToolSchema

__all__ = [
    "adapted_schema",
    "can_be_enforced",
    "default_mode",
    "strict_tool_schema",
    "uses_structured_outputs",
]

_STRING_FORMATS = frozenset(
    {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"}
)
_KEPT = ("type", "enum", "const", "description", "title")
_UNIONS = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_MOST_MIN_ITEMS = 1


def uses_structured_outputs(request: Request) -> bool:
    """Whether the model can be held to a schema, and anything in the request asks for that."""
    if not takes_structured_outputs(request.model_name):
        return False
    if any(tool.strict is not False for tool in request.toolkit.tools_dict.values()):
        return True
    spec = request.format_spec
    if isinstance(spec, Format):
        return cast("Format[Any]", spec).mode == "strict"
    return inspect.isclass(spec) and issubclass(spec, BaseModel) and _is_enforceable(request)


def default_mode(request: Request) -> FormattingMode:
    """`strict` where the request goes by structured outputs and they take the schema, or `tool`."""
    return "strict" if uses_structured_outputs(request) and _is_enforceable(request) else "tool"


def can_be_enforced(schema: dict[str, Any]) -> bool:
    """Whether a reply can be held to a schema: objects must be closed, and end somewhere."""
    return not has_free_members(schema) and not is_recursive(schema)


def _is_enforceable(request: Request) -> bool:
    spec = cast("type[Any] | None", request.format_spec)
    form = request.format or resolve_format(spec, "strict")
    return form is not None and can_be_enforced(form.schema)


def strict_tool_schema(tool: ToolSchema[Any]) -> tuple[dict[str, Any], bool]:
    """A tool's parameters, and whether calls are held to them.

    Where the tool leaves that open, they are if its schema can be enforced.
    """
    parameters = tool_parameters(tool)
    strict = tool.strict
    if strict is None:
        strict = can_be_enforced(parameters)
    return (adapted_schema(parameters) if strict else parameters), strict


def adapted_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A copy of a JSON schema in what structured outputs understand.

    Objects are closed. A constraint that cannot be enforced is added to the description, where the
    model may read it.
    """
    adapted: dict[str, Any] = {}
    rest = dict(schema)
    if definitions := mapping(rest.pop("$defs", None)):
        adapted["$defs"] = {name: _adapted(each) for name, each in definitions.items()}
    if "$ref" in rest:
        return adapted | {"$ref": rest["$ref"]}
    for keyword in _KEPT:
        if rest.get(keyword) is not None:
            adapted[keyword] = rest.pop(keyword)
    for keyword, known in _UNIONS.items():
        if variants := sequence(rest.pop(keyword, None)):
            adapted[known] = [_adapted(each) for each in variants]
    _CONTENTS.get(adapted.get("type", ""), _nothing)(rest, adapted)
    if rest:
        hint = "{" + ", ".join(f"{keyword}: {value}" for keyword, value in rest.items()) + "}"
        description = adapted.get("description")
        adapted["description"] = f"{description}\n\n{hint}" if description else hint
    return adapted


def _object(rest: dict[str, Any], adapted: dict[str, Any]) -> None:
    properties = mapping(rest.pop("properties", None))
    adapted["properties"] = {name: _adapted(each) for name, each in properties.items()}
    adapted["additionalProperties"] = False
    rest.pop("additionalProperties", None)
    if "required" in rest:
        adapted["required"] = rest.pop("required")


def _array(rest: dict[str, Any], adapted: dict[str, Any]) -> None:
    if "items" in rest:
        adapted["items"] = _adapted(rest.pop("items"))
    if rest.get("minItems", _MOST_MIN_ITEMS + 1) <= _MOST_MIN_ITEMS:
        adapted["minItems"] = rest.pop("minItems")


def _string(rest: dict[str, Any], adapted: dict[str, Any]) -> None:
    if rest.get("format") in _STRING_FORMATS:
        adapted["format"] = rest.pop("format")


def _nothing(_rest: dict[str, Any], _adapted: dict[str, Any]) -> None:
    pass


_CONTENTS = {"array": _array, "object": _object, "string": _string}
"""What moves the members that only one type of value has."""


def _adapted(schema: object) -> object:
    """`True`, for anything at all, is a schema too."""
    return adapted_schema(mapping(cast("object", schema))) if isinstance(schema, dict) else schema
