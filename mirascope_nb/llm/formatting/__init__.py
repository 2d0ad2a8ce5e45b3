"""Structured output: replies as models and types instead of text."""

import importlib
from typing import TYPE_CHECKING, Any

from mirascope_nb.llm.formatting.format import (
    Format,
    FormatSpec,
    check_format,
    format,
    format_name,
    resolve_format,
)
from mirascope_nb.llm.formatting.output_parser import (
    OutputParser,
    is_output_parser,
    output_parser,
)
from mirascope_nb.llm.formatting.primitives import (
    PrimitiveType,
    create_wrapper_model,
    is_primitive_type,
)
from mirascope_nb.llm.formatting.types import FormatT, FormattableT, FormattingMode

if TYPE_CHECKING:
    from mirascope_nb.llm.formatting.call_args import FromCallArgs
    from mirascope_nb.llm.formatting.partial import Partial

__all__ = [
    "Format",
    "FormatSpec",
    "FormatT",
    "FormattableT",
    "FormattingMode",
    "FromCallArgs",
    "OutputParser",
    "Partial",
    "PrimitiveType",
    "check_format",
    "create_wrapper_model",
    "format",
    "format_name",
    "is_output_parser",
    "is_primitive_type",
    "output_parser",
    "resolve_format",
]

# These need much of pydantic, which is imported when they are first used.
_LAZY = {
    "FromCallArgs": "mirascope_nb.llm.formatting.call_args",
    "Partial": "mirascope_nb.llm.formatting.partial",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
