"""What every wire protocol encodes alike."""

from __future__ import annotations

import codecs
import copy
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, cast

from pydantic_core import PydanticSerializationError, from_json, to_json

from mirascope_nb.llm.content import ToolOutput
from mirascope_nb.llm.exceptions import FeatureNotSupportedError, ResponseValidationError
from mirascope_nb.llm.params import Params
from mirascope_nb.llm.providers.codec import Request
from mirascope_nb.llm.surrogates import may_hold_halves, well_formed_json
from mirascope_nb.llm.tools import ToolSchema
from mirascope_nb.llm.wire_json import parsed

__all__ = [
    "closed_schema",
    "dump",
    "has_free_members",
    "is_recursive",
    "load",
    "load_reply",
    "mapping",
    "reference_name",
    "references",
    "referred",
    "refusal",
    "sequence",
    "subschemas",
    "tool_parameters",
    "tool_result_text",
    "warn_unsupported",
]

logger = logging.getLogger("mirascope_nb.llm")


def dump(body: dict[str, Any]) -> bytes:
    """A request body as JSON. Half a surrogate pair, as in odd file names, becomes `?`."""
    try:
        return to_json(body)
    except PydanticSerializationError:
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def load(data: bytes, provider: str) -> dict[str, Any]:
    """A JSON object that a provider sent, perhaps with halves of characters in its strings.

    Raises:
        ResponseValidationError: If it is not one.
    """
    try:
        value = from_json(data)
    except ValueError:
        value = _odd_value(data, provider)
    if not isinstance(value, dict):
        raise ResponseValidationError(
            f"{provider} sent JSON that is not an object: "
            f"{data[:200].decode('utf-8', 'replace')!a}",
            provider,
        )
    return value  # pyright: ignore[reportUnknownVariableType], JSON's names are strings


def _odd_value(data: bytes, provider: str) -> Any:
    try:
        return parsed(data)
    except ValueError as error:
        shown = ascii(data[:200].decode("utf-8", "replace"))
        raise ResponseValidationError(
            f"{provider} sent what is not JSON: {shown}", provider, error
        ) from error


def load_reply(data: bytes, provider: str) -> dict[str, Any]:
    """A whole reply, a JSON object, in whose strings every character is whole.

    Raises:
        ResponseValidationError: If it is not one.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    value = load(data, provider)
    return well_formed_json(value) if may_hold_halves(data) else value


# Called for every event of every stream: a `cast` would be a call more.


def mapping(value: object) -> dict[str, Any]:
    """A JSON object, or an empty one for anything else: providers send null where nothing is."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def sequence(value: object) -> list[Any]:
    """A JSON array, or an empty one for anything else."""
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]


def tool_result_text(output: ToolOutput[Any]) -> str:
    """A tool's result as the text that a model reads."""
    result: object = output.result
    if isinstance(result, str):
        return result
    from pydantic import BaseModel  # which takes 0.05 s to import, and most calls have no tools

    if isinstance(result, BaseModel):
        return result.model_dump_json()
    try:
        return json.dumps(result)
    except (TypeError, ValueError, RecursionError):
        return str(result)


def tool_parameters(tool: ToolSchema[Any]) -> dict[str, Any]:
    """A tool's parameters as a JSON schema of an object."""
    return tool.parameters.model_dump(by_alias=True, exclude_none=True) | {"type": "object"}


def closed_schema(schema: dict[str, Any], *, all_required: bool) -> dict[str, Any]:
    """A copy of a JSON schema in which every object is closed to further properties.

    Args:
        schema: The schema, which is not changed.
        all_required: Whether to make every property required too, as OpenAI's strict mode wants
            (https://platform.openai.com/docs/guides/structured-outputs).
    """
    closed = copy.deepcopy(schema)
    for node in subschemas(closed):
        properties = node.get("properties")
        if node.get("type") == "object" or isinstance(properties, dict):
            node["additionalProperties"] = False
            if all_required and isinstance(properties, dict):
                node["required"] = list(cast("dict[str, Any]", properties))
    return closed


# Where a schema has further ones: https://json-schema.org/draft/2020-12/meta/applicator
_ONE = ("additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")


def subschemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A JSON schema and all schemas within, which may be changed meanwhile.

    Property names, and values such as defaults, may look like schemas but are not.
    """
    waiting: list[Any] = [schema]
    while waiting:
        node = mapping(waiting.pop())
        if node:
            waiting += [node.get(name) for name in _ONE]
            waiting += [each for name in _LISTS for each in sequence(node.get(name))]
            waiting += [each for name in _MAPS for each in mapping(node.get(name)).values()]
            yield node


def has_free_members(schema: dict[str, Any]) -> bool:
    """Whether an object in a schema has members of any name, as `dict[str, int]` has.

    Where objects must be closed no such schema can be said: what is left of it is an object that is
    always empty.
    """
    return any(_is_free(node) for node in subschemas(schema))


def _is_free(node: dict[str, Any]) -> bool:
    if node.get("properties"):
        return False
    bare = node.get("type") == "object" and "properties" not in node
    return node.get("additionalProperties", bare) is not False


def is_recursive(schema: dict[str, Any]) -> bool:
    """Whether a schema has a definition that holds itself, as that of a tree does."""
    return any(name in names for name, names in references(schema).items())


def references(schema: dict[str, Any]) -> dict[str, set[str]]:
    """The definitions that each definition of a schema needs, directly or by way of others."""
    definitions = mapping(schema.get("$defs"))
    reached = {name: referred(mapping(each)) for name, each in definitions.items()}
    for by_way in definitions:
        for names in reached.values():
            if by_way in names:
                names.update(reached[by_way])
    return reached


def referred(schema: dict[str, Any]) -> set[str]:
    """The names of the definitions that a schema refers to."""
    return {reference_name(node["$ref"]) for node in subschemas(schema) if "$ref" in node}


def reference_name(reference: object) -> str:
    """The definition's name in `#/$defs/Name`."""
    return str(reference).rpartition("/")[2]


def refusal(request: Request, feature: str, message: str) -> FeatureNotSupportedError:
    """The error for what a request wants and its protocol or model cannot express.

    Args:
        request: The request.
        feature: What it wants, in a few words.
        message: That, and what to do instead.
    """
    return FeatureNotSupportedError(feature, request.provider_id, request.model_id, message)


def warn_unsupported(request: Request, name: str, value: object, *, by_model: bool = False) -> None:
    """Say that a param is left out, and by whom it is not supported."""
    where = f"provider: {request.provider_id}"
    if by_model:
        where += f" with model_id: {request.model_id}"
    logger.warning("Skipping unsupported parameter: %s=%s (%s)", name, value, where)


def each_param(params: Params, handlers: dict[str, Callable[[Any], None]]) -> None:
    """Hand each param that is given to the function for it, in the order of the handlers."""
    for name, handle in handlers.items():
        value = cast("dict[str, Any]", params).get(name)
        if value is not None:
            handle(value)
