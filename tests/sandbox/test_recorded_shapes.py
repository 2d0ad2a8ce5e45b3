"""Replies have the keys and types of recorded ones, where recordings lie beside the checkout."""

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Speaker


def cases() -> list[Any]:
    from pathlib import Path

    root = Path(__file__).parents[3] / "shared" / "wire"
    # Other vendors' dialects, tools run by a service, and a parameter only one model refuses.
    foreign = ("ollama", "openrouter", "together", "web_search", "gpt_5_mini", "gpt_audio")
    found = sorted(root.glob("*/*/[0-9]*.request.json")) if root.is_dir() else []
    return [
        pytest.param(path, id=f"{path.parent.name}-{path.name[0]}")
        for path in found
        if not any(word in path.parent.name for word in foreign)
    ]


# Fields that came or went between the dates of the recordings, or depend on the model.
VARYING = (
    "completed_at",
    "frequency_penalty",
    "presence_penalty",
    "prompt_cache_retention",
    "inference_geo",
    "thoughtsTokenCount",
    "finishMessage",
    "logprobs",
)


@pytest.mark.parametrize("path", cases())
def test_reply_has_the_shape_of_a_recorded_one(speaker: "Speaker", path: "Path") -> None:
    number = path.name.split(".")[0]
    request = json.loads(path.read_text())
    meta = json.loads((path.parent / f"{number}.response.meta.json").read_text())
    case, body = path.parent.name, dict(request["body"])
    target = "/" + request["url"].split("/", 3)[3]
    headers = {"anthropic-version": "2023-06-01"}
    if case.startswith("authentication"):
        headers |= {"authorization": "Bearer invalid", "x-api-key": "invalid"}
        headers |= {"x-goog-api-key": "invalid"}
    simulated = "missing" if case.startswith("model_not_found") else "assistant"
    if "thinking" in case:
        simulated = "thinker"
    if "model" in body:
        body["model"] = simulated
    else:
        target = target.replace(target.split("/models/")[1].split(":")[0], simulated)
    reply = speaker.client.post(target, json=body, headers=headers)

    assert reply.status_code == meta["status"]
    kind = meta["headers"]["content-type"].split(";")[0]
    assert reply.headers["content-type"].split(";")[0] == kind
    recorded = path.parent / f"{number}.response.json"
    if recorded.exists():
        wanted = speaker.shape_of(json.loads(recorded.read_text()))
        given = speaker.shape_of(reply.json())
        assert steady(given, case) == steady(wanted, case)
        of_one_type(speaker, reply.json(), json.loads(recorded.read_text()))
        return
    events = speaker.events_of(reply.text)
    recording = speaker.events_of((path.parent / f"{number}.response.sse").read_text())
    if "tools" not in case and "thinking" not in case:
        assert one_order(speaker.order_of(events)) == one_order(speaker.order_of(recording))
    wanted_shapes, given_shapes = speaker.shapes_of(recording), speaker.shapes_of(events)
    for event in wanted_shapes:
        assert steady(given_shapes[event], case) == steady(wanted_shapes[event], case)
        of_one_type(speaker, events_of_kind(events, event), events_of_kind(recording, event))


def events_of_kind(events: list[tuple[str, Any]], kind: str) -> list[Any]:
    return [data for name, data in events if name == kind and data != "[DONE]"]


def of_one_type(speaker: "Speaker", given: Any, wanted: Any) -> None:
    """Whether what both have is of a type that the recording has too; `null` says nothing."""
    wanted_types, given_types = speaker.types_of(wanted), speaker.types_of(given)
    for path in wanted_types.keys() & given_types.keys():
        allowed, found = wanted_types[path] - {"null"}, given_types[path] - {"null"}
        assert not allowed or found <= allowed, f"{path} is {found}, and {allowed} in the recording"


def steady(shape: set[str], case: str) -> set[str]:
    """A shape without what varies; a model may also say something before it calls a tool."""
    spoken = ("<text>", ".delta.text", ".content_block.text", "parts[].text")
    return {
        key
        for key in shape
        if not key.endswith(VARYING)
        and not ("tools" in case and any(part in key for part in spoken))
    }


def one_order(kinds: list[str]) -> list[str]:
    """Google decides freely how many chunks come before the last one."""
    return [kind for kind in kinds if kind != "chunk"]
