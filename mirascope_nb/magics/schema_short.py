"""Reads the shape of a reply from one line: `name, age int, tags list[str]`.

A field is `NAME [TYPE] [: DESCRIPTION]`; without a type it is a `str`. Types are those of the table
below, their generics (`list[str]`, `dict[str, int]`), unions (`int | None`), quoted alternatives
(`"low" | "high"`), what `typing` calls these, and types of the user's. Fields within braces, as in
`author {name, born int}`, make a type of their own, and within square brackets a list of it. The
line is parsed and looked up, never evaluated.
"""

import ast
import datetime as dt
import keyword
import re
import warnings
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import reduce
from types import MappingProxyType, NoneType
from typing import Any, Final, Literal, get_args, get_origin

from IPython.core.error import UsageError
from pydantic import BaseModel, Field, create_model

from mirascope_nb.magics.nearest import did_you_mean
from mirascope_nb.magics.quoting import first_sentence, quoted

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
        "List": list,
        "dict": dict,
        "Dict": dict,
        "set": set,
        "Set": set,
        "tuple": tuple,
        "Tuple": tuple,
        "date": dt.date,
        "datetime": dt.datetime,
        "time": dt.time,
        "decimal": Decimal,
        "None": NoneType,
    }
)
"""The words that stand for a type."""

_NEEDED: Final = '--schema needs a type or fields such as "name, age int".'
_MODEL_NAME: Final = "Reply"
_ARITY: Final[Mapping[Any, int]] = MappingProxyType({list: 1, set: 1, dict: 2})
_OPENING: Final = frozenset("[({")
_CLOSING: Final = frozenset("])}")


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
        raise UsageError(_NEEDED)
    if (kind := _type(line, namespace)) is not None:
        return kind
    if re.match(r"[A-Z]\w*$", line):
        types = [name for name, value in namespace.items() if _is_type(value)]
        raise UsageError(
            f"--schema: there is no {line} among your variables.{did_you_mean(line, types)}"
        )
    return _model(line, namespace, _MODEL_NAME)


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
    return value if _is_type(value) or is_format else None


def _is_type(value: Any) -> bool:
    return isinstance(value, type) or get_origin(value) is not None


def _model(line: str, namespace: Mapping[str, Any], called: str) -> type[BaseModel]:
    """A model class of the fields in a line."""
    definitions: dict[str, Any] = {}
    for source in _cut(line, ",\n"):
        name, kind, about = _field(source, namespace)
        if name in definitions:
            raise UsageError(f"--schema has the field {name} twice; keep one.")
        definitions[name] = (kind, Field(description=about))
    if not definitions:
        raise UsageError(_NEEDED)
    try:
        with warnings.catch_warnings():
            # A field may well be called `schema` or `copy`, as a method of every model is.
            warnings.simplefilter("ignore", UserWarning)
            return create_model(called, **definitions)
    except Exception as error:
        raise UsageError(f"--schema cannot be used: {first_sentence(error)}.") from error


def _field(source: str, namespace: Mapping[str, Any]) -> tuple[str, Any, str | None]:
    head, *rest = _cut(source, ":") or [""]
    about = ":".join(rest).strip() or None
    name, *types = head.split(maxsplit=1) or [""]
    written = types[0].strip() if types else None
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise UsageError(f"--schema: {quoted(name)} is not a name for a field.")
    called = "".join(part.capitalize() for part in name.split("_"))
    if written is None:
        # `age: int`, as in Python; else what is behind the colon says what the text is about.
        kind = None if about is None else _type(about, namespace, called)
        return (name, str, about) if kind is None else (name, kind, None)
    kind = _type(written, namespace, called)
    if kind is None:
        raise UsageError(
            f"--schema: {quoted(written)} is not a type.{_meant(written, namespace)} "
            "Types are str, int, float, bool, date, list[...], dict[...] and your own."
        )
    return name, kind, about


def _meant(written: str, namespace: Mapping[str, Any]) -> str:
    """The nearest type to the first word of an expression that is none."""
    known = {*TYPES, *(name for name, value in namespace.items() if _is_type(value))}
    unknown = [word for word in re.findall(r"\w+", written) if word not in known]
    return did_you_mean(unknown[0], known) if unknown else ""


def _cut(line: str, marks: str) -> list[str]:
    """Cut at these signs where they are in no bracket and no quotes; empty pieces are left out."""
    pieces: list[str] = []
    depth, quote, start = 0, "", 0
    for at, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign == '"' or (sign == "'" and not line[at - 1 : at].isalnum()):
            quote = sign
        elif sign in _OPENING:
            depth += 1
        elif sign in _CLOSING:
            depth -= 1
        elif sign in marks and depth == 0:
            pieces.append(line[start:at])
            start = at + 1
    pieces.append(line[start:])
    return [piece for piece in pieces if piece.strip()]


def _type(source: str, namespace: Mapping[str, Any], called: str = _MODEL_NAME) -> Any:
    """The type that an expression names, or `None`.

    Args:
        source: An expression, or fields within braces or square brackets.
        namespace: Where names of types are looked up.
        called: The name of a class made from fields.
    """
    source = source.strip()
    if source.endswith("?"):
        kind = _type(source[:-1], namespace, called)
        return None if kind is None else kind | None
    inner = source[1:-1].strip()
    match source[:1], source[-1:]:
        case "{", "}":
            return _model(inner, namespace, called)
        case "[", "]":
            return list[_type(inner, namespace, called) or _model(inner, namespace, called)]
        case _:
            pass
    try:
        return _read(ast.parse(source, mode="eval").body, namespace)
    except (SyntaxError, ValueError, TypeError, RecursionError):
        return None


def _read(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            value = namespace.get(name)
            return value if _is_type(value) else TYPES[name] if name in TYPES else _none()
        case ast.Constant(value=None):
            return NoneType
        case ast.Constant(value=str() | int() | bool() as value):
            return Literal[value]
        case ast.Attribute(value=value, attr=name) if not name.startswith("_"):
            kind = getattr(_read_module(value, namespace), name, None)
            return kind if _is_type(kind) else _none()
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _either(_read(left, namespace), _read(right, namespace))
        case ast.Subscript(value=outer, slice=inner):
            inside = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return _parametrised(outer, [_read(each, namespace) for each in inside], namespace)
        case ast.Constant() if node.value is Ellipsis:
            return Ellipsis
        case _:
            return _none()


def _parametrised(outer: ast.expr, kinds: Sequence[Any], namespace: Mapping[str, Any]) -> Any:
    """What `outer[kinds]` means."""
    match outer:
        case ast.Name(id="Optional") if len(kinds) == 1:
            return kinds[0] | None
        case ast.Name(id="Union"):
            return reduce(_either, kinds)
        case ast.Name(id="Literal") if all(get_origin(kind) is Literal for kind in kinds):
            # Each value was read as an alternative of its own.
            return reduce(_either, kinds)
        case _:
            generic = _read(outer, namespace)
            if _ARITY.get(generic, len(kinds)) != len(kinds):
                return _none()
            return generic[tuple(kinds)]


def _either(left: Any, right: Any) -> Any:
    if get_origin(left) is Literal and get_origin(right) is Literal:
        return Literal[*get_args(left), *get_args(right)]  # one enumeration in the JSON schema
    return left | right


def _read_module(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    return namespace.get(node.id) if isinstance(node, ast.Name) else None


def _none() -> Any:
    raise ValueError("not a type")
