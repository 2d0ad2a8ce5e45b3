"""JSON schemas as Gemini takes them by that name, for what OpenAPI's part of them cannot say.

That is an object with members of any name, as of `dict[str, int]`, and a definition that holds
itself. Every model takes such schemas, but not every keyword: the others are put into descriptions.
Beside a `$ref` stands nothing, and a circle of references needs a property that is not required.
Sources: https://ai.google.dev/api/generate-content#GenerationConfig,
https://blog.google/technology/developers/gemini-api-structured-outputs
"""

from __future__ import annotations

from typing import Any, cast

from mirascope_nb.llm.providers.encoding import (
    has_free_members,
    is_recursive,
    mapping,
    reference_name,
    references,
    referred,
    sequence,
)
from mirascope_nb.llm.providers.google.schemas import describe, listed_values, variants_of

__all__ = ["json_schema", "needs_json_schema"]

_KEPT = ("type", "title", "description", "minItems", "maxItems", "minimum", "maximum")
_UNDERSTOOD = frozenset(
    {
        *_KEPT,
        *("additionalProperties", "format", "items", "prefixItems", "properties", "required"),
        *("allOf", "anyOf", "oneOf", "const", "enum"),
        "discriminator",  # OpenAPI's; it tells the variants of a union apart by what they hold
    }
)
# https://ai.google.dev/gemini-api/docs/structured-output
_FORMATS = frozenset({"date", "date-time", "double", "float", "int32", "int64", "time"})


def needs_json_schema(schema: dict[str, Any]) -> bool:
    """Whether OpenAPI's part would lose what makes a value fit the schema."""
    return has_free_members(schema) or is_recursive(schema)


def json_schema(schema: dict[str, Any], *, is_ordered: bool) -> dict[str, Any]:
    """A schema in the keywords that the service understands.

    Args:
        schema: The schema, which is not changed.
        is_ordered: Whether properties are to be answered in their order.
    """
    return _Translation(schema, is_ordered=is_ordered).whole()


class _Translation:
    """One schema with its definitions."""

    def __init__(self, root: dict[str, Any], *, is_ordered: bool) -> None:
        self._definitions = mapping(root.get("$defs"))
        self._root = {key: value for key, value in root.items() if key != "$defs"}
        self._is_ordered = is_ordered
        self._reached = references(root)
        self._required = references(
            {"$defs": {name: _only_required(each) for name, each in self._definitions.items()}}
        )

    def whole(self) -> dict[str, Any]:
        root = self._root
        home = reference_name(root.get("$ref", ""))
        if home:  # a model that holds itself is only referred to
            rest = {key: value for key, value in root.items() if key != "$ref"}
            root = mapping(self._definitions.get(home)) | rest
        made = self._of(root, home)
        if self._definitions:
            made["$defs"] = {name: self._of(each, name) for name, each in self._definitions.items()}
        return made

    def _of(self, schema: object, home: str) -> dict[str, Any]:
        """A schema that is part of the definition `home`."""
        node = mapping(schema)
        if "$ref" in node:
            name = reference_name(node["$ref"])
            rest = {key: value for key, value in node.items() if key != "$ref"}
            if not rest or name in self._reached.get(name, ()):
                return {"$ref": f"#/$defs/{name}"}
            node = mapping(self._definitions.get(name)) | rest
            return self._of(node, home)
        made = {keyword: node[keyword] for keyword in _KEPT if node.get(keyword) is not None}
        if variants := variants_of(node):
            made["anyOf"] = [self._of(each, home) for each in variants]
        self._restrict(node, made)
        self._contain(node, made, home)
        rest = {
            key: value
            for key, value in node.items()
            if key not in _UNDERSTOOD and key[:1] != "$" and value is not None
        }
        if rest:
            describe(made, "{" + ", ".join(f"{key}: {value}" for key, value in rest.items()) + "}")
        return made

    def _restrict(self, node: dict[str, Any], made: dict[str, Any]) -> None:
        """Put in which values of a type are allowed."""
        if form := node.get("format"):
            if form in _FORMATS:
                made["format"] = form
            else:
                describe(made, f"Format: {form}")
        if values := listed_values(node):
            if any(
                isinstance(value, bool) or not isinstance(value, str | float | int)
                for value in values
            ):
                describe(made, "One of: " + ", ".join(map(str, values)))
            else:
                made["enum"] = values

    def _contain(self, node: dict[str, Any], made: dict[str, Any], home: str) -> None:
        """Put in what an object or an array consists of."""
        if properties := mapping(node.get("properties")):
            made["properties"] = {name: self._of(each, home) for name, each in properties.items()}
            if self._is_ordered and len(properties) > 1:
                made["propertyOrdering"] = list(properties)
        for name in sequence(node.get("required")):
            member = mapping(made.get("properties")).get(name)
            if self._goes_in_circles(properties.get(name), home):
                describe(mapping(member), "Required.")
            else:
                made.setdefault("required", []).append(name)
        free = node.get("additionalProperties")
        if free is not None:
            made["additionalProperties"] = (
                self._of(cast("object", free), home) if isinstance(free, dict) else free
            )
        if places := sequence(node.get("prefixItems")):
            made["prefixItems"] = [self._of(each, home) for each in places]
        if "items" in node:
            made["items"] = self._of(node["items"], home)

    def _goes_in_circles(self, schema: object, home: str) -> bool:
        """Whether a required property leads back to where it is by required properties alone."""
        return any(
            name == home or home in self._required.get(name, ())
            for name in referred(mapping(schema))
        )


def _only_required(schema: object) -> dict[str, Any]:
    node = mapping(schema)
    required = sequence(node.get("required"))
    properties = mapping(node.get("properties"))
    return node | {
        "properties": {name: properties[name] for name in required if name in properties}
    }
