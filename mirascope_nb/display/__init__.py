"""What a cell's output holds: run records, mime bundles, rich representations. No widgets."""

from mirascope_nb.display.bundle import (
    Bundle,
    extract_code,
    reply_bundle,
    reply_markdown,
    reply_text,
)
from mirascope_nb.display.record import METADATA_KEY, MIME_TYPE, RunRecord, Timing
from mirascope_nb.display.reply import Failed, Reasoned, Reply, Said, Tokens, ToolRun

__all__ = [
    "METADATA_KEY",
    "MIME_TYPE",
    "Bundle",
    "Failed",
    "Reasoned",
    "Reply",
    "RunRecord",
    "Said",
    "Timing",
    "Tokens",
    "ToolRun",
    "extract_code",
    "reply_bundle",
    "reply_markdown",
    "reply_text",
]
