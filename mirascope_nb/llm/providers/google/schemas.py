"""JSON schemas in the form that Gemini takes: a part of OpenAPI's.

Definitions stand where they are referred to, types are in capitals, and of the keywords only those
that the service knows are left. Names of several words are written with underscores, which its
JSON takes as well as capitals inside. What cannot be said so is for `json_schemas`.
Source: https://ai.google.dev/api/caching#Schema
"""

from __future__ import annotations

from typing import Any, cast

from mirascope_nb.llm.providers.encoding import mapping, reference_name, sequence

__all__ = ["describe", "format_schema", "listed_values", "tool_schema", "variants_of"]

_KEYWORDS = {
    "default": "default",
    "description": "description",
    "example": "example",
    "format": "format",
    "maxItems": "max_items",
    "maxLength": "max_length",
    "maxProperties": "max_properties",
    "maximum": "maximum",
    "minItems": "min_items",
    "minLength": "min_length",
    "minProperties": "min_properties",
    "minimum": "minimum",
    "nullable": "nullable",
    "pattern": "pattern",
    "required": "required",
    "title": "title",
}
# What it has no keyword for is put into the description, where the model may read it.
_DESCRIBED = (
    "additionalProperties",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "multipleOf",
    "prefixItems",
    "uniqueItems",
)
# Any other is refused: "only 'enum' and 'date-time' are supported for STRING type". See
# https://github.com/google-gemini/gemini-cli/issues/3178
_FORMATS = frozenset({"date-time", "double", "enum", "float", "int32", "int64"})


def format_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a format, whose properties are to be answered in their order."""
    return _Translation(schema, is_ordered=True).of(schema)


def tool_schema(parameters: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a tool's parameters; `None` if it has none, which the service wants told so."""
    if not parameters.get("properties"):
        return None
    return _Translation(parameters, is_ordered=False).of(parameters)


class _Translation:
    """One schema with its definitions."""

    def __init__(self, root: dict[str, Any], *, is_ordered: bool) -> None:
        self._definitions = mapping(root.get("$defs"))
        self._is_ordered = is_ordered

    def of(self, schema: dict[str, Any]) -> dict[str, Any]:
        name = reference_name(schema.get("$ref", ""))
        if not name:
            return self._translated(schema)
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return self.of(mapping(self._definitions.get(name)) | rest)

    def _translated(self, schema: dict[str, Any]) -> dict[str, Any]:
        schema = _without_type_lists(schema)
        variants = variants_of(schema)
        if self._is_ordered and {"type": "null"} in variants:
            others = [each for each in variants if each != {"type": "null"}]
            rest = {key: value for key, value in schema.items() if key not in _UNIONS}
            if len(others) == 1:
                return self.of(others[0] | rest | {"nullable": True})
            schema, variants = rest | {"nullable": True}, others
        translated = {
            known: schema[keyword]
            for keyword, known in _KEYWORDS.items()
            if schema.get(keyword) is not None
        }
        if translated.get("format") not in _FORMATS and (form := translated.pop("format", None)):
            describe(translated, f"Format: {form}")
        if variants:
            return translated | {"any_of": [self.of(each) for each in variants]}
        kind = schema.get("type")
        if isinstance(kind, str):
            translated["type"] = kind.upper()
        _enumerate(schema, translated)
        rest = {key: schema.get(key) for key in _DESCRIBED}
        told = [
            f"{key}: {self._described(value)}"
            for key, value in rest.items()
            if value is not None and value is not False
        ]
        if told:
            describe(translated, "{" + ", ".join(told) + "}")
        self._contain(schema, translated)
        return translated

    def _described(self, value: Any) -> Any:
        """A keyword's value for a description, without references to what is not sent."""
        if isinstance(value, list):
            return [self._described(each) for each in sequence(cast("object", value))]
        return self.of(mapping(cast("object", value))) if isinstance(value, dict) else value

    def _contain(self, schema: dict[str, Any], translated: dict[str, Any]) -> None:
        """Put in what an object or an array consists of."""
        properties = mapping(schema.get("properties"))
        if properties:
            translated["properties"] = {
                name: self.of(mapping(each)) for name, each in properties.items()
            }
            if self._is_ordered and len(properties) > 1:
                translated["property_ordering"] = list(properties)
        places = [self.of(mapping(each)) for each in sequence(schema.get("prefixItems"))]
        if places:  # a tuple, whose places cannot be told apart
            kinds = [each for number, each in enumerate(places) if each not in places[:number]]
            translated["items"] = kinds[0] if len(kinds) == 1 else {"any_of": kinds}
        elif "items" in schema:
            translated["items"] = self.of(mapping(schema["items"]))


_UNIONS = ("anyOf", "oneOf", "allOf")


def variants_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of a union, or an empty list if it is not a union."""
    for keyword in _UNIONS:
        if variants := sequence(schema.get(keyword)):
            return [mapping(each) for each in variants]
    return []


def _without_type_lists(schema: dict[str, Any]) -> dict[str, Any]:
    """`{"type": ["string", "null"]}` as the union that it is."""
    kinds = sequence(schema.get("type"))
    if not kinds:
        return schema
    rest = {key: value for key, value in schema.items() if key != "type"}
    if len(kinds) == 1:
        return rest | {"type": kinds[0]}
    return rest | {"anyOf": [{"type": each} for each in kinds]}


def listed_values(schema: dict[str, Any]) -> list[Any]:
    """The values that alone are allowed; none where others are."""
    return sequence(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])


def _enumerate(schema: dict[str, Any], translated: dict[str, Any]) -> None:
    """Put in the values that are allowed: strings may be listed, others only be described."""
    values = listed_values(schema)
    if not values:
        return
    if all(isinstance(value, str) for value in values):
        translated["enum"] = values
        return
    describe(translated, "One of: " + ", ".join(map(str, values)))


def describe(translated: dict[str, Any], hint: str) -> None:
    """Put what the service has no keyword for where the model may read it."""
    description = translated.get("description")
    translated["description"] = f"{description}\n{hint}" if description else hint
