"""The four kinds of tool: faces over one `execute`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Generic,
    ParamSpec,
    Self,
    TypeAlias,
    TypeVar,
    cast,
    overload,
)

from mirascope_nb._loop import run_now
from mirascope_nb.llm.annotations import parameters_of
from mirascope_nb.llm.content import ToolCall, ToolOutput
from mirascope_nb.llm.context import Context
from mirascope_nb.llm.io import ASYNC, BLOCKING
from mirascope_nb.llm.tools.arguments import convert_arguments
from mirascope_nb.llm.tools.execution import execute
from mirascope_nb.llm.tools.schema import ToolFnT, ToolSchema
from mirascope_nb.llm.wrapping import Bindable, function_of, look_like

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from mirascope_nb.llm.tools.parameters import ToolParameterSchema

__all__ = [
    "DEFAULT_MAX_OUTPUT",
    "DEFAULT_TIMEOUT",
    "AnyTool",
    "AnyToolFn",
    "AnyToolSchema",
    "AsyncContextTool",
    "AsyncTool",
    "BaseTool",
    "ContextTool",
    "Tool",
]

P = ParamSpec("P")
BoundP = ParamSpec("BoundP")
"""What is left of `P` when `self` is bound."""
R = TypeVar("R")
DepsT = TypeVar("DepsT")  # without a default, which may not stand before `P`

DEFAULT_TIMEOUT = 60.0
DEFAULT_MAX_OUTPUT = 262_144


class BaseTool(ToolSchema[ToolFnT], Bindable):
    """A function that a model may call, and the description the model is given."""

    owners: tuple[type, ...] = ()
    """The classes that have the tool as a method: several where a class was made anew."""

    is_async: ClassVar[bool] = False
    takes_context: ClassVar[bool] = False

    requires_approval: bool
    """Whether a person or a policy must allow each call."""
    timeout: float | None
    """Seconds that a call may take, waiting for approval not included; `None` for no limit.

    It ends async tools, and gives up on sync tools of an async call. In a sync call a tool runs in
    the caller's own thread, where nothing can end it.
    """
    max_output: int | None
    """Characters of a text result sent to the model; the rest is cut off and marked."""

    def __init__(
        self,
        fn: ToolFnT,
        name: str,
        description: str,
        parameters: ToolParameterSchema,
        *,
        strict: bool | None = None,
        requires_approval: bool = False,
        timeout: float | None = DEFAULT_TIMEOUT,
        max_output: int | None = DEFAULT_MAX_OUTPUT,
    ) -> None:
        """Make a tool with this description for the model.

        Raises:
            TypeError: If the timeout or the cap is not a number.
            ValueError: If the timeout or the cap is not positive.
        """
        _check_limit("timeout", timeout, float)
        _check_limit("max_output", max_output, int)
        super().__init__(function_of(fn), name, description, parameters, strict=strict)
        self.requires_approval = requires_approval
        self.timeout = timeout
        self.max_output = max_output
        look_like(self, fn)

    def __set_name__(self, owner: type, name: str) -> None:
        self.owners = (*self.owners, owner)

    def bind(self, fn: Callable[..., Any], instance: object, owner: type | None) -> Self:
        """The tool of an instance."""
        bound = super().bind(fn, instance, owner)
        vars(bound).pop("needs_instance", None)
        return bound

    @functools.cached_property
    def needs_instance(self) -> bool:
        """Whether it is a method that is not yet bound to an instance."""
        if self._unbound is not None or isinstance(self.__wrapped__, staticmethod):
            return False
        try:
            first = next(iter(inspect.signature(self.fn).parameters), None)
        except (TypeError, ValueError, NameError):
            return False
        return first in {"self", "cls"}

    @functools.cached_property
    def argument_adapter(self) -> TypeAdapter[dict[str, Any]] | None:
        """As that of any schema; made once for all instances of a class."""
        if self._unbound is not None:
            return self._unbound.argument_adapter
        return super().argument_adapter

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "argument_adapter"}

    def __repr__(self) -> str:
        given = "" if self.strict is None else f", strict={self.strict}"
        asks = ", requires_approval=True" if self.requires_approval else ""
        return f"{type(self).__name__}({self.name}{given}{asks})"

    @functools.cached_property
    def signature_text(self) -> str:
        """The parameters as Python shows them, such as `(city: str, days: int = 1)`."""
        try:
            signature = inspect.signature(self.fn)
            parameters = parameters_of(self.fn)
        except (TypeError, ValueError):
            return "(...)"
        shown = [
            each.replace(annotation=_Verbatim(each.annotation))
            if isinstance(each.annotation, str)
            else each
            for each in parameters
            if not (self.takes_context and each.name == "ctx")
        ]
        return str(signature.replace(parameters=shown, return_annotation=inspect.Signature.empty))

    def check(self, arguments: dict[str, Any]) -> None:
        """Refuse arguments that the function could not be called with.

        Raises:
            ValueError: If a required one is missing.
            TypeError: If there is one that the function does not take.
        """
        missing = [name for name in self.parameters.required if name not in arguments]
        if missing:
            names = ", ".join(repr(name) for name in missing)
            raise ValueError(f"The arguments lack {names}.")
        try:
            signature = inspect.signature(self.fn)
        except (TypeError, ValueError):
            return  # a builtin that does not say; it refuses by itself
        signature.bind(*((None,) if self.takes_context else ()), **arguments)

    def convert(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """JSON values as the annotated Python types.

        Raises:
            ValueError: If a value does not fit its annotation.
        """
        return convert_arguments(self, arguments)


def _check_limit(name: str, limit: Any, kind: type[float]) -> None:
    if limit is None:
        return
    if isinstance(limit, bool) or not isinstance(limit, int | kind):
        what = "a number of seconds" if kind is float else "a number of characters"
        raise TypeError(f"A tool's {name} is {what}, or None for no limit, and not {limit!r}")
    if not limit > 0:
        raise ValueError(f"A tool's {name} must be positive, or None for no limit, not {limit!r}")


class _Verbatim:
    """An annotation that was written as a string, shown without its quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


