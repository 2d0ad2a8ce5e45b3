"""Descriptions of parameters, read from docstrings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["parameter_descriptions"]

# What opens a list of parameters in the Google, NumPy, reST and epydoc styles. The parser takes
# some 20 ms to import, so it is imported only for a docstring that has such a list.
_PARAMETER_LIST = (
    r"^[ \t]*(?:(?:args|arguments|parameters|params|keyword args|keyword arguments|attributes"
    r"|other parameters|other args|other arguments|other params)[ \t]*:?[ \t]*$"
    r"|[:@](?:param|parameter|arg|argument|key|keyword|attribute)\b)"
)


def parameter_descriptions(fn: Callable[..., Any]) -> dict[str, str]:
    """The description of each parameter that a function's docstring describes.

    Any of the four common styles is understood: Google, NumPy, reST and epydoc.
    """
    text = fn.__doc__
    if not text or not re.search(_PARAMETER_LIST, text, re.IGNORECASE | re.MULTILINE):
        return {}
    import docstring_parser

    # The parser tries every style, so this never fails.
    return {
        parameter.arg_name.lstrip("*"): description
        for parameter in docstring_parser.parse(text).params
        if (description := (parameter.description or "").strip())
    }
