"""The provider classes: each a row of the vendor table under its public name."""

from mirascope_nb.llm.providers.wire import WireProvider

__all__ = [
    "PROVIDER_CLASSES",
    "OllamaProvider",
    "OpenAICompletionsProvider",
    "OpenAIProvider",
    "OpenRouterProvider",
    "SandboxProvider",
    "TogetherProvider",
]


class _OpenAI(WireProvider):
    """What OpenAI's providers share."""

    def model_name(self, model_id: str) -> str:
        """The segments after the first slash, without the suffix that chooses the API."""
        name = model_id.partition("/")[2] or model_id
        return name.removesuffix(":completions").removesuffix(":responses")


class OpenAIProvider(_OpenAI, vendor="openai"):
    """OpenAI, by the API that suits the request."""


class OpenAICompletionsProvider(_OpenAI, vendor="openai:completions"):
    """OpenAI's chat completions."""


class SandboxProvider(WireProvider, vendor="sandbox"):
    """The built-in offline simulator. It is not a language model."""


class OllamaProvider(WireProvider, vendor="ollama"):
    """Models on this machine, by Ollama."""


class OpenRouterProvider(WireProvider, vendor="openrouter"):
    """Models of many services, by OpenRouter."""


class TogetherProvider(WireProvider, vendor="together"):
    """Open models, by Together."""


PROVIDER_CLASSES: dict[str, type[WireProvider]] = {
    cls.id: cls
    for cls in (
        OllamaProvider,
        OpenAICompletionsProvider,
        OpenAIProvider,
        OpenRouterProvider,
        SandboxProvider,
        TogetherProvider,
    )
}
"""Provider classes by id."""
