"""Every row of the vendor table: where it sends to, what it lets itself in with, what it sends."""

import re
from typing import Any

import httpx2
import pytest

from mirascope_nb import llm
from mirascope_nb.llm import providers
from mirascope_nb.llm.providers.classes import PROVIDER_CLASSES
from mirascope_nb.llm.providers.vendors import VENDORS, filled

AZURE = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com"}

# A vendor, the environment, and the address that a request for its model `m` goes to.
ADDRESSES: list[tuple[str, dict[str, str], str]] = [
    ("anthropic", {"ANTHROPIC_API_KEY": "k"}, "https://api.anthropic.com/v1/messages"),
    (
        "google",
        {"GOOGLE_API_KEY": "k"},
        "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
    ),
    ("openai", {"OPENAI_API_KEY": "k"}, "https://api.openai.com/v1/responses"),
    (
        "openai:completions",
        {"OPENAI_API_KEY": "k"},
        "https://api.openai.com/v1/chat/completions",
    ),
    ("openai:responses", {"OPENAI_API_KEY": "k"}, "https://api.openai.com/v1/responses"),
    (
        "openrouter",
        {"OPENROUTER_API_KEY": "k"},
        "https://openrouter.ai/api/v1/chat/completions",
    ),
    ("together", {"TOGETHER_API_KEY": "k"}, "https://api.together.xyz/v1/chat/completions"),
    ("ollama", {}, "http://localhost:11434/v1/chat/completions"),
    ("ollama", {"OLLAMA_BASE_URL": "http://b/v1/"}, "http://b/v1/chat/completions"),
    ("xai", {"XAI_API_KEY": "k"}, "https://api.x.ai/v1/responses"),
    ("mlx", {}, "http://localhost:8080/v1/chat/completions"),
    ("minimax", {"MINIMAX_API_KEY": "k"}, "https://api.minimax.io/v1/chat/completions"),
    (
        "requesty",
        {"REQUESTY_API_KEY": "k"},
        "https://router.requesty.ai/v1/chat/completions",
    ),
    (
        "atlascloud",
        {"ATLASCLOUD_API_KEY": "k"},
        "https://api.atlascloud.ai/v1/chat/completions",
    ),
    (
        "api-route",
        {"API_ROUTE_API_KEY": "k"},
        "https://global.api-route.com/v1/chat/completions",
    ),
    (
        "cheaperinference",
        {"CHEAPER_INFERENCE_API_KEY": "k"},
        "https://api.cheaperinference.com/v1/chat/completions",
    ),
    (
        "azure",
        AZURE,
        "https://r.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21",
    ),
    (
        "azure",
        AZURE | {"OPENAI_API_VERSION": "2025-04-01-preview"},
        (
            "https://r.openai.azure.com/openai/deployments/m/chat/completions"
            "?api-version=2025-04-01-preview"
        ),
    ),
    (
        "azure",
        AZURE | {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/openai/v1/"},
        "https://r.openai.azure.com/openai/v1/chat/completions",
    ),
    (
        "bedrock",
        {"AWS_BEARER_TOKEN_BEDROCK": "k"},
        "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/chat/completions",
    ),
    (
        "bedrock",
        {"AWS_BEARER_TOKEN_BEDROCK": "k", "AWS_DEFAULT_REGION": "eu-west-3"},
        "https://bedrock-runtime.eu-west-3.amazonaws.com/openai/v1/chat/completions",
    ),
    ("cerebras", {"CEREBRAS_API_KEY": "k"}, "https://api.cerebras.ai/v1/chat/completions"),
    ("deepseek", {"DEEPSEEK_API_KEY": "k"}, "https://api.deepseek.com/v1/chat/completions"),
    (
        "fireworks",
        {"FIREWORKS_API_KEY": "k"},
        "https://api.fireworks.ai/inference/v1/chat/completions",
    ),
    ("github", {"GITHUB_TOKEN": "k"}, "https://models.github.ai/inference/chat/completions"),
    ("groq", {"GROQ_API_KEY": "k"}, "https://api.groq.com/openai/v1/chat/completions"),
    ("huggingface", {"HF_TOKEN": "k"}, "https://router.huggingface.co/v1/chat/completions"),
    ("llamacpp", {}, "http://localhost:8080/v1/chat/completions"),
    ("lmstudio", {}, "http://localhost:1234/v1/chat/completions"),
    ("mistral", {"MISTRAL_API_KEY": "k"}, "https://api.mistral.ai/v1/chat/completions"),
    (
        "nvidia",
        {"NVIDIA_API_KEY": "k"},
        "https://integrate.api.nvidia.com/v1/chat/completions",
    ),
    ("perplexity", {"PERPLEXITY_API_KEY": "k"}, "https://api.perplexity.ai/chat/completions"),
    ("vllm", {}, "http://localhost:8000/v1/chat/completions"),
    ("vllm", {"VLLM_BASE_URL": "http://b/v1"}, "http://b/v1/chat/completions"),
]
# Those that let in by other headers than a bearer's.
HEADERS = {"anthropic": "x-api-key", "azure": "api-key", "google": "x-goog-api-key"}
ELSEWHERE = {"mirascope", "sandbox"}  # test_routers.py, and the simulator's own tests


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in VENDORS.values():
        for name in (vendor.key_env, vendor.base_url_env):
            if name:
                monkeypatch.delenv(name, raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "OPENAI_API_VERSION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("vendor", "environment", "address"), ADDRESSES)
def test_a_request_goes_to_the_vendors_address_with_its_key(
    vendor: str,
    environment: dict[str, str],
    address: str,
    recorder: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    provider = recorder.register(vendor)
    prefix = VENDORS[vendor].prefix or ""
    provider.call(model_id=f"{prefix}m", messages=[llm.messages.user("Hello.")])
    assert str(recorder.last.url) == address
    key = VENDORS[vendor].default_key or "k"
    header = HEADERS.get(vendor)
    if header:
        assert recorder.last.headers[header] == key
        assert "authorization" not in recorder.last.headers
    else:
        assert recorder.last.headers["authorization"] == f"Bearer {key}"
    assert recorder.body.get("model", "m") == "m"


@pytest.mark.parametrize(
    ("vendor", "scope", "model_id", "name"),
    [
        ("anthropic", "proxy/", "proxy/claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("google", "proxy/", "proxy/gemini-2.5-flash", "gemini-2.5-flash"),
        ("openai:completions", "proxy/", "proxy/gpt-4o", "gpt-4o"),
        ("openai:completions", "big/", "big/qwen/qwen3-4b", "qwen/qwen3-4b"),
        ("mistral", "proxy/", "proxy/codestral-2508", "codestral-2508"),
        # The names of those whose models are many makers' have slashes of their own.
        ("openrouter", "openai/", "openai/gpt-4o", "openai/gpt-4o"),
        ("vllm", "meta-llama/", "meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B"),
        ("groq", "groq/", "groq/openai/gpt-oss-120b", "openai/gpt-oss-120b"),
    ],
)
def test_a_proxys_scope_is_no_part_of_a_models_name(
    vendor: str, scope: str, model_id: str, name: str, recorder: Any
) -> None:
    transport = httpx2.MockTransport(recorder.answer)
    llm.register_provider(vendor, scope, api_key="k", transport=transport)
    llm.Model(model_id).call("Hello.")
    assert f"/models/{name}:" in str(recorder.last.url) or recorder.body["model"] == name


@pytest.mark.parametrize(
    ("vendor", "base_url", "address"),
    [
        ("anthropic", "https://proxy.example/v1/", "https://proxy.example/v1/messages"),
        (
            "anthropic",
            "https://proxy.example/v1/claude",
            "https://proxy.example/v1/claude/v1/messages",
        ),
        (
            "google",
            "https://proxy.example/v1beta",
            "https://proxy.example/v1beta/models/m:generateContent",
        ),
        (
            "openai:completions",
            "https://proxy.example/v1",
            "https://proxy.example/v1/chat/completions",
        ),
    ],
)
def test_an_address_may_end_with_the_version_that_paths_begin_with(
    vendor: str, base_url: str, address: str, recorder: Any
) -> None:
    recorder.register(vendor, base_url=base_url, api_key="k")
    llm.Model("test/m").call("Hello.")
    assert str(recorder.last.url) == address


def test_every_vendor_has_a_class_and_a_test() -> None:
    assert {row[0] for row in ADDRESSES} | ELSEWHERE == set(VENDORS)
    assert (
        set(PROVIDER_CLASSES) | {"mirascope"} == set(VENDORS) == set(providers.KNOWN_PROVIDER_IDS)
    )
    for cls in PROVIDER_CLASSES.values():
        assert getattr(providers, cls.__name__) is cls


@pytest.mark.parametrize(
    "vendor",
    [each.id for each in VENDORS.values() if each.needs_key and each.key_env is not None],
)
def test_a_provider_without_the_key_that_it_needs_says_which(vendor: str) -> None:
    row = VENDORS[vendor]
    if row.default_key is not None:
        PROVIDER_CLASSES[vendor]()
        return
    cls = PROVIDER_CLASSES.get(vendor, providers.MirascopeProvider)
    with pytest.raises(ValueError, match=rf"API key .*{row.key_env}"):
        cls()
    if vendor in PROVIDER_CLASSES:
        expected = (
            f"{row.name} API key is required. Set the {row.key_env} environment variable or pass "
            "the api_key parameter to register_provider()."
        )
        with pytest.raises(ValueError, match=re.escape(expected)):
            cls()


@pytest.mark.parametrize("vendor", ["anthropic", "google", "openai"])
def test_a_makers_own_provider_misses_its_key_when_it_is_used(vendor: str) -> None:
    llm.register_provider(vendor)
    with pytest.raises(llm.MissingAPIKeyError, match=f"{vendor.upper()}_API_KEY") as caught:
        llm.Model(f"{vendor}/m").call("Hello.")
    assert caught.value.provider_id == vendor


def test_an_address_of_ones_own_needs_no_key(recorder: Any) -> None:
    provider = recorder.register("openai", base_url="http://127.0.0.1:9/v1")
    provider.call(model_id="openai/m", messages=[llm.messages.user("Hello.")])
    assert str(recorder.last.url) == "http://127.0.0.1:9/v1/responses"


def test_google_behind_a_proxy_gets_a_bearer_too(recorder: Any) -> None:
    provider = recorder.register("google", api_key="k", base_url="http://127.0.0.1:9/gemini/")
    provider.call(model_id="google/m", messages=[llm.messages.user("Hello.")])
    assert str(recorder.last.url) == "http://127.0.0.1:9/gemini/v1beta/models/m:generateContent"
    assert recorder.last.headers["x-goog-api-key"] == "k"
    assert recorder.last.headers["authorization"] == "Bearer k"
    assert "key=" not in str(recorder.last.url)


def test_an_address_with_an_unset_variable_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET", "a")
    assert filled("https://{UNSET|SET}.b/{UNSET=c}/{model}") == "https://a.b/c/{model}"
    with pytest.raises(ValueError, match="UNSET or OTHER"):
        filled("{UNSET|OTHER}")


def test_azure_without_an_address_says_where_to_put_it() -> None:
    with pytest.raises(ValueError, match="AZURE_OPENAI_ENDPOINT"):
        llm.register_provider("azure", api_key="k")


@pytest.mark.parametrize(
    ("vendor", "model_id", "name"),
    [
        ("anthropic", "anthropic/claude-opus-4-1", "claude-opus-4-1"),
        ("bedrock", "bedrock/openai.gpt-oss-20b-1:0", "openai.gpt-oss-20b-1:0"),
        ("huggingface", "huggingface/Qwen/Qwen3:novita", "Qwen/Qwen3:novita"),
        ("mlx", "mlx-community/Llama-4bit", "mlx-community/Llama-4bit"),
        ("openai", "openai/gpt-4o:completions", "gpt-4o"),
        ("openai", "other/gpt-4o", "gpt-4o"),
        ("openrouter", "openrouter/openai/gpt-4o", "openai/gpt-4o"),
        ("openrouter", "anthropic/claude-opus-4-1", "anthropic/claude-opus-4-1"),
        ("together", "together/llama", "together/llama"),
        ("together", "meta-llama/Llama-3.3", "meta-llama/Llama-3.3"),
        ("xai", "xai/grok-4", "grok-4"),
    ],
)
def test_a_model_is_called_as_the_vendor_calls_it(
    vendor: str, model_id: str, name: str, recorder: Any
) -> None:
    provider = recorder.register(vendor, api_key="k")
    response = provider.call(model_id=model_id, messages=[llm.messages.user("Hello.")])
    assert recorder.body["model"] == name
    assert response.model_id == model_id
    assert response.provider_id == vendor
