"""`@llm.tool`: a function becomes a tool of the kind that its signature tells."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, cast, overload

from mirascope_nb.llm.context import Context, takes_context
from mirascope_nb.llm.tools.schema import ToolSchema
from mirascope_nb.llm.tools.tool import (
    DEFAULT_MAX_OUTPUT,
    DEFAULT_TIMEOUT,
    AsyncContextTool,
    AsyncTool,
    ContextTool,
    Tool,
    kind_of,
)
from mirascope_nb.llm.wrapping import Method, function_of, is_async

__all__ = ["ToolDecorator", "tool"]

P = ParamSpec("P")
R = TypeVar("R")
OwnerT = TypeVar("OwnerT")
DepsT = TypeVar("DepsT")  # without a default, which may not stand before `P`


@dataclass(frozen=True, kw_only=True)
class ToolDecorator:
    """Makes tools with these settings."""

    strict: bool | None = None
    requires_approval: bool = False
    timeout: float | None = DEFAULT_TIMEOUT
    max_output: int | None = DEFAULT_MAX_OUTPUT

    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]  # the first that fits counts
        self, fn: Callable[Concatenate[Context[DepsT], P], Awaitable[R]]
    ) -> AsyncContextTool[DepsT, P, R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[Context[DepsT], P], R]
    ) -> ContextTool[DepsT, P, R]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[OwnerT, Context[DepsT], P], Awaitable[R]]
    ) -> Method[OwnerT, AsyncContextTool[DepsT, P, R]]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[OwnerT, Context[DepsT], P], R]
    ) -> Method[OwnerT, ContextTool[DepsT, P, R]]: ...
    @overload
    def __call__(self, fn: Callable[P, Awaitable[R]]) -> AsyncTool[P, R]: ...
    @overload
    def __call__(self, fn: Callable[P, R]) -> Tool[P, R]: ...
    def __call__(self, fn: Callable[..., Any]) -> Any:
        """The tool that a function is."""
        plain = function_of(fn)
        context = takes_context(plain)
        schema = ToolSchema.from_function(plain, strict=self.strict, is_context_tool=context)
        kind = kind_of(is_async=is_async(plain), takes_context=context)
        return kind(
            fn,
            schema.name,
            schema.description,
            schema.parameters,
            strict=schema.strict,
            requires_approval=self.requires_approval,
            timeout=self.timeout,
            max_output=self.max_output,
        )


@overload
def tool(  # pyright: ignore[reportOverlappingOverload]  # the first that fits counts
    fn: Callable[Concatenate[Context[DepsT], P], Awaitable[R]], /
) -> AsyncContextTool[DepsT, P, R]: ...
@overload
def tool(fn: Callable[Concatenate[Context[DepsT], P], R], /) -> ContextTool[DepsT, P, R]: ...
@overload
def tool(
    fn: Callable[Concatenate[OwnerT, Context[DepsT], P], Awaitable[R]], /
) -> Method[OwnerT, AsyncContextTool[DepsT, P, R]]: ...
@overload
def tool(
    fn: Callable[Concatenate[OwnerT, Context[DepsT], P], R], /
) -> Method[OwnerT, ContextTool[DepsT, P, R]]: ...
@overload
def tool(fn: Callable[P, Awaitable[R]], /) -> AsyncTool[P, R]: ...
@overload
def tool(fn: Callable[P, R], /) -> Tool[P, R]: ...
@overload
def tool(
    *,
    strict: bool | None = None,
    requires_approval: bool = False,
    timeout: float | None = DEFAULT_TIMEOUT,
    max_output: int | None = DEFAULT_MAX_OUTPUT,
) -> ToolDecorator: ...
def tool(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    strict: bool | None = None,
    requires_approval: bool = False,
    timeout: float | None = DEFAULT_TIMEOUT,
    max_output: int | None = DEFAULT_MAX_OUTPUT,
) -> Any:
    """Turn a function into a tool that models may call.

    A coroutine function becomes an async tool; a first parameter `ctx: llm.Context[...]` makes it a
    context tool. The name, the docstring and the annotated parameters are what a model is told.

    Args:
        fn: The function, when used without parentheses.
        strict: Whether the provider must enforce the schema; `None` to enforce it where possible.
        requires_approval: Whether a person or a policy must allow each call.
        timeout: Seconds that a call may take; `None` for no limit.
        max_output: The most characters of a text result to send to the model; `None` for no limit.

    Raises:
        ValueError: If the function has no name, as a lambda, or a reserved one, or a limit is not
            positive.
        TypeError: If a limit is not a number, or a parameter is positional-only.
        NameError: If an annotation names something that does not exist.
        pydantic.errors.PydanticSchemaGenerationError: If a parameter's type has no JSON schema.
    """
    decorator = ToolDecorator(
        strict=strict,
        requires_approval=requires_approval,
        timeout=timeout,
        max_output=max_output,
    )
    return decorator if fn is None else cast("Callable[[Any], Any]", decorator)(fn)
