"""What an item of the output says, alike in a whole reply and in the events of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mirascope_nb.llm.providers.decoding import count
from mirascope_nb.llm.providers.encoding import mapping, sequence
from mirascope_nb.llm.usage import FinishReason, ProviderToolUsage, Usage

__all__ = [
    "finish_reason_of",
    "has_failed",
    "parts_of",
    "refuses",
    "searches_in",
    "turn_of",
    "usage_of",
    "wire_id_of",
]

INCOMPLETE = {
    "max_output_tokens": FinishReason.MAX_TOKENS,
    "content_filter": FinishReason.REFUSAL,
}


def parts_of(item: dict[str, Any]) -> Iterator[tuple[str, tuple[str, int], str]]:
    """The texts of an item that are not empty: each with its kind and its place."""
    if item.get("type") == "reasoning":
        for index, part in enumerate(map(mapping, sequence(item.get("summary")))):
            if text := part.get("text"):
                yield "thought", ("summary_index", index), str(text)
    elif item.get("type") not in ("message", None):
        return
    kind = "thought" if item.get("type") == "reasoning" else "text"
    content = item.get("content")
    if content and isinstance(content, str):
        yield kind, ("content_index", 0), content
    for index, part in enumerate(map(mapping, sequence(content))):
        text = part.get("refusal") if part.get("type") == "refusal" else part.get("text")
        if text:
            yield kind, ("content_index", index), str(text)


def has_failed(response: dict[str, Any]) -> bool:
    """Whether a reply says of itself that it is none, however it is called."""
    return bool(response.get("error")) or response.get("status") in ("failed", "cancelled")


def refuses(item: dict[str, Any]) -> bool:
    """Whether an item holds a refusal."""
    return any(mapping(part).get("type") == "refusal" for part in sequence(item.get("content")))


def finish_reason_of(response: dict[str, Any], *, refused: bool) -> FinishReason | None:
    """Why a reply ended, if not normally."""
    if refused:
        return FinishReason.REFUSAL
    reason = mapping(response.get("incomplete_details")).get("reason")
    return INCOMPLETE.get(reason) if isinstance(reason, str) else None


def usage_of(raw: object) -> Usage | None:
    """Tokens, or `None` where the service does not tell."""
    counts = mapping(raw)
    if not counts:
        return None
    read = mapping(counts.get("input_tokens_details"))
    written = mapping(counts.get("output_tokens_details"))
    return Usage(
        input_tokens=count(counts.get("input_tokens")),
        output_tokens=count(counts.get("output_tokens")),
        cache_read_tokens=count(read.get("cached_tokens")),
        cache_write_tokens=count(read.get("cache_write_tokens")),
        reasoning_tokens=count(written.get("reasoning_tokens")),
        raw=counts,
    )


def searches_in(output: list[dict[str, Any]]) -> list[ProviderToolUsage] | None:
    """How often the service searched the web, or `None` if it did not."""
    searches = sum(item.get("type") == "web_search_call" for item in output)
    return [ProviderToolUsage(name="web_search", call_count=searches)] if searches else None


def wire_id_of(call: dict[str, Any]) -> str:
    """What a function call goes by: the id that its output names, or else the item's own."""
    return str(call.get("call_id") or call.get("id") or "")


def turn_of(output: list[dict[str, Any]], call_ids: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """The items to send back as they are, but for nulls and for ids that had to be made up.

    Args:
        output: The items.
        call_ids: The id of each call on the wire, and the one that the content has.
    """
    turn = [{key: value for key, value in item.items() if value is not None} for item in output]
    calls = [item for item in turn if item.get("type") == "function_call"]
    known = sorted(call_id for _, call_id in call_ids)
    if sorted(map(wire_id_of, calls)) != known and len(calls) == len(known):
        for item, (_, call_id) in zip(calls, call_ids, strict=True):
            item["call_id"] = call_id
    for item in turn:
        action = mapping(item.get("action"))
        if item.get("type") == "web_search_call" and action.get("type") == "search":
            # OpenAI's own clients send a search back with its sources, which are null unless they
            # were asked for.
            item["action"] = {"sources": None, **action}
    return turn
