"""Structured output: replies as models and types instead of text."""

from mirascope_nb.llm.formatting.call_args import FromCallArgs
from mirascope_nb.llm.formatting.format import Format, FormatSpec, format, resolve_format
from mirascope_nb.llm.formatting.output_parser import (
    OutputParser,
    is_output_parser,
    output_parser,
)
from mirascope_nb.llm.formatting.partial import Partial
from mirascope_nb.llm.formatting.primitives import (
    PrimitiveType,
    create_wrapper_model,
    is_primitive_type,
)
from mirascope_nb.llm.formatting.types import FormatT, FormattableT, FormattingMode

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
    "create_wrapper_model",
    "format",
    "is_output_parser",
    "is_primitive_type",
    "output_parser",
    "resolve_format",
]
