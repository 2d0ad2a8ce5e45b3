"""Constraints that a schema can only describe, read as a model reads them.

Not every service has a keyword for everything, so clients write the rest at the end of a
description: `{minimum: 1, maxItems: 3}`, `Format: date`, or `One of: 1, 2`.
"""

import ast
import re
from contextlib import suppress
from typing import Any

from mirascope_nb.sandbox.jsonvalue import Object, as_text

_BRACES = re.compile(r"(?:^|\n)\{(.+)\}$", re.DOTALL)
_BETWEEN = re.compile(r", (?=[A-Za-z]+: )")
_FORMAT = re.compile(r"^Format: ([\w-]+)$", re.MULTILINE)
_ONE_OF = re.compile(r"^One of: (.+)$", re.MULTILINE)
_TEXTS = {"format", "pattern"}
_HEEDED = _TEXTS | {
    "additionalProperties",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "prefixItems",
    "uniqueItems",
}


def heeded(schema: Object) -> Object:
    """The schema with what its description adds; its own keywords win."""
    description = as_text(schema.get("description"))
    told: Object = {}
    if found := _BRACES.search(description):
        for member in _BETWEEN.split(found[1]):
            keyword, _, value = member.partition(": ")
            if keyword in _HEEDED:
                told[keyword] = value if keyword in _TEXTS else _literal(value)
    if found := _FORMAT.search(description):
        told["format"] = found[1]
    if found := _ONE_OF.search(description):
        told["enum"] = [_literal(value) for value in found[1].split(", ")]
    return told | schema


def _literal(written: str) -> Any:
    """A value as Python writes it; what is none is text."""
    with suppress(ValueError, SyntaxError):
        return ast.literal_eval(written)
    return written
