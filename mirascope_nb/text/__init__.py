"""Untrusted text made fit to show: nothing hidden in it, nothing active in it."""

from mirascope_nb.text.escape import (
    escape_invisible,
    is_invisible,
    one_line,
    plain_text,
    printable,
    well_formed,
)
from mirascope_nb.text.neutralise import close_fence, code_fence, neutralise

__all__ = [
    "close_fence",
    "code_fence",
    "escape_invisible",
    "is_invisible",
    "neutralise",
    "one_line",
    "plain_text",
    "printable",
    "well_formed",
]
