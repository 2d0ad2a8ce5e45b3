"""The parameters of a tool as JSON schema.

Apart from `schema`, because a pydantic model costs more to define than the rest of the core costs
to import: it is defined when the first tool is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from typing_extensions import TypedDict

from mirascope_nb.llm.tools.docstrings import parameter_descriptions
from mirascope_nb.llm.tools.signatures import tool_signature

__all__ = ["ToolParameterSchema", "argument_adapter", "parameter_schema"]


class ToolParameterSchema(BaseModel):
    """JSON schema of a tool's parameters, which are always an object."""

    properties: dict[str, Any] = Field(default_factory=dict)
    """Schema of each parameter, in the order of the signature."""

    required: list[str] = Field(default_factory=list)
    """Names of the parameters that have no default."""

    additionalProperties: bool | dict[str, Any] = False  # noqa: N815, JSON schema's own name
    """Whether, or as what, the tool takes parameters that are not among the properties."""

    defs: dict[str, Any] | None = Field(
        default=None,
        validation_alias=AliasChoices("$defs", "defs"),
        serialization_alias="$defs",
    )
    """Schemas that the properties refer to; `None` when there are none."""


class _SchemaGenerator(GenerateJsonSchema):
    # A default that JSON cannot hold is left out of the schema without a warning.
    ignored_warning_kinds: set[JsonSchemaWarningKind] = {  # noqa: RUF012, as the base declares it
        "skipped-choice",
        "non-serializable-default",
    }


def parameter_schema(fn: Callable[..., Any], *, is_context_tool: bool) -> ToolParameterSchema:
    """The schema of a function's parameters, described as the function describes them."""
    signature = tool_signature(fn, is_context_tool=is_context_tool)
    descriptions = parameter_descriptions(fn)
    # Fields are numbered and the names are their aliases: a parameter may be called `schema` or
    # `_x` or `model_config`, which a pydantic field may not.
    fields: dict[str, Any] = {}
    for number, parameter in enumerate(signature.parameters):
        options: dict[str, Any] = {"alias": parameter.name}
        if parameter.description is None and parameter.name in descriptions:
            options["description"] = descriptions[parameter.name]
        if parameter.default is not inspect.Parameter.empty:
            options["default"] = parameter.default
        fields[f"p{number}"] = (parameter.type, Field(**options))
    model = create_model("__arguments__", **fields)
    schema = model.model_json_schema(schema_generator=_SchemaGenerator)
    return ToolParameterSchema(
        properties=schema.get("properties", {}),
        required=schema.get("required", []),
        additionalProperties=signature.takes_more,
        defs=schema.get("$defs"),
    )


def argument_adapter(
    fn: Callable[..., Any], name: str, *, is_context_tool: bool
) -> TypeAdapter[dict[str, Any]] | None:
    """Reads arguments as the types of a function's parameters; `None` if there are no types."""
    try:
        signature = tool_signature(fn, is_context_tool=is_context_tool)
    except ValueError:  # a built-in without a signature
        return None
    types = {each.name: each.type for each in signature.parameters if each.type is not Any}
    if not types:
        return None
    # Not total: what is missing or unexpected is for the function to judge.
    shape: Any = TypedDict(name, types, total=False)  # pyright: ignore[reportArgumentType]
    shape.__pydantic_config__ = ConfigDict(extra="allow")
    return TypeAdapter(shape)
