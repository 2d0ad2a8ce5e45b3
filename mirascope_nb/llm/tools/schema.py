"""What a model is told about a tool: its name, its description and its parameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, cast

from typing_extensions import TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from mirascope_nb.llm.content import ToolCall
    from mirascope_nb.llm.tools.parameters import ToolParameterSchema

__all__ = ["FORMAT_TOOL_NAME", "ToolFnT", "ToolSchema"]

FORMAT_TOOL_NAME = "__mirascope_formatted_output_tool__"
"""Name of the tool by which a model hands in structured output."""

ToolFnT = TypeVar("ToolFnT", bound=Callable[..., Any], covariant=True, default=Callable[..., Any])  # noqa: PLC0105
"""The type of the function behind a tool."""


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
            ValueError: If the function's name is reserved, or it has none.
            TypeError: If it is not a function, if it is a generator, or if a parameter is
                positional-only.
            pydantic.errors.PydanticUserError: If an annotation has no JSON schema.
        """
        # What pydantic needs is imported when the first tool is made.
        from mirascope_nb.llm.tools.parameters import parameter_schema

        name = _name_of(fn)
        if name.startswith(FORMAT_TOOL_NAME):
            raise ValueError(f"'{name}' is a reserved name: tools may not begin with it")
        return cls(
            fn,
            name,
            inspect.cleandoc(fn.__doc__) if fn.__doc__ else name,
            parameter_schema(fn, is_context_tool=is_context_tool),
            strict=strict,
        )

    @functools.cached_property
    def argument_adapter(self) -> TypeAdapter[dict[str, Any]] | None:
        """Reads a call's arguments as the types of the parameters; `None` if there are no types.

        It is made when first needed, as most tools that are offered are not called.
        """
        from mirascope_nb.llm.tools.parameters import argument_adapter

        return argument_adapter(self.fn, self.name, is_context_tool=self.takes_context)

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


def _name_of(fn: Any) -> str:
    if not callable(fn):
        raise TypeError(f"A tool must be a function, not {fn!r}")
    name = getattr(fn, "__name__", None)
    if not isinstance(name, str) or not name.isidentifier():
        kind = "a lambda" if name == "<lambda>" else f"a {type(fn).__name__}"
        raise ValueError(
            f"A model calls a tool by its name, which {kind} lacks: write `def name(...)` instead"
        )
    if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
        raise TypeError(f"A tool returns its result, and '{name}' yields: collect and return it")
    return name
