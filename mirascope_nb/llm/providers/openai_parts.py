"""What both of OpenAI's wire protocols say alike: media, tools, schemas, reasoning."""

from __future__ import annotations

import base64
from typing import Any

from mirascope_nb.llm.content import (
    Base64DocumentSource,
    Base64ImageSource,
    Image,
    TextDocumentSource,
)
from mirascope_nb.llm.formatting import Format
from mirascope_nb.llm.providers.codec import Profile, Request
from mirascope_nb.llm.providers.encoding import (
    closed_schema,
    has_free_members,
    mapping,
    refusal,
    sequence,
    subschemas,
    tool_parameters,
)
from mirascope_nb.llm.providers.openai_models import is_reasoning
from mirascope_nb.llm.tools import ToolSchema

__all__ = ["file_data", "image_url", "json_schema", "reasons", "tool_function"]


def image_url(image: Image) -> str:
    """An image's address, or the image itself as one."""
    source = image.source
    if isinstance(source, Base64ImageSource):
        return f"data:{source.mime_type};base64,{source.data}"
    return source.url


def file_data(source: Base64DocumentSource | TextDocumentSource) -> dict[str, str]:
    """A document as a file in the request."""
    if isinstance(source, Base64DocumentSource):
        encoded, filename = source.data, "document.pdf"
    else:
        encoded = base64.b64encode(source.data.encode()).decode("ascii")
        filename = "document.txt"
    return {"file_data": f"data:{source.media_type};base64,{encoded}", "filename": filename}


def tool_function(request: Request, tool: ToolSchema[Any]) -> dict[str, Any]:
    """A tool as a function: its name, what it does, what it takes.

    Where the tool leaves it open, its arguments are held to the schema if the schema allows that.

    Raises:
        FeatureNotSupportedError: If they have to be, and the schema does not allow it.
    """
    parameters = tool_parameters(tool)
    strict = tool.strict
    if strict is not False:
        can_be = parameters["additionalProperties"] is False and can_be_strict(parameters)
        if strict and not can_be:
            raise refusal(
                request,
                "strict tools",
                f"Provider '{request.provider_id}' enforces only schemas whose objects have named "
                "members and whose values all have a type. "
                f"Leave out strict=True of tool '{tool.name}'.",
            )
        strict = can_be
    if strict:
        parameters = strict_schema(parameters, request.profile)
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": parameters,
        "strict": strict,
    }


def json_schema(form: Format[Any], profile: Profile) -> dict[str, Any]:
    """A format as a schema that the reply is held to, if strict mode takes such a schema."""
    strict = can_be_strict(form.schema)
    schema: dict[str, Any] = {
        "name": _identifier(form.name),
        "schema": strict_schema(form.schema, profile) if strict else form.schema,
        "strict": strict,
    }
    if form.description:
        schema["description"] = form.description
    return schema


# https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
_FORMATS = frozenset(
    {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"}
)
_TYPING = frozenset({"$ref", "anyOf", "const", "enum", "oneOf", "type"})
_REFUSED = frozenset(
    {
        *("allOf", "contains", "dependentRequired", "dependentSchemas", "else", "if", "not"),
        *("maxProperties", "minProperties", "patternProperties", "propertyNames", "then"),
    }
)


def can_be_strict(schema: dict[str, Any]) -> bool:
    """Whether strict mode takes a schema: named members, and a type for every value."""
    return not has_free_members(schema) and all(_can_be_strict(node) for node in subschemas(schema))


def _can_be_strict(node: dict[str, Any]) -> bool:
    inner = [*mapping(node.get("properties")).values()]
    inner += [*sequence(node.get("anyOf")), *sequence(node.get("oneOf"))]
    if not all(inner) or _REFUSED & node.keys() or not _TYPING & node.keys():
        return False
    return node.get("type") != "array" or bool(mapping(_items(node)))


def _items(array: dict[str, Any]) -> object:
    """The schema of an array's items, also of a tuple's if they are alike; else `None`."""
    places = sequence(array.get("prefixItems"))
    if not places:
        return array.get("items")
    return places[0] if all(each == places[0] for each in places) else None


def strict_schema(schema: dict[str, Any], profile: Profile) -> dict[str, Any]:
    """A copy of a JSON schema, which can be strict, in the form that strict mode wants.

    Every object is closed, every property required, and a `$ref` stands alone: where pydantic puts
    a description beside one, what it refers to is put in its place. Variants are told apart without
    a discriminator, tuples of one type are arrays, and other formats than OpenAI's are described.
    """
    strict = closed_schema(schema, all_required=True)
    definitions = mapping(strict.get("$defs"))
    for node in subschemas(strict):
        target = definitions.get(str(node.get("$ref", "")).removeprefix("#/$defs/"))
        if target is not None and len(node) > 1:
            del node["$ref"]
            node.update(target | node)
        if not profile.strict_defaults:  # every property is required, so none can take effect
            node.pop("default", None)
        if "oneOf" in node:
            node["anyOf"] = node.pop("oneOf")
            node.pop("discriminator", None)
        if "prefixItems" in node:
            node["items"] = _items(node)
            del node["prefixItems"]
        node.pop("uniqueItems", None)  # what is read into a set may come twice
        if node.get("format") not in _FORMATS and (form := node.pop("format", None)):
            said = node.get("description")
            node["description"] = f"{said}\nFormat: {form}" if said else f"Format: {form}"
    return strict


def _identifier(name: str) -> str:
    """A format's name in the characters that the service allows: `list[Book]` is not one."""
    return "".join(
        each if each.isascii() and (each.isalnum() or each in "_-") else "_" for each in name
    )[:64]


def reasons(request: Request) -> bool:
    """Whether the model that is asked reasons."""
    profile = request.profile
    name = request.model_name
    if profile.reasoning is None or name.startswith(profile.reasoning_prefixes or ("\0",)):
        return is_reasoning(name.rpartition("/")[2])
    return profile.reasoning
