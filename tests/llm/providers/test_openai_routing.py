"""Which of OpenAI's two APIs serves a request."""

from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.providers.codec import Profile, Request
from mirascope_nb.llm.providers.openai_chat import CODEC as CHAT
from mirascope_nb.llm.providers.openai_responses import CODEC as RESPONSES
from mirascope_nb.llm.providers.openai_routing import openai_wire

AUDIO = llm.Audio.from_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")


def request(model_id: str, *parts: Any, provider_id: str = "openai") -> Request:
    name = model_id.partition("/")[2]
    return Request(
        provider_id=provider_id,
        model_id=model_id,
        model_name=name.removesuffix(":responses").removesuffix(":completions"),
        messages=[llm.messages.system("Be kind."), llm.messages.user(["Hello.", *parts])],
        toolkit=llm.Toolkit(None),
        format=None,
        params={},
        profile=Profile(api_suffix=True, reasoning=None, strict_formats=True),
    )


@pytest.mark.parametrize(
    ("model_id", "api"),
    [
        ("openai/gpt-4o", "openai_responses"),
        ("openai/gpt-5-mini", "openai_responses"),
        ("openai/o3-pro", "openai_responses"),
        ("openai/gpt-4o:completions", "openai_chat"),
        ("openai/gpt-4o:responses", "openai_responses"),
        ("openai/gpt-audio", "openai_chat"),
        ("openai/gpt-4o-audio-preview", "openai_chat"),
        ("openai/gpt-4o-mini-search-preview", "openai_chat"),
        ("openai/gpt-audio:responses", "openai_responses"),
        ("openai/gpt-9-not-yet-known", "openai_responses"),
        ("custom/gpt-4o", "openai_chat"),
        ("custom/llama:responses", "openai_responses"),
    ],
)
def test_the_api_for_a_model(model_id: str, api: str) -> None:
    assert openai_wire(request(model_id)) == api


def test_audio_goes_to_chat_completions_unless_a_suffix_says_otherwise() -> None:
    assert openai_wire(request("openai/gpt-4o", AUDIO)) == "openai_chat"
    assert openai_wire(request("openai/gpt-4o:responses", AUDIO)) == "openai_responses"


def test_a_chosen_api_refuses_the_other_ones_suffix() -> None:
    for codec, suffix, feature in (
        (CHAT, ":responses", "responses API"),
        (RESPONSES, ":completions", "completions API"),
    ):
        asked = request(f"openai/gpt-4o{suffix}", provider_id="openai:other")
        with pytest.raises(llm.FeatureNotSupportedError, match=suffix) as caught:
            codec.encode(asked, stream=False)
        assert caught.value.feature == feature
        assert caught.value.model_id == f"openai/gpt-4o{suffix}"


def test_a_forced_provider_sends_nothing_to_the_other_api(server: Any) -> None:
    server.register("openai:completions")
    with pytest.raises(llm.FeatureNotSupportedError):
        llm.Model("openai/gpt-4o:responses").call("Hello.")
    assert server.bodies == []


def test_the_model_name_tells_the_api(server: Any) -> None:
    server.register("openai")
    server.whole({"status": "completed", "output": []})
    response = llm.Model("openai/gpt-4o").call("Hello.")
    assert response.provider_model_name == "gpt-4o:responses"
    assert response.model_id == "openai/gpt-4o"
    assert server.urls == ["https://api.openai.com/v1/responses"]
    assert server.bodies[0]["model"] == "gpt-4o"
