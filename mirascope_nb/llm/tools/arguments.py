"""Tool call arguments: from the model's text to Python values, and back to canonical text.

A model's text may be anything. What is read here is either an object that JSON defines, with every
name once and every number finite, or a `ValueError` that says what is wrong with it, for the model.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, cast

if TYPE_CHECKING:
    from mirascope_nb.llm.tools.schema import ToolSchema

__all__ = ["canonical_json", "convert_arguments", "decode_arguments"]


def decode_arguments(text: str) -> dict[str, Any]:
    """The object that a model wrote as the arguments of a call. Blank text is an empty one.

    Raises:
        ValueError: If the text is not one JSON object, is cut off, names something twice, holds
            NaN or an infinite number, or nests some 200 deep.
    """
    if not text.strip():
        return {}
    from pydantic_core import from_json

    # Twice over a short text: this parser bounds the depth, and the next one sees every name.
    try:
        from_json(text.encode(), allow_inf_nan=False)
    except UnicodeEncodeError:
        raise ValueError("The arguments hold half of a surrogate pair.") from None
    except ValueError as error:
        raise _unreadable(error) from None
    value = json.loads(
        text,
        object_pairs_hook=_object,
        parse_float=_finite,
        parse_constant=_refuse_constant,
    )
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004, the text is at fault, not a type in the program
            f"The arguments must be a JSON object, not {_KINDS[type(cast('object', value))]}."
        )
    return cast("dict[str, Any]", value)


def convert_arguments(tool: ToolSchema[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values as the Python types that a tool's parameters are annotated with.

    Values without an annotated parameter pass through as they are, and parameters without a value
    are left to their defaults, so that the function itself accepts or refuses them.

    Args:
        tool: The tool, whose function's annotations say the types.
        arguments: Values as `json.loads` makes them.

    Raises:
        pydantic.ValidationError: If values do not fit; it names each such parameter.
    """
    adapter = tool.argument_adapter
    if adapter is None or not arguments:
        return dict(arguments)
    # As JSON, because pydantic reads a date or a tuple from JSON where from Python, in strict
    # mode, it wants one already.
    return adapter.validate_json(json.dumps(arguments))


def canonical_json(value: object) -> str:
    """A JSON text that equal values share: names sorted, nothing between tokens.

    Raises:
        ValueError: If the value holds NaN or an infinite number.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


_KINDS: dict[type, str] = {
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"The arguments name {json.dumps(name)} twice in one object.")
            seen.add(name)
    return value


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"The arguments hold a number that is too large: {text[:40]}")
    return number


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"The arguments hold {text}, which is not JSON.")


def _unreadable(error: ValueError) -> ValueError:
    reason = str(error)
    if reason.startswith("EOF"):
        return ValueError(f"The arguments are cut off: {reason}.")
    if reason.startswith("recursion limit"):
        return ValueError("The arguments nest too deep.")
    return ValueError(f"The arguments are not valid JSON: {reason}.")
