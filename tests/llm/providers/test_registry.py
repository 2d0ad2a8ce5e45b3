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


def test_a_router_registered_with_a_key_serves_the_ids_that_begin_with_its_own() -> None:
    llm.register_provider("openrouter", api_key="a")
    latest = llm.register_provider("openrouter", "meta-llama/", api_key="b")
    assert get_provider_for_model("openrouter/meta-llama/llama") is latest
    with pytest.raises(llm.MissingAPIKeyError):
        get_provider_for_model("requesty/meta-llama/llama")


@pytest.mark.parametrize("settings", [{"api_key": "a"}, {"base_url": "http://x"}, {"timeout": 3}])
def test_settings_for_a_provider_that_is_already_built_are_refused(settings: Any) -> None:
    provider = providers.GroqProvider(api_key="a")
    with pytest.raises(TypeError, match="already built"):
        llm.register_provider(provider, "mine/", **settings)
    with pytest.raises(llm.NoRegisteredProviderError):
        get_provider_for_model("mine/m")


def test_an_unknown_provider_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(ValueError, match=r"Unknown provider: 'opnai'.*'openai'"):
        llm.register_provider("opnai")
    with pytest.raises(llm.NoRegisteredProviderError, match="opnai/gpt") as caught:
        get_provider_for_model("opnai/gpt")
    assert caught.value.model_id == "opnai/gpt"


@pytest.mark.parametrize(
    ("model_id", "meant"),
    [
        ("opnai/gpt-4o", "openai/gpt-4o"),
        ("OpenAI/gpt-4o", "openai/gpt-4o"),
        ("antropic/claude-opus-4-1", "anthropic/claude-opus-4-1"),
        ("gogle/gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("gemini/gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("openai:gpt-4o", "openai/gpt-4o"),
        ("opnai/gpt-4o:responses", "openai/gpt-4o:responses"),
        ("gpt-5-mini", "openai/gpt-5-mini"),
        ("o3", "openai/o3"),
        ("o4-mini", "openai/o4-mini"),
        ("claude-opus-4-1", "anthropic/claude-opus-4-1"),
        ("gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("grok-4", "xai/grok-4"),
        ("magistral-small", "mistral/magistral-small"),
        ("deepseek-chat", "deepseek/deepseek-chat"),
        ("sonar-pro", "perplexity/sonar-pro"),
        ("MiniMax-M2", "minimax/MiniMax-M2"),
    ],
)
def test_a_model_id_that_leads_nowhere_comes_with_the_one_that_was_meant(
    model_id: str, meant: str
) -> None:
    with pytest.raises(llm.NoRegisteredProviderError, match=f"Did you mean '{meant}'"):
        get_provider_for_model(model_id)


@pytest.mark.parametrize(
    ("model_id", "meant"),
    [
        ("gpt-5-nano", "openai/gpt-5-nano"),
        ("anthropic:claude-opus-4-1", "anthropic/claude-opus-4-1"),
        ("my-model", "openai/gpt-5-mini"),
    ],
)
def test_a_model_without_a_provider_is_refused_with_an_example(model_id: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"such as '{meant}'"):
        llm.Model(model_id)


@pytest.mark.parametrize("model_id", ["mirage/m", "my-own/m", "a/b", "o", "llama", "/", ""])
def test_no_model_id_is_made_up(model_id: str) -> None:
    with pytest.raises(llm.NoRegisteredProviderError) as caught:
        get_provider_for_model(model_id)
    assert "Did you mean" not in str(caught.value)
    assert "llm.register_provider()" in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "said"),
    [
        ("http://[bad", "Invalid IPv6 URL"),
        ("http://host:99999/v1", "Port out of range"),
        ("localhost:8000/v1", "write the whole URL"),
        ("host.example/v1", "write the whole URL"),
        ("ftp://host.example", "write the whole URL"),
        ("https://", "write the whole URL"),
        ("https://host example/v1", "write the whole URL"),
        ("https://host.example/v1?api-version=1", "leave out everything after the path"),
        ("https://host.example/v1#models", "leave out everything after the path"),
        ("https://host.example/v1/chat/completions", "leave out '/chat/completions'"),
        ("https://host.example/v1/responses/", "leave out '/responses'"),
        ("https://host.example/v1/messages", "leave out '/messages'"),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "ollama", "mirascope"])
