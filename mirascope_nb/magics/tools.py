"""The tools among a user's variables: what `-t` takes, and what is listed and completed."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from IPython.core.error import UsageError

from mirascope_nb.magics.nearest import did_you_mean
from mirascope_nb.magics.quoting import first_sentence, quoted

_LONGEST: Final = 100
"""A list with more items is data, and is not searched for tools."""


def find_tools(words: Iterable[str], namespace: Mapping[str, Any]) -> tuple[Any, ...]:
    """The tools that some `-t` ask for, in the order given.

    Args:
        words: Names, or attributes such as `kit.search`; several with commas between.
        namespace: The user's variables.

    Raises:
        UsageError: A name is none, stands for no tool, or two tools are called the same.
    """
    tools: list[Any] = []
    for name in (name for word in words for name in word.split(",") if name):
        tools += _flatten(name, _look_up(name, namespace))
    seen: set[str] = set()
    for tool in tools:
        if tool.name in seen:
            raise UsageError(f"-t: there are two tools called {tool.name}; keep one.")
        seen.add(tool.name)
    return tuple(tools)


def tools_in(value: Any) -> list[Any]:
    """The tools that a variable is or holds; none for anything that was not made to be one."""
    if isinstance(value, list | tuple):
        items = cast("list[Any]", value)
        some = items if len(items) <= _LONGEST else []
        return [tool for item in some for tool in _held(item) or ()]
    return _held(value) or []


def _held(value: Any) -> list[Any] | None:
    """A tool alone, or those of a toolkit; `None` for what is neither."""
    if isinstance(getattr(value, "tools_dict", None), Mapping):
        return list(value.tools)
    return [value] if hasattr(value, "parameters") and hasattr(value, "execute") else None


def _look_up(name: str, namespace: Mapping[str, Any]) -> Any:
    root, *path = name.split(".")
    if root not in namespace:
        if name == "web_search":
            from mirascope_nb import llm

            return llm.WebSearchTool()
        near = [each for each in namespace if not each.startswith("_")]
        raise UsageError(
            f"-t {quoted(name)} is not among your variables.{did_you_mean(name, near)} "
            "Define it with @llm.tool first."
        )
    value = namespace[root]
    for part in path:
        value = getattr(value, part, None) if not part.startswith("_") else None
    return value


def _flatten(name: str, value: Any) -> list[Any]:
    """The tools that a value stands for: itself, its items, or those of a toolkit."""
    if isinstance(value, list | tuple | set | frozenset):
        items = cast("Iterable[Any]", value)
        return [tool for item in items for tool in _flatten(name, item)]
    if (held := _held(value)) is not None:
        return held
    from mirascope_nb import llm

    if isinstance(value, llm.ProviderTool):
        return [value]
    if callable(value) and not isinstance(value, type) and hasattr(value, "__name__"):
        return [_as_tool(name, value)]
    raise UsageError(
        f"-t {quoted(name)} is neither a tool, a list of tools nor a toolkit; "
        "make one with @llm.tool."
    )


def _as_tool(name: str, function: Any) -> Any:
    from mirascope_nb import llm

    try:
        return cast("Any", llm.tool(function))
    except Exception as error:
        raise UsageError(f"-t {quoted(name)} cannot be a tool: {first_sentence(error)}.") from error
