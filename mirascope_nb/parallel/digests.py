"""The digest that a journal knows a row by; pure.

It covers what the reply depends on: the messages, the model and its params, the tools and the
format's schema. The same digest in another process means that the same would be asked.
"""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import TypeAdapter

from mirascope_nb import llm
from mirascope_nb.parallel.canonical import canonical
from mirascope_nb.parallel.rows import Row
from mirascope_nb.parallel.sources import describe_function
from mirascope_nb.parallel.targets import Asked, FunctionTarget, Target

__all__ = ["describe_target", "row_digest"]


def describe_target(target: Target) -> str:
    """What all rows of a map have in common, as canonical JSON."""
    if isinstance(target, FunctionTarget):
        chosen = llm.model_from_context()
        return canonical(
            {
                "function": [target.name, describe_function(target.fn)],
                "model": None if chosen is None else [chosen.model_id, dict(chosen.params)],
            }
        )
    return canonical(
        {
            "model": target.model.model_id,
            "params": dict(target.model.params),
            "tools": [
                {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
                if hasattr(tool, "parameters")
                else tool
                for tool in target.tools
            ],
            "format": _schema(target.format),
        }
    )


def row_digest(common: str, row: Row, asked: Asked | None) -> str:
    """The digest of one row, 64 hexadecimal digits.

    Raises:
        UntoldError: If its arguments cannot be told from others.
    """
    what = {"args": row.args, "kwargs": row.kwargs} if asked is None else list(asked.messages)
    text = f"{common}\0{canonical(what)}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _schema(format: Any) -> Any:
    if format is None:
        return None
    formattable = getattr(format, "formattable", format)
    try:
        return {
            "mode": getattr(format, "mode", None),
            "schema": TypeAdapter(formattable).json_schema(),
        }
    except Exception:  # noqa: BLE001, an output parser is a function and has no schema
        told = getattr(formattable, "formatting_instructions", None)
        return [describe_function(formattable), told() if callable(told) else None]
