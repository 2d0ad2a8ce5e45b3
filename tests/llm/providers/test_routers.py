"""Mirascope's router: three makers' protocols behind one key."""

from typing import Any

import httpx2
import pytest

from mirascope_nb import llm

ANTHROPIC = {"type": "message", "content": [{"type": "text", "text": "Hello."}]}
GOOGLE = {"candidates": [{"content": {"parts": [{"text": "Hello."}]}, "finishReason": "STOP"}]}
OPENAI = {
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello."}]}],
}
MAKERS = [
    ("anthropic/claude-opus-4-1", ANTHROPIC, "/anthropic/v1/messages", "x-api-key"),
    (
        "google/gemini-2.5-flash",
        GOOGLE,
        "/google/v1beta/models/gemini-2.5-flash:generateContent",
        "x-goog-api-key",
    ),
    ("openai/gpt-4o", OPENAI, "/openai/v1/responses", "authorization"),
]


@pytest.mark.parametrize(("model_id", "reply", "path", "header"), MAKERS)
def test_a_makers_protocol_is_spoken_below_the_routers_address(  # noqa: PLR0917, fixtures
    model_id: str, reply: Any, path: str, header: str, server: Any, key: str
) -> None:
    server.register("mirascope")
    server.whole(reply)
    response = llm.Model(model_id).call("Hello?")
    assert server.urls == [f"https://mirascope.com/router/v2{path}"]
    assert key in server.headers[0][header]
    assert response.text() == "Hello."
    assert response.provider_id == model_id.partition("/")[0]
    assert response.model_id == model_id


@pytest.mark.parametrize(("model_id", "reply", "path", "header"), MAKERS)
async def test_a_conversation_goes_on_through_the_router(
    model_id: str, reply: Any, path: str, header: str, server: Any
) -> None:
    del path, header
    server.register("mirascope")
    server.whole(reply)
    server.whole(reply)
    first = await llm.Model(model_id).call_async("Hello?")
    second = await first.resume("Go on.")
    assert second.text() == "Hello."
    turns: list[Any] = [first.messages[1], second.messages[1]]
    assert turns[0].raw_message == turns[1].raw_message


@pytest.mark.parametrize("given", ["argument", "environment"])
def test_the_router_may_be_elsewhere(
    given: str, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "http://127.0.0.1:9/router/"
    if given == "environment":
        monkeypatch.setenv("MIRASCOPE_ROUTER_BASE_URL", address)
    provider = llm.providers.MirascopeProvider(
        api_key="k",
        base_url=address if given == "argument" else None,
        transport=httpx2.MockTransport(server.answer),
    )
    llm.register_provider(provider)
    server.whole(ANTHROPIC)
    llm.Model("anthropic/claude-opus-4-1").call("Hello?")
    assert server.urls == ["http://127.0.0.1:9/router/anthropic/v1/messages"]


def test_an_error_names_the_maker(server: Any) -> None:
    server.register("mirascope")
    server.whole({"type": "error", "error": {"type": "rate_limit_error", "message": "Slow."}}, 429)
    with pytest.raises(llm.RateLimitError, match="Slow") as caught:
        llm.Model("anthropic/claude-opus-4-1").call("Hello?")
    assert caught.value.provider == "anthropic"


def test_a_model_of_nobody_is_refused(server: Any) -> None:
    server.register("mirascope", "groq/")
    with pytest.raises(llm.FeatureNotSupportedError, match="'anthropic/', 'google/', 'openai/'"):
        llm.Model("groq/m").call("Hello?")
    assert server.urls == []


def test_a_router_without_a_key_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIRASCOPE_API_KEY", raising=False)
    with pytest.raises(ValueError, match=r"Mirascope API key not found.*MIRASCOPE_API_KEY"):
        llm.register_provider("mirascope")


def test_a_stream_goes_through_the_router(server: Any, sse: Any) -> None:
    server.register("mirascope")
    server.stream(sse([("", GOOGLE)]))
    stream = llm.Model("google/gemini-2.5-flash").stream("Hello?")
    stream.finish()
    assert stream.text("") == "Hello."
    assert stream.provider_id == "google"
    assert server.urls == [
        (
            "https://mirascope.com/router/v2/google/v1beta/models/gemini-2.5-flash"
            ":streamGenerateContent?alt=sse"
        )
    ]