class Tool(BaseTool[Callable[P, R]], Generic[P, R]):
    """A synchronous tool. Calling it calls the function."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: Tool[Concatenate[Any, BoundP], R], instance: object, owner: type | None = None, /
    ) -> Tool[BoundP, R]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The tool of an instance, as functions are methods."""
        return super().__get__(instance, owner)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself."""
        return self.fn(*args, **kwargs)

    def execute(self, tool_call: ToolCall) -> ToolOutput[R]:
        """Run a model's call. A failing tool gives an output with an error; nothing is raised."""
        return run_now(execute(self, BLOCKING, None, tool_call))


class AsyncTool(BaseTool[Callable[P, Awaitable[R]]], Generic[P, R]):
    """An asynchronous tool."""

    is_async = True

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: AsyncTool[Concatenate[Any, BoundP], R],
        instance: object,
        owner: type | None = None,
        /,
    ) -> AsyncTool[BoundP, R]: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        """The tool of an instance, as functions are methods."""
        return super().__get__(instance, owner)

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself."""
        return await self.fn(*args, **kwargs)

    async def execute(self, tool_call: ToolCall) -> ToolOutput[R]:
        """Run a model's call; see `Tool.execute`."""
        return await execute(self, ASYNC, None, tool_call)


class ContextTool(BaseTool[Callable[Concatenate[Context[DepsT], P], R]], Generic[DepsT, P, R]):
    """A synchronous tool that is given the call's context."""

    takes_context = True

    def __call__(self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself."""
        return self.fn(ctx, *args, **kwargs)

    def execute(self, ctx: Context[DepsT], tool_call: ToolCall) -> ToolOutput[R]:
        """Run a model's call; see `Tool.execute`."""
        return run_now(execute(self, BLOCKING, ctx, tool_call))


class AsyncContextTool(
    BaseTool[Callable[Concatenate[Context[DepsT], P], Awaitable[R]]], Generic[DepsT, P, R]
):
    """An asynchronous tool that is given the call's context."""

    is_async = True
    takes_context = True

    async def __call__(self, ctx: Context[DepsT], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself."""
        return await self.fn(ctx, *args, **kwargs)

    async def execute(self, ctx: Context[DepsT], tool_call: ToolCall) -> ToolOutput[R]:
        """Run a model's call; see `Tool.execute`."""
        return await execute(self, ASYNC, ctx, tool_call)


AnyToolFn: TypeAlias = Callable[..., Any]
AnyToolSchema: TypeAlias = ToolSchema[AnyToolFn]
AnyTool: TypeAlias = (
    Tool[..., Any]
    | AsyncTool[..., Any]
    | ContextTool[Any, ..., Any]
    | AsyncContextTool[Any, ..., Any]
)


def kind_of(*, is_async: bool, takes_context: bool) -> type[BaseTool[Any]]:
    """The class of tool for a function of this kind."""
    kinds: dict[tuple[bool, bool], type[BaseTool[Any]]] = {
        (False, False): cast("type[BaseTool[Any]]", Tool),
        (True, False): cast("type[BaseTool[Any]]", AsyncTool),
        (False, True): cast("type[BaseTool[Any]]", ContextTool),
        (True, True): cast("type[BaseTool[Any]]", AsyncContextTool),
    }
    return kinds[is_async, takes_context]
