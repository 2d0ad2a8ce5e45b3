"""From a reply's text to a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import from_json

from mirascope_nb.llm.formatting.call_args import fill_from_call_args, takes_call_args
from mirascope_nb.llm.formatting.extract import extract_json
from mirascope_nb.llm.formatting.format import Format
from mirascope_nb.llm.formatting.partial_reader import parse_partial
from mirascope_nb.llm.formatting.types import FormatT

__all__ = ["parse_partial", "parse_text"]


def parse_text(
    format: Format[FormatT], text: str, call_args: Mapping[str, object] | None = None
) -> FormatT:
    """The value that a whole reply holds.

    Args:
        format: What to read; not an `OutputParser`, which reads a response itself.
        text: The reply. What stands around its first JSON object is passed over.
        call_args: Arguments of the call by name, for fields marked `FromCallArgs`.

    Raises:
        json.JSONDecodeError: If the text holds no whole JSON object.
        pydantic.ValidationError: If the object does not fit the format.
    """
    model = format.model
    body = extract_json(text)
    if takes_call_args(model):
        # Arguments are Python values, so the rest is validated as such, too.
        members = fill_from_call_args(model, from_json(body), call_args or {})
        value: Any = model.model_validate(members)
    else:
        value = model.model_validate_json(body)
    return cast("FormatT", value.output if format.is_wrapped else value)
