"""Services that answer model requests."""

from typing import TYPE_CHECKING, Any

from mirascope_nb.llm.providers.base import BaseProvider, Provider, ProviderErrorMap, ProviderId
from mirascope_nb.llm.providers.classes import (
    AnthropicProvider,
    APIRouteProvider,
    AtlasCloudProvider,
    AzureProvider,
    BedrockProvider,
    CerebrasProvider,
    CheaperInferenceProvider,
    DeepSeekProvider,
    FireworksProvider,
    GitHubProvider,
    GoogleProvider,
    GroqProvider,
    HuggingFaceProvider,
    LlamaCppProvider,
    LMStudioProvider,
    MiniMaxProvider,
    MirascopeProvider,
    MistralProvider,
    MLXProvider,
    NVIDIAProvider,
    OllamaProvider,
    OpenAICompletionsProvider,
    OpenAIProvider,
    OpenAIResponsesProvider,
    OpenRouterProvider,
    PerplexityProvider,
    RequestyProvider,
    SandboxProvider,
    TogetherProvider,
    VLLMProvider,
    XAIProvider,
)
from mirascope_nb.llm.providers.instructions import add_instructions
from mirascope_nb.llm.providers.registry import (
    KNOWN_PROVIDER_IDS,
    get_provider_for_model,
    register_provider,
    reset_provider_registry,
)

if TYPE_CHECKING:
    from mirascope_nb.llm.providers.doctor import (
        Diagnosis,
        KeyState,
        LocalServer,
        diagnose,
        diagnose_async,
    )

__all__ = [
    "KNOWN_PROVIDER_IDS",
    "APIRouteProvider",
    "AnthropicProvider",
    "AtlasCloudProvider",
    "AzureProvider",
    "BaseProvider",
    "BedrockProvider",
    "CerebrasProvider",
    "CheaperInferenceProvider",
    "DeepSeekProvider",
    "Diagnosis",
    "FireworksProvider",
    "GitHubProvider",
    "GoogleProvider",
    "GroqProvider",
    "HuggingFaceProvider",
    "KeyState",
    "LMStudioProvider",
    "LlamaCppProvider",
    "LocalServer",
    "MLXProvider",
    "MiniMaxProvider",
    "MirascopeProvider",
    "MistralProvider",
    "NVIDIAProvider",
    "OllamaProvider",
    "OpenAICompletionsProvider",
    "OpenAIProvider",
    "OpenAIResponsesProvider",
    "OpenRouterProvider",
    "PerplexityProvider",
    "Provider",
    "ProviderErrorMap",
    "ProviderId",
    "RequestyProvider",
    "SandboxProvider",
    "TogetherProvider",
    "VLLMProvider",
    "XAIProvider",
    "add_instructions",
    "diagnose",
    "diagnose_async",
    "get_provider_for_model",
    "register_provider",
    "reset_provider_registry",
]


def __getattr__(name: str) -> Any:
    # Nobody asks what there is before there is trouble, and everybody imports this.
    if name in {"Diagnosis", "KeyState", "LocalServer", "diagnose", "diagnose_async"}:
        from mirascope_nb.llm.providers import doctor

        return getattr(doctor, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
