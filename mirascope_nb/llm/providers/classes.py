"""The provider classes: each a row of the vendor table under its public name."""

from __future__ import annotations

from dataclasses import replace

from mirascope_nb.llm.providers.codec import Profile
from mirascope_nb.llm.providers.router import MirascopeProvider
from mirascope_nb.llm.providers.wire import OpenAINames, WireProvider

__all__ = [
    "PROVIDER_CLASSES",
    "APIRouteProvider",
    "AnthropicProvider",
    "AtlasCloudProvider",
    "AzureProvider",
    "BedrockProvider",
    "CerebrasProvider",
    "CheaperInferenceProvider",
    "DeepSeekProvider",
    "FireworksProvider",
    "GitHubProvider",
    "GoogleProvider",
    "GroqProvider",
    "HuggingFaceProvider",
    "LMStudioProvider",
    "LlamaCppProvider",
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
    "RequestyProvider",
    "SandboxProvider",
    "TogetherProvider",
    "VLLMProvider",
    "XAIProvider",
]


class AnthropicProvider(WireProvider, vendor="anthropic"):
    """Anthropic's messages."""


class GoogleProvider(WireProvider, vendor="google"):
    """Google's Gemini."""


class OpenAIProvider(OpenAINames, vendor="openai"):
    """OpenAI, by the API that suits the request."""


class OpenAICompletionsProvider(OpenAINames, vendor="openai:completions"):
    """OpenAI's chat completions."""


class OpenAIResponsesProvider(OpenAINames, vendor="openai:responses"):
    """OpenAI's responses."""


class OpenRouterProvider(WireProvider, vendor="openrouter"):
    """Models of many services, by OpenRouter."""


class TogetherProvider(WireProvider, vendor="together"):
    """Open models, by Together."""


class OllamaProvider(WireProvider, vendor="ollama"):
    """Models on this machine, by Ollama."""


class XAIProvider(WireProvider, vendor="xai"):
    """Grok, by xAI's responses API."""


class MLXProvider(WireProvider, vendor="mlx"):
    """Models of mlx-community on this machine, by a running `mlx_lm.server`."""


class MiniMaxProvider(WireProvider, vendor="minimax"):
    """Models of MiniMax."""


class RequestyProvider(WireProvider, vendor="requesty"):
    """Models of many services, by Requesty."""


class AtlasCloudProvider(WireProvider, vendor="atlascloud"):
    """Models of many services, by AtlasCloud."""


class APIRouteProvider(WireProvider, vendor="api-route"):
    """Models of many services, by API Route."""


class CheaperInferenceProvider(WireProvider, vendor="cheaperinference"):
    """Models of many services, by CheaperInference."""


class AzureProvider(WireProvider, vendor="azure"):
    """Deployments of an Azure OpenAI resource.

    The address is the resource's own, `https://NAME.openai.azure.com`, or that of its `/openai/v1`,
    where deployments are named in the request and there are no versions.
    """

    def profile_at(self, address: str) -> Profile:
        """How the service differs, which depends on the generation of its API."""
        profile = super().profile_at(address)
        return replace(profile, path=None) if address.rstrip("/").endswith("/v1") else profile


class BedrockProvider(WireProvider, vendor="bedrock"):
    """Amazon Bedrock, by its OpenAI-compatible endpoint."""


class CerebrasProvider(WireProvider, vendor="cerebras"):
    """Models on Cerebras."""


class DeepSeekProvider(WireProvider, vendor="deepseek"):
    """Models of DeepSeek."""


class FireworksProvider(WireProvider, vendor="fireworks"):
    """Open models, by Fireworks."""


class GitHubProvider(WireProvider, vendor="github"):
    """GitHub Models."""


class GroqProvider(WireProvider, vendor="groq"):
    """Models on Groq."""


class HuggingFaceProvider(WireProvider, vendor="huggingface"):
    """Open models, by Hugging Face's router."""


class LlamaCppProvider(WireProvider, vendor="llamacpp"):
    """Models on this machine, by llama.cpp's `llama-server`."""


class LMStudioProvider(WireProvider, vendor="lmstudio"):
    """Models on this machine, by LM Studio."""


class MistralProvider(WireProvider, vendor="mistral"):
    """Models of Mistral."""


class NVIDIAProvider(WireProvider, vendor="nvidia"):
    """Models on NVIDIA's API catalogue."""


class PerplexityProvider(WireProvider, vendor="perplexity"):
    """Perplexity's Sonar, which searches the web by itself."""


class VLLMProvider(WireProvider, vendor="vllm"):
    """Models you serve yourself with vLLM."""


class SandboxProvider(WireProvider, vendor="sandbox"):
    """The built-in offline simulator. It is not a language model."""


PROVIDER_CLASSES: dict[str, type[WireProvider]] = {
    cls.vendor.id: cls
    for cls in tuple(globals().values())
    if isinstance(cls, type) and issubclass(cls, WireProvider) and "vendor" in vars(cls)
}
"""Provider classes by id, but for the router's."""