def test_what_is_no_address_is_refused_at_once(provider: str, base_url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        llm.register_provider(provider, api_key="k", base_url=base_url)
    with pytest.raises(llm.MissingAPIKeyError):
        get_provider_for_model("openai/m")


def test_an_address_from_the_environment_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_BASE_URL", "my-machine:11434")
    with pytest.raises(ValueError, match="'my-machine:11434' is not an address for Ollama"):
        get_provider_for_model("ollama/m")
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://127.0.0.1:11434/v1/\n")
    provider: Any = get_provider_for_model("ollama/m")
    assert provider.client.base_url == "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"transport": httpx2.MockTransport}, "such as httpx2.MockTransport"),
        ({"transport": print}, "not builtins.builtin_function_or_method"),
        ({"base_url": 8000}, "has to be text, not int"),
        ({"api_key": 12345}, "api_key has to be text, not int"),
        ({"scope": 5}, "A scope is a prefix of model ids"),
        ({"scope": ["openai/", 5]}, "A scope is a prefix of model ids, not 5"),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "mirascope"])
def test_what_is_of_another_type_is_refused_at_once(
    provider: str, wrong: dict[str, Any], said: str
) -> None:
    asked: dict[str, Any] = {"api_key": "k"} | wrong
    with pytest.raises(TypeError, match=said) as caught:
        llm.register_provider(provider, **asked)
    assert "12345" not in str(caught.value)
    with pytest.raises(llm.MissingAPIKeyError):
        get_provider_for_model("openai/m")


@pytest.mark.parametrize("wrong", [None, 5, llm.providers.OpenAIProvider])
def test_what_is_no_provider_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="neither a provider id nor a provider"):
        llm.register_provider(wrong)


@pytest.mark.parametrize(
    ("model_id", "variable", "header"),
    [
        ("openai/gpt-4o", "OPENAI_API_KEY", "authorization"),
        ("groq/m", "GROQ_API_KEY", "authorization"),
        ("anthropic/claude-opus-4-1", "ANTHROPIC_API_KEY", "x-api-key"),
        ("anthropic/claude-opus-4-1", "MIRASCOPE_API_KEY", "x-api-key"),
    ],
)
def test_a_key_that_changes_in_the_environment_is_taken_up(
    model_id: str, variable: str, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers[header].removeprefix("Bearer "))
        return httpx2.Response(401)

    def ask() -> None:
        with pytest.raises(llm.AuthenticationError):
            llm.Model(model_id).call("Hello.")

    monkeypatch.setenv(variable, "first")
    vendor = "mirascope" if variable.startswith("MIRASCOPE") else model_id.partition("/")[0]
    transport = httpx2.MockTransport(answer)
    provider = llm.register_provider(vendor, transport=transport)
    ask()
    monkeypatch.setenv(variable, "second\n")
    ask()
    ask()
    monkeypatch.delenv(variable)
    ask()
    assert sent == ["first", "second", "second", "second"]
    assert "second" not in repr(provider) + repr(vars(provider))

    llm.register_provider(vendor, api_key="given", transport=transport)
    monkeypatch.setenv(variable, "third")
    ask()
    assert sent[-1] == "given"


def test_a_key_that_is_set_after_registration_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    llm.register_provider("openai", transport=httpx2.MockTransport(lambda _: httpx2.Response(404)))
    with pytest.raises(llm.MissingAPIKeyError):
        llm.Model("openai/gpt-4o").call("Hello.")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with pytest.raises(llm.NotFoundError):
        llm.Model("openai/gpt-4o").call("Hello.")


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
