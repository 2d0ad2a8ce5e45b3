"""What a model is told about a tool: its name, its description and its parameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, cast

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from typing_extensions import TypedDict, TypeVar

from mirascope_nb.llm.tools.docstrings import parameter_descriptions
from mirascope_nb.llm.tools.signatures import Signature, tool_signature

if TYPE_CHECKING:
    from mirascope_nb.llm.content import ToolCall

__all__ = ["FORMAT_TOOL_NAME", "ToolFnT", "ToolParameterSchema", "ToolSchema"]

FORMAT_TOOL_NAME = "__mirascope_formatted_output_tool__"
"""Name of the tool by which a model hands in structured output."""

ToolFnT = TypeVar("ToolFnT", bound=Callable[..., Any], covariant=True, default=Callable[..., Any])  # noqa: PLC0105
"""The type of the function behind a tool."""


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


class ToolSchema(Generic[ToolFnT]):
    """A tool as a model sees it, and the function behind it.

    Two schemas are equal when the model would see the same and the function is the same.
    """

    takes_context: ClassVar[bool] = False
    """Whether the function's first parameter is the context."""

    fn: ToolFnT
    name: str
    description: str
    parameters: ToolParameterSchema
    strict: bool | None
    """Whether arguments must follow the schema exactly; `None`: as far as the provider can."""

    def __init__(
        self,
        fn: ToolFnT,
        name: str,
        description: str,
        parameters: ToolParameterSchema,
        *,
        strict: bool | None = None,
    ) -> None:
        self.fn = fn
        self.name = name
        self.description = description
        self.parameters = parameters
        self.strict = strict

    @classmethod
    def from_function(
        cls,
        fn: ToolFnT,  # pyright: ignore[reportGeneralTypeIssues], it is what the class is made of
        *,
        strict: bool | None = None,
        is_context_tool: bool = False,
    ) -> ToolSchema[ToolFnT]:
        """The schema of a function: its name, its docstring, its annotated parameters.

        Args:
            fn: The function. Parameters are described by `Annotated[..., Field(description=...)]`
                or by the docstring, in the Google, NumPy, reST or epydoc style.
            strict: As the attribute.
            is_context_tool: Whether the first parameter is the context, which models never see.

        Raises:
            ValueError: If the function's name is reserved.
            pydantic.errors.PydanticUserError: If an annotation has no JSON schema.
        """
        name = fn.__name__
        if name.startswith(FORMAT_TOOL_NAME):
            raise ValueError(f"'{name}' is a reserved name: tools may not begin with it")
        return cls(
            fn,
            name,
            inspect.cleandoc(fn.__doc__) if fn.__doc__ else name,
            _parameter_schema(
                tool_signature(fn, is_context_tool=is_context_tool), parameter_descriptions(fn)
            ),
            strict=strict,
        )

    @functools.cached_property
    def argument_adapter(self) -> TypeAdapter[dict[str, Any]] | None:
        """Reads a call's arguments as the types of the parameters; `None` if there are no types.

        It is made when first needed, as most tools that are offered are not called.
        """
        try:
            signature = tool_signature(self.fn, is_context_tool=self.takes_context)
        except ValueError:  # a built-in without a signature
            return None
        types = {each.name: each.type for each in signature.parameters if each.type is not Any}
        if not types:
            return None
        # Not total: what is missing or unexpected is for the function to judge.
        shape: Any = TypedDict(self.name, types, total=False)  # pyright: ignore[reportArgumentType]
        shape.__pydantic_config__ = ConfigDict(extra="allow")
        return TypeAdapter(shape)

    def can_execute(self, tool_call: ToolCall) -> bool:
        """Whether a call is meant for this tool, which its name alone decides."""
        return tool_call.name == self.name

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ToolSchema):
            return NotImplemented
        schema = cast("ToolSchema[Any]", other)
        return self.fn == schema.fn and self._seen() == schema._seen()

    def __hash__(self) -> int:
        return hash(self._seen())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, strict={self.strict!r})"

    def _seen(self) -> tuple[str, str, bool | None, str]:
        parameters = self.parameters.model_dump_json(by_alias=True, exclude_none=True)
        return self.name, self.description, self.strict, parameters


class _SchemaGenerator(GenerateJsonSchema):
    # A default that JSON cannot hold is left out of the schema, and that is no news to anyone.
    ignored_warning_kinds: set[JsonSchemaWarningKind] = {  # noqa: RUF012, as the base declares it
        "skipped-choice",
        "non-serializable-default",
    }


def _parameter_schema(signature: Signature, descriptions: dict[str, str]) -> ToolParameterSchema:
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
