"""An MCP server's tool as one of ours."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from mirascope_nb.llm.exceptions import ToolExecutionError
from mirascope_nb.llm.tools import FORMAT_TOOL_NAME, AsyncTool, ToolParameterSchema

__all__ = ["MCPTool", "as_tool", "member", "names_for_models"]

CallTool: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[Any]]

# What every provider takes: OpenAI up to 64 of these characters, Google none but a letter or `_`
# at the beginning. A server may use dots and slashes too, and up to 128 characters.
_REFUSED = re.compile(r"[^A-Za-z0-9_-]")
_FIRST = re.compile(r"[A-Za-z_]")
_MOST_OF_A_NAME = 64
_HASHED = 8


def member(value: object, name: str, default: Any = None) -> Any:
    """A member of one of the SDK's models: `is_error` in version 2, `isError` in version 1."""
    head, *rest = name.split("_")
    for spelled in (name, head + "".join(map(str.capitalize, rest))):
        if hasattr(value, spelled):
            return getattr(value, spelled)
    return default


class MCPTool(AsyncTool[..., list[dict[str, Any]]]):
    """A tool that runs on an MCP server. Each call has to be approved.

    Its result is the list of the contents that the server answered with, as JSON values.
    """

    @functools.cached_property
    def signature_text(self) -> str:
        """The parameters as the server describes them, such as `(city: string, days?: integer)`."""
        required = self.parameters.required
        shown = [
            f"{name}{'' if name in required else '?'}: {_kind(schema)}"
            for name, schema in self.parameters.properties.items()
        ]
        return f"({', '.join(shown)})"


def names_for_models(names: Sequence[str]) -> list[str]:
    """Names that every provider takes, in place of a server's own; most are as they were.

    Those that have to be changed stay as distinct as they were.
    """
    taken = set(names)
    return [_name_for_models(name, taken) for name in names]


def _name_for_models(name: str, taken: set[str]) -> str:
    plain = _REFUSED.sub("_", name)
    if not _FIRST.match(plain):
        plain = f"_{plain}"
    if len(plain) > _MOST_OF_A_NAME or (plain != name and plain in taken):
        digest = hashlib.sha256(name.encode()).hexdigest()[:_HASHED]
        plain = f"{plain[: _MOST_OF_A_NAME - _HASHED - 1]}_{digest}"
    taken.add(plain)
    return plain


def as_tool(described: Any, name: str, call_tool: CallTool) -> MCPTool:
    """The tool that a server describes.

    Args:
        described: An item of the server's list of tools.
        name: What models are to call it.
        call_tool: Runs a tool on the server, by the server's own name of it.

    Raises:
        ValueError: If the name is reserved.
    """
    if name.startswith(FORMAT_TOOL_NAME):
        raise ValueError(f"The MCP server offers a tool with the reserved name '{name}'")
    schema = _with_defs(member(described, "input_schema") or {})

    async def call(**arguments: Any) -> list[dict[str, Any]]:
        return _contents(await call_tool(described.name, arguments), tool.max_output)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = described.description or name
    tool = MCPTool(
        call,
        name,
        described.description or name,
        ToolParameterSchema.model_validate(
            {
                "properties": schema.get("properties") or {},
                "required": schema.get("required") or [],
                "additionalProperties": schema.get("additionalProperties", False),
                "$defs": schema.get("$defs"),
            }
        ),
        strict=False,
        requires_approval=True,
    )
    return tool


def _with_defs(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with its definitions where JSON Schema has had them since 2019."""
    if not isinstance(definitions := schema.get("definitions"), dict):
        return schema
    moved = {key: value for key, value in schema.items() if key != "definitions"}
    moved["$defs"] = {**cast("dict[str, Any]", definitions), **(schema.get("$defs") or {})}
    return cast("Mapping[str, Any]", _pointing_to_defs(moved))


def _pointing_to_defs(value: Any) -> Any:
    if isinstance(value, list):
        return [_pointing_to_defs(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    pointing = {key: _pointing_to_defs(each) for key, each in cast("dict[str, Any]", value).items()}
    if isinstance(reference := pointing.get("$ref"), str):
        pointing["$ref"] = re.sub(r"^#/definitions/", "#/$defs/", reference)
    return pointing


def _kind(schema: object) -> str:
    kind = cast("dict[str, object]", schema).get("type") if isinstance(schema, dict) else None
    return kind if isinstance(kind, str) else "any"


def _contents(result: Any, max_output: int | None) -> list[dict[str, Any]]:
    """The contents of a result, cut off where together they exceed the cap.

    Raises:
        ToolExecutionError: If the result is an error, with what the server says of it.
    """
    contents: list[dict[str, Any]] = [each.model_dump(mode="json") for each in result.content]
    structured = member(result, "structured_content")
    if not contents and structured is not None:
        # A server should send it as text too; some do not.
        contents = [{"type": "text", "text": json.dumps(structured, ensure_ascii=False)}]
    left = max_output
    for content in contents:
        resource: Any = content.get("resource")
        left = _cap(content if resource is None else resource, left)
    if member(result, "is_error") is True:
        texts = [str(content["text"]) for content in contents if content.get("text")]
        raise ToolExecutionError("\n".join(texts) or "The MCP server's tool failed.")
    return contents


def _cap(content: dict[str, Any], left: int | None) -> int | None:
    """Cut a content off at what is left of the cap, and return what is left then.

    Of a text the beginning stays. Of an image or another file a part is of no use.
    """
    if left is None:
        return None
    for name in ("text", "data", "blob"):
        value = content.get(name)
        if not isinstance(value, str):
            continue
        if len(value) > left:
            kept = value[:left] if name == "text" else ""
            marker = f"[truncated: {len(value) - len(kept)} more characters]"
            content[name] = f"{kept}\n{marker}" if kept else marker
        left = max(0, left - len(value))
    return left
