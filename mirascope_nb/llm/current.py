"""The model of the current context, behind `with llm.model(...)`. A leaf, so that nothing cycles.

Responses need a model to resume with, and models make responses. What breaks the circle is that
this module holds how to build a model, which `models` tells it once.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from mirascope_nb.llm.models import Model

__all__ = ["bind_model_class", "model_from_context", "use_model"]

entered_models: ContextVar[tuple[Model, ...]] = ContextVar("entered_models", default=())
"""The models whose `with` blocks this code runs in, the innermost last.

A tuple and no tokens: a task that is begun inside a block, or a thread, leaves its own.
"""
_model_class: list[type[Model]] = []


def bind_model_class(cls: type[Model]) -> None:
    """Tell what is built from an id and params."""
    _model_class[:] = [cls]


def model_from_context() -> Model | None:
    """The model whose `with` block this code runs in, or `None`."""
    entered = entered_models.get()
    return entered[-1] if entered else None


def use_model(model: str | Model, **params: Any) -> Model:
    """The context's model if there is one, else the given one, else a new one with this id.

    A context's model wins altogether: the arguments are then ignored.

    Args:
        model: A model, or an id such as `"openai/gpt-5-mini"`.
        **params: Params of a model that is built from an id.

    Raises:
        TypeError: If it is neither a model nor an id.
        ValueError: If the id does not name a provider.
    """
    current = model_from_context()
    if current is not None:
        return current
    cls = _model_class[0]
    return model if isinstance(model, cls) else cls(cast("str", model), **params)
