"""The magics `%%llm` and `%llm`, and what loads and unloads them.

`load` and `unload` are what `%load_ext mirascope_nb` and `%unload_ext mirascope_nb` call. Both
print nothing and may be called twice.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mirascope_nb.magics.loading import load, unload

__all__ = ["load", "unload"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from mirascope_nb.magics import loading

        return getattr(loading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
