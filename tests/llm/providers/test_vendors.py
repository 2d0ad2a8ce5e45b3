"""Every row of the vendor table: where it sends to, what it lets itself in with, what it sends."""

import json
import re
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel, Field

from mirascope_nb import llm
from mirascope_nb.llm import providers
from mirascope_nb.llm.providers.classes import PROVIDER_CLASSES
from mirascope_nb.llm.providers.vendors import VENDORS, filled

CHAT = {"choices": [{"message": {"role": "assistant", "content": "Hello."}}]}
RESPONSES: dict[str, Any] = {"output": [], "status": "completed"}
ANTHROPIC: dict[str, Any] = {"type": "message", "content": []}
GOOGLE = {"candidates": [{"content": {"parts": [{"text": "Hello."}]}, "finishReason": "STOP"}]}
REPLIES = {
    "chat/completions": CHAT,
    "responses": RESPONSES,
    "messages": ANTHROPIC,
    "generateContent": GOOGLE,
}

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


class Recorder:
    """Answers every request in the protocol that its address tells."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        path = request.url.path
        reply = next(reply for end, reply in REPLIES.items() if path.endswith(end))
        return httpx2.Response(200, json=reply)

    @property
    def last(self) -> httpx2.Request:
        return self.requests[-1]

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.last.content)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def registered(recorder: Recorder, vendor: str, **options: Any) -> llm.Provider:
    transport = httpx2.MockTransport(recorder.answer)
    return llm.register_provider(vendor, ["test/", "openai/"], transport=transport, **options)


@pytest.mark.parametrize(("vendor", "environment", "address"), ADDRESSES)
def test_a_request_goes_to_the_vendors_address_with_its_key(
    vendor: str,
    environment: dict[str, str],
    address: str,
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    provider = registered(recorder, vendor)
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
    vendor: str, scope: str, model_id: str, name: str, recorder: Recorder
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
    vendor: str, base_url: str, address: str, recorder: Recorder
) -> None:
    registered(recorder, vendor, base_url=base_url, api_key="k")
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


def test_an_address_of_ones_own_needs_no_key(recorder: Recorder) -> None:
    provider = registered(recorder, "openai", base_url="http://127.0.0.1:9/v1")
    provider.call(model_id="openai/m", messages=[llm.messages.user("Hello.")])
    assert str(recorder.last.url) == "http://127.0.0.1:9/v1/responses"


def test_google_behind_a_proxy_gets_a_bearer_too(recorder: Recorder) -> None:
    provider = registered(recorder, "google", api_key="k", base_url="http://127.0.0.1:9/gemini/")
    provider.call(model_id="google/m", messages=[llm.messages.user("Hello.")])
    assert str(recorder.last.url) == "http://127.0.0.1:9/gemini/v1beta/models/m:generateContent"
    assert recorder.last.headers["x-goog-api-key"] == "k"
    assert recorder.last.headers["authorization"] == "Bearer k"
    assert "key=" not in str(recorder.last.url)


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
    vendor: str, model_id: str, name: str, recorder: Recorder
) -> None:
    provider = registered(recorder, vendor, api_key="k")
    response = provider.call(model_id=model_id, messages=[llm.messages.user("Hello.")])
    assert recorder.body["model"] == name
    assert response.model_id == model_id
    assert response.provider_id == vendor


@pytest.mark.parametrize("vendor", ["atlascloud", "openrouter", "requesty"])
def test_openais_models_reason_behind_a_router_too(vendor: str, recorder: Recorder) -> None:
    provider = registered(recorder, vendor, api_key="k")

    def sent(model: str) -> dict[str, Any]:
        messages = [llm.messages.user("Hello.")]
        provider.call(model_id=f"{vendor}/{model}", messages=messages, max_tokens=5)
        return recorder.body

    assert sent("openai/gpt-5")["max_completion_tokens"] == 5
    assert sent("openai/gpt-4o")["max_tokens"] == 5
    assert sent("deepseek/r1")["max_tokens"] == 5


class Hike(BaseModel):
    place: str
    hours: int = Field(default=2, description="How long.")


@llm.tool
def plan(place: str, hours: int = 2) -> str:
    """Plan a hike."""
    return f"{place}, {hours} h"


@pytest.mark.parametrize(("vendor", "names_defaults"), [("azure", False), ("vllm", True)])
def test_a_strict_schema_names_defaults_only_where_that_is_taken(
    vendor: str,
    names_defaults: bool,  # noqa: FBT001, a case
    recorder: Recorder,
) -> None:
    provider = registered(recorder, vendor, api_key="k", base_url="http://127.0.0.1:9/v1")
    provider.call(
        model_id=f"{vendor}/m",
        messages=[llm.messages.user("Hello.")],
        toolkit=llm.Toolkit([plan]),
        format=Hike,
    )
    body = recorder.body
    schemas = [
        body["response_format"]["json_schema"]["schema"],
        body["tools"][0]["function"]["parameters"],
    ]
    for schema in schemas:
        assert schema["required"] == ["place", "hours"]
        assert ("default" in schema["properties"]["hours"]) is names_defaults


def test_mistral_is_not_sent_what_it_refuses(recorder: Recorder) -> None:
    provider = registered(recorder, "mistral", api_key="k")
    messages = [llm.messages.user("Hello.")]
    provider.call(model_id="mistral/m", messages=messages, seed=7)
    assert recorder.body["random_seed"] == 7
    assert "seed" not in recorder.body
    with pytest.raises(llm.ResponseValidationError):  # which is no stream
        provider.stream(model_id="mistral/m", messages=messages)
    assert recorder.body["stream"] is True
    assert "stream_options" not in recorder.body


def test_perplexitys_streams_may_end_without_their_last_event() -> None:
    chunk = {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}

    def answer(_: httpx2.Request) -> httpx2.Response:
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=f"data: {json.dumps(chunk)}\n\n")

    transport = httpx2.MockTransport(answer)
    for vendor, tolerated in (("perplexity", True), ("groq", False)):
        llm.register_provider(vendor, api_key="k", transport=transport)
        stream = llm.Model(f"{vendor}/m").stream("Hello.")
        if tolerated:
            stream.finish()
            assert stream.text("") == "Hi"
        else:
            with pytest.raises(llm.ConnectionError):
                stream.finish()


@pytest.mark.parametrize(
    ("vendor", "model_id", "hint"),
    [
        ("mlx", "mlx-community/m", "pip install mlx-lm"),
        ("ollama", "ollama/m", "ollama serve"),
        ("llamacpp", "llamacpp/m", "llama-server"),
        ("lmstudio", "lmstudio/m", "lms server start"),
        ("vllm", "vllm/m", "vllm serve"),
    ],
)
@pytest.mark.parametrize("method", ["call", "stream"])
def test_a_local_server_that_is_not_there_comes_with_a_hint(
    vendor: str, model_id: str, hint: str, method: str
) -> None:
    llm.register_provider(vendor, base_url="http://127.0.0.1:9/v1")
    with pytest.raises(llm.ConnectionError, match=re.escape(hint)):
        getattr(llm.Model(model_id), method)("Hello.")


def test_mistral_is_otherwise_like_the_others(recorder: Recorder) -> None:
    provider = registered(recorder, "mistral", api_key="k")
    messages = [llm.messages.user("Hello.")]
    assert provider.call(model_id="mistral/m", messages=messages).text() == "Hello."
    chunk = {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}
    lines = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
    replies = [
        httpx2.Response(429, json={"message": "Slow down."}),
        httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=lines),
    ]
    transport = httpx2.MockTransport(lambda _: replies.pop(0))
    llm.register_provider("mistral", api_key="k", transport=transport)
    with pytest.raises(llm.RateLimitError, match="Slow down"):
        llm.Model("mistral/m").call("Hello.")
    stream = llm.Model("mistral/m").stream("Hello.")
    stream.finish()
    assert stream.text("") == "Hi"


def test_an_address_with_an_unset_variable_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET", "a")
    assert filled("https://{UNSET|SET}.b/{UNSET=c}/{model}") == "https://a.b/c/{model}"
    with pytest.raises(ValueError, match="UNSET or OTHER"):
        filled("{UNSET|OTHER}")
