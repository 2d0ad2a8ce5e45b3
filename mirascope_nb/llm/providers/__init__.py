"""Services that answer model requests."""

from mirascope_nb.llm.providers.base import BaseProvider, Provider, ProviderErrorMap, ProviderId
from mirascope_nb.llm.providers.classes import (
    OllamaProvider,
    OpenAICompletionsProvider,
    OpenAIProvider,
    OpenRouterProvider,
    SandboxProvider,
    TogetherProvider,
)
from mirascope_nb.llm.providers.registry import (
    KNOWN_PROVIDER_IDS,
    get_provider_for_model,
    register_provider,
    reset_provider_registry,
)

__all__ = [
    "KNOWN_PROVIDER_IDS",
    "BaseProvider",
    "OllamaProvider",
    "OpenAICompletionsProvider",
    "OpenAIProvider",
    "OpenRouterProvider",
    "Provider",
    "ProviderErrorMap",
    "ProviderId",
    "SandboxProvider",
    "TogetherProvider",
    "get_provider_for_model",
    "register_provider",
    "reset_provider_registry",
]
