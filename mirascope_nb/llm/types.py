"""Types that several modules speak of."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Jsonable: TypeAlias = (
    bool | int | float | str | Sequence["Jsonable"] | Mapping[str, "Jsonable"] | None
)
"""A value that `json.dumps` can write."""

__all__ = ["Jsonable"]
