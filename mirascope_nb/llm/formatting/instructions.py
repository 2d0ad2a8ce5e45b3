"""What a model is told about the form of its answer, word for word."""

from __future__ import annotations

import json
from typing import Any

from mirascope_nb.llm.tools.schema import FORMAT_TOOL_NAME

__all__ = ["JSON_INSTRUCTIONS", "TOOL_INSTRUCTIONS", "json_instructions", "tool_description"]

TOOL_INSTRUCTIONS = (
    f"Always respond to the user's query using the {FORMAT_TOOL_NAME} tool for structured output."
)
"""For a format that is handed in as the arguments of a tool."""

JSON_INSTRUCTIONS = "Respond only with valid JSON that matches this exact schema:"
"""For a format that the provider does not enforce; the schema follows on the next line."""


def json_instructions(schema: dict[str, Any]) -> str:
    """The order to answer in JSON of a schema."""
    return f"{JSON_INSTRUCTIONS}\n{json.dumps(schema, indent=2)}"


def tool_description(name: str, description: str | None) -> str:
    """How the tool is described by which a model hands in a format."""
    order = f"Use this tool to extract data in {name} format for a final response."
    return order if description is None else f"{order}\n{description}"
