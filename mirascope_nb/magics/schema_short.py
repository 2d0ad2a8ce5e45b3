"""Reads the shape of a reply from one line: `name, age int, tags list[str]`.

A field is `NAME [TYPE] [: DESCRIPTION]`; without a type it is a `str`. Types are those of the table
below, their generics (`list[str]`, `dict[str, int]`), unions (`int | None`), quoted alternatives
(`"low" | "high"`) and types of the user's. Within square brackets, as in `[name, age int]`, the
fields describe one of many. The line is parsed and looked up, never evaluated.
"""

import ast
import datetime as dt
import keyword
import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType, NoneType
from typing import Any, Final, Literal, get_args, get_origin

from IPython.core.error import UsageError
from pydantic import BaseModel, Field, create_model

from mirascope_nb.magics.nearest import did_you_mean

TYPES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "str": str,
        "string": str,
        "text": str,
        "int": int,
        "integer": int,
        "float": float,
        "number": float,
        "bool": bool,
        "boolean": bool,
        "list": list,
        "dict": dict,
        "set": set,
        "tuple": tuple,
        "date": dt.date,
        "datetime": dt.datetime,
        "time": dt.time,
        "decimal": Decimal,
        "None": NoneType,
    }
)
"""The words that stand for a type."""

_FIELD: Final = re.compile(
    r"\s*(?P<name>\S+?)(?:\s+(?P<type>[^:]+?))?\s*(?::\s*(?P<about>.*))?\s*$", re.DOTALL
)
_MODEL_NAME: Final = "Reply"


def schema_from_line(line: str, namespace: Mapping[str, Any]) -> Any:
    """The type that `--schema` asks for.

    Args:
        line: The name of a type of the user's, a type such as `list[str]`, or fields.
        namespace: Where names of types are looked up.

    Returns:
        A pydantic model class, a type, or an object that the user has under that name.

    Raises:
        UsageError: The line is neither.
    """
    line = line.strip()
    if (named := _named(line, namespace)) is not None:
        return named
    if not line:
        raise UsageError('--schema needs a type or fields such as "name, age int".')
    many = line.startswith("[") and line.endswith("]")
    fields = _split(line[1:-1] if many else line)
    if not many and len(fields) == 1 and (kind := _type(line, namespace)) is not None:
        return kind
    if len(fields) == 1 and re.match(r"[A-Z]\w*$", line):
        types = [name for name, value in namespace.items() if isinstance(value, type)]
        raise UsageError(
            f"--schema: there is no {line} among your variables.{did_you_mean(line, types)}"
        )
    model = _model(fields, namespace)
    return list[model] if many else model


def _named(name: str, namespace: Mapping[str, Any]) -> Any:
    """An object of the user's that `--schema NAME` or `--schema module.NAME` stands for."""
    root, *path = name.split(".")
    if root not in namespace or not all(part.isidentifier() for part in path):
        return None
    value = namespace[root]
    for part in path:
        value = getattr(value, part, None)
    # A Format and an output parser are known by what they can do.
    is_format = hasattr(value, "formatting_instructions") or hasattr(value, "formattable")
    if isinstance(value, type) or hasattr(value, "__origin__") or is_format:
        return value
    return None


def _model(fields: list[str], namespace: Mapping[str, Any]) -> type[BaseModel]:
    definitions: dict[str, Any] = {}
    for source in fields:
        name, kind, about = _field(source, namespace)
        if name in definitions:
            raise UsageError(f"--schema has the field {name} twice; keep one.")
        definitions[name] = (kind, Field(description=about))
    try:
        return create_model(_MODEL_NAME, **definitions)
    except Exception as error:
        raise UsageError(f"--schema cannot be used: {error}.") from error


def _field(source: str, namespace: Mapping[str, Any]) -> tuple[str, Any, str | None]:
    match = _FIELD.match(source)
    if match is None:
        raise UsageError("--schema has an empty field; write fields as NAME TYPE, with commas.")
    name, written, about = match["name"], match["type"], match["about"]
    if written is None and about is not None and (kind := _type(about, namespace)) is not None:
        # `age: int`, as in Python.
        written, about = about, None
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise UsageError(f"--schema: {name!a} is not a name for a field.")
    kind = str if written is None else _type(written, namespace)
    if kind is None:
        listed = [*TYPES, *(each for each, value in namespace.items() if isinstance(value, type))]
        raise UsageError(
            f"--schema: {written!a} is not a type.{did_you_mean(written or '', listed)} "
            "Types are str, int, float, bool, date, list[...], dict[...] and your own."
        )
    return name, kind, about or None


def _split(line: str) -> list[str]:
    """Cut at the commas and line ends that are in no bracket and no quotes."""
    fields: list[str] = []
    depth, quote, start = 0, "", 0
    for at, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign == '"' or (sign == "'" and not line[at - 1 : at].isalnum()):
            quote = sign
        elif sign in "[(":
            depth += 1
        elif sign in "])":
            depth -= 1
        elif sign in ",\n" and depth == 0:
            fields.append(line[start:at])
            start = at + 1
    fields.append(line[start:])
    return [field for field in fields if field.strip()]


def _type(source: str, namespace: Mapping[str, Any]) -> Any:
    """The type that an expression names, or `None`."""
    source = source.strip()
    optional = source.endswith("?")
    try:
        tree = ast.parse(source.removesuffix("?").strip(), mode="eval").body
        kind = _read(tree, namespace)
    except (SyntaxError, ValueError, TypeError, RecursionError):
        return None
    return kind | None if optional and kind is not None else kind


def _read(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            value = namespace.get(name)
            return value if isinstance(value, type) else TYPES[name] if name in TYPES else _none()
        case ast.Constant(value=None):
            return NoneType
        case ast.Constant(value=str() | int() | bool() as value):
            return Literal[value]
        case ast.Attribute(value=value, attr=name) if not name.startswith("_"):
            kind = getattr(_read_module(value, namespace), name, None)
            return kind if isinstance(kind, type) else _none()
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _either(_read(left, namespace), _read(right, namespace))
        case ast.Subscript(value=outer, slice=ast.Tuple(elts=inner)):
            return _read(outer, namespace)[tuple(_read(each, namespace) for each in inner)]
        case ast.Subscript(value=outer, slice=inner):
            return _read(outer, namespace)[_read(inner, namespace)]
        case ast.Constant() if node.value is Ellipsis:
            return Ellipsis
        case _:
            return _none()


def _either(left: Any, right: Any) -> Any:
    if get_origin(left) is Literal and get_origin(right) is Literal:
        return Literal[*get_args(left), *get_args(right)]  # one enumeration in the JSON schema
    return left | right


def _read_module(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    return namespace.get(node.id) if isinstance(node, ast.Name) else None


def _none() -> Any:
    raise ValueError("not a type")
