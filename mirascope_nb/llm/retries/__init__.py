"""Retries: one loop, ours, on only where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirascope_nb.llm.models import Model

__all__ = ["RetryFailure"]


@dataclass(kw_only=True)
class RetryFailure:
    """An attempt that failed, and the model that it asked."""

    model: Model
    exception: Exception
