"""A call's arguments as a person reads them: in the order in which the tool takes them.

What is digested, compared and run is canonical JSON, whose names are sorted. Nobody has to read it
that way: `delete_rows(table, where, limit)` is asked about in that order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

__all__ = ["in_signature_order"]


def in_signature_order(arguments: str, parameters: Mapping[str, Any]) -> str:
    """The same JSON object, its members in the order of a schema's properties.

    Args:
        arguments: Canonical JSON; anything that is no object is returned as it is.
        parameters: The tool's JSON schema. What it does not name comes last.
    """
    try:
        values = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    properties: object = parameters.get("properties")
    if not isinstance(values, dict) or not isinstance(properties, Mapping):
        return arguments
    given = cast("dict[str, Any]", values)
    order = [name for name in cast("Mapping[str, Any]", properties) if name in given]
    ordered = {name: given[name] for name in [*order, *given]}
    return json.dumps(ordered, separators=(",", ":"), ensure_ascii=False)
