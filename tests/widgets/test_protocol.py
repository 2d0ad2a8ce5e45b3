"""Messages: both languages declare the same ones."""

import dataclasses
import re
import types
import typing
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from mirascope_nb.widgets import protocol
from mirascope_nb.widgets.protocol import StopMessage, refused

TYPESCRIPT = Path(__file__).parents[2] / "labextension" / "src" / "protocol.ts"


def test_a_refusal_names_the_request() -> None:
    assert refused(StopMessage(id="card", request="r1"), "too late") == {
        "kind": "refused",
        "id": "card",
        "request": "r1",
        "reason": "too late",
    }


# -- the two declarations ------------------------------------------------------------------------


def typescript_interfaces(source: str) -> dict[str, dict[str, str]]:
    """Every interface of the file: its fields and their types, in one spelling."""
    found: dict[str, dict[str, str]] = {}
    for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", source, re.DOTALL):
        fields = re.findall(r"^  (\w+): (.+);$", body, re.MULTILINE)
        assert len(fields) == len(body.split("\n")), f"{name} is not in the regular form"
        found[name] = {field: spelled(kind) for field, kind in fields}
    return found


def typescript_unions(source: str) -> dict[str, set[str]]:
    """Every union of literal strings."""
    return {
        name: set(re.findall(r'"(\w+)"', body))
        for name, body in re.findall(r"export type (\w+) =([^;]*);", source)
        if re.fullmatch(r'[\s|"\w]*', body) and '"' in body
    }


def spelled(kind: str) -> str:
    kind = re.sub(r"\{ \[\w+: string\]: unknown \}", "object", kind)
    return " | ".join(sorted(part.strip() for part in kind.split("|")))


NAMES = {str: "string", int: "number", float: "number", bool: "boolean", Any: "unknown"}


def python_type(kind: Any) -> str:
    """A type of the protocol as TypeScript spells it."""
    for union in ("CardPhase", "CardFormat", "ToolPhase", "ProgressPhase", "Block", "Op"):
        if kind == getattr(protocol, union):
            return union
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(sorted({python_type(argument) for argument in arguments}))
    if origin is Literal:
        return " | ".join(sorted(f'"{argument}"' for argument in arguments))
    if kind is type(None):
        return "null"
    if kind in NAMES:
        return NAMES[kind]
    if origin is dict:
        return "object"
    if origin is list:
        return f"{python_type(arguments[0])}[]"
    if origin is tuple:
        return f"[{', '.join(python_type(argument) for argument in arguments)}]"
    return str(kind.__name__)


def python_interfaces() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    kinds: dict[Any, str] = {
        made: kind
        for table in (protocol.CARD_REQUESTS, protocol.PROGRESS_REQUESTS)
        for kind, made in table.items()
    }
    for name, made in cast("dict[str, Any]", vars(protocol)).items():
        if getattr(made, "__module__", None) != protocol.__name__:
            continue
        if not (dataclasses.is_dataclass(made) or typing.is_typeddict(made)):
            continue
        fields = {field: python_type(kind) for field, kind in get_type_hints(made).items()}
        if made in kinds:
            fields["kind"] = f'"{kinds[made]}"'
        found[name] = fields
    del found["BrowserMessage"]
    return found


def test_typescript_declares_the_same_messages() -> None:
    source = TYPESCRIPT.read_text(encoding="utf-8")
    assert typescript_interfaces(source) == python_interfaces()


def test_typescript_declares_the_same_states() -> None:
    unions = typescript_unions(TYPESCRIPT.read_text(encoding="utf-8"))
    for name in ("CardPhase", "CardFormat", "ToolPhase", "ProgressPhase"):
        assert unions[name] == set(get_args(getattr(protocol, name)))


def test_typescript_declares_the_same_operations() -> None:
    source = TYPESCRIPT.read_text(encoding="utf-8")
    for name in ("BlockOp", "AppendOp", "SetOp", "CardOp"):
        declared = re.search(rf"export type {name} = \[(.*)\];", source)
        assert declared is not None
        written = [spelled(part) for part in re.split(r", (?![^{]*\})", declared[1])]
        written = [re.sub(r"\{ .* \}", "object", part) for part in written]
        assert written == [python_type(part) for part in get_args(getattr(protocol, name))]
