"""Model ids to providers."""

from typing import Any

import httpx2
import pytest

from mirascope_nb import llm
from mirascope_nb.llm import providers
from mirascope_nb.llm.providers import get_provider_for_model
from mirascope_nb.llm.providers.vendors import VENDORS


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in VENDORS.values():
        if vendor.key_env:
            monkeypatch.delenv(vendor.key_env, raising=False)


def test_the_longest_registered_scope_serves_an_id() -> None:
    everything = llm.register_provider("openai", "", api_key="a")
    claude = llm.register_provider("anthropic", "anthropic/claude-", api_key="b")
    opus = llm.register_provider("anthropic", ["anthropic/claude-opus"], api_key="c")
    assert get_provider_for_model("anthropic/claude-opus-4-1") is opus
    assert get_provider_for_model("anthropic/claude-haiku-4-5") is claude
    assert get_provider_for_model("anthropic/instant") is everything
    assert get_provider_for_model("anything at all") is everything


def test_a_scope_that_is_registered_again_is_replaced() -> None:
    llm.register_provider("openai", api_key="a")
    later = llm.register_provider("openai", api_key="b")
    assert get_provider_for_model("openai/gpt-4o") is later


def test_the_same_id_key_and_address_are_the_same_provider_until_a_reset() -> None:
    first = llm.register_provider("groq", api_key="a")
    assert llm.register_provider("groq", api_key="a") is first
    assert llm.register_provider("groq", api_key="b") is not first
    assert llm.register_provider("groq", api_key="a", base_url="http://127.0.0.1:9") is not first
    llm.reset_provider_registry()
    assert llm.register_provider("groq", api_key="a") is not first


def test_a_router_registered_without_a_scope_serves_nothing() -> None:
    provider = llm.register_provider("openrouter", api_key="a")
    assert provider.default_scope == []
    with pytest.raises(llm.NoRegisteredProviderError):
        get_provider_for_model("meta-llama/llama")


def test_an_unknown_provider_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(ValueError, match=r"Unknown provider: 'opnai'.*'openai'"):
        llm.register_provider("opnai")
    with pytest.raises(llm.NoRegisteredProviderError, match="opnai/gpt") as caught:
        get_provider_for_model("opnai/gpt")
    assert caught.value.model_id == "opnai/gpt"


@pytest.mark.parametrize(
    ("model_id", "variable", "kind"),
    [
        ("anthropic/claude-opus-4-1", "ANTHROPIC_API_KEY", "AnthropicProvider"),
        ("google/gemini-2.5-flash", "GOOGLE_API_KEY", "GoogleProvider"),
        ("openai/gpt-4o", "OPENAI_API_KEY", "OpenAIProvider"),
        ("openai/gpt-4o", "MIRASCOPE_API_KEY", "MirascopeProvider"),
        ("anthropic/claude-opus-4-1", "MIRASCOPE_API_KEY", "MirascopeProvider"),
        ("google/gemini-2.5-flash", "MIRASCOPE_API_KEY", "MirascopeProvider"),
        ("openrouter/openai/gpt-4o", "OPENROUTER_API_KEY", "OpenRouterProvider"),
        ("groq/m", "GROQ_API_KEY", "GroqProvider"),
        ("github/openai/gpt-4o", "GITHUB_TOKEN", "GitHubProvider"),
        ("ollama/gemma3", "UNNEEDED", "OllamaProvider"),
        ("mlx-community/m", "UNNEEDED", "MLXProvider"),
    ],
)
def test_a_known_provider_is_registered_when_it_is_first_used(
    model_id: str, variable: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "k")
    provider = get_provider_for_model(model_id)
    assert type(provider) is getattr(providers, kind)
    assert get_provider_for_model(model_id) is provider


def test_a_makers_own_key_comes_before_the_routers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRASCOPE_API_KEY", "k")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    assert get_provider_for_model("anthropic/claude-opus-4-1").id == "anthropic"
    assert get_provider_for_model("openai/gpt-4o").id == "mirascope"


@pytest.mark.parametrize("maker", ["anthropic", "google", "openai"])
def test_a_missing_key_names_both_ways_to_a_maker(maker: str) -> None:
    with pytest.raises(llm.MissingAPIKeyError) as caught:
        get_provider_for_model(f"{maker}/m")
    assert caught.value.provider_id == maker
    assert caught.value.env_var == f"{maker.upper()}_API_KEY"
    assert "MIRASCOPE_API_KEY" in str(caught.value)
    assert caught.value.env_var in str(caught.value)


def test_a_missing_key_of_a_service_without_a_second_way_names_one() -> None:
    with pytest.raises(llm.MissingAPIKeyError) as caught:
        get_provider_for_model("groq/m")
    assert str(caught.value) == (
        "No API key found for groq. Set the GROQ_API_KEY environment variable."
    )


def test_no_representation_shows_a_key(key: str) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(500))
    for name in providers.KNOWN_PROVIDER_IDS:
        provider = llm.register_provider(
            name, [], api_key=key, base_url="http://127.0.0.1:9", transport=transport
        )
        state: dict[str, Any] = vars(provider)
        assert key not in repr(provider) + repr(state) + repr(state["client"])
