"""Types that several modules speak of."""

from collections.abc import Mapping, Sequence
from typing import Union

from typing_extensions import TypeAliasType

__all__ = ["Jsonable"]

# Named, so that pydantic can follow it into itself.
Jsonable = TypeAliasType(
    "Jsonable",
    Union[  # noqa: UP007, `|` does not take a name in quotes at run time
        bool, int, float, str, Sequence["Jsonable"], Mapping[str, "Jsonable"], None
    ],
)
"""A value that `json.dumps` can write."""
