"""Tools that the provider runs itself."""

from dataclasses import dataclass

__all__ = ["ProviderTool", "WebSearchTool"]


@dataclass(frozen=True)
class ProviderTool:
    """A capability of the provider's own. It is offered to the model and never executed here."""

    name: str


@dataclass(frozen=True)
class WebSearchTool(ProviderTool):
    """Search on the web, run by the provider."""

    name: str = "web_search"
