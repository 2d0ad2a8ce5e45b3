"""In what vendors differ beyond their addresses: each member of a row that changes a request."""

import json
import re
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel, Field

from mirascope_nb import llm
from mirascope_nb.llm.providers.vendors import VENDORS


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in VENDORS.values():
        for name in (vendor.key_env, vendor.base_url_env):
            if name:
                monkeypatch.delenv(name, raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "OPENAI_API_VERSION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("vendor", ["atlascloud", "openrouter", "requesty"])
def test_openais_models_reason_behind_a_router_too(vendor: str, recorder: Any) -> None:
    provider = recorder.register(vendor, api_key="k")

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
    recorder: Any,
) -> None:
    provider = recorder.register(vendor, api_key="k", base_url="http://127.0.0.1:9/v1")
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


def test_mistral_is_not_sent_what_it_refuses(recorder: Any) -> None:
    provider = recorder.register("mistral", api_key="k")
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


def test_mistral_is_otherwise_like_the_others(recorder: Any) -> None:
    provider = recorder.register("mistral", api_key="k")
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
