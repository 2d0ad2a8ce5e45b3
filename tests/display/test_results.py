"""What a tool gave, as a person reads it."""

from typing import Any

from mirascope_nb.display.arguments import in_signature_order
from mirascope_nb.display.results import result_text


def test_a_result_is_shown_as_text_whatever_it_is() -> None:
    assert result_text("a") == "a"
    assert result_text({"a": [1, "é"]}) == '{"a": [1, "é"]}'
    loop: list[Any] = []
    loop.append(loop)
    assert result_text(loop) == "[[...]]"
    assert len(result_text("x" * 100_000)) == 20_001


def test_the_contents_of_an_mcp_server_are_shown_as_their_text() -> None:
    contents: list[dict[str, Any]] = [
        {"type": "text", "text": "72 °F\nand sunny", "annotations": None},
        {"type": "image", "data": "A" * 8000, "mimeType": "image/png"},
        {"type": "audio", "data": "AAAA", "mimeType": "audio/wav"},
        {"type": "resource", "resource": {"uri": "file:///a.txt", "text": "inside"}},
        {"type": "resource", "resource": {"uri": "file:///a.bin", "blob": "AAAA"}},
        {"type": "resource_link", "uri": "https://example.org/a", "name": "a"},
    ]
    assert result_text(contents).split("\n") == [
        "72 °F",
        "and sunny",
        "[image/png, 6 kB]",
        "[audio/wav, 3 bytes]",
        "inside",
        "[resource file:///a.bin, 3 bytes]",
        "[a: https://example.org/a]",
    ]


def test_a_list_that_only_looks_like_contents_is_shown_as_it_is() -> None:
    for result in (
        [],
        [{"type": "text"}],
        [{"type": "text", "text": "a"}, 1],
        [{"type": "row", "text": "a"}],
    ):
        assert result_text(result).startswith("[")


def test_arguments_are_laid_out_as_the_tool_takes_them() -> None:
    schema: dict[str, Any] = {"properties": {"table": {}, "where": {}, "limit": {}}}
    given = '{"extra":1.50,"limit":9007199254740993,"table":"é"}'
    assert in_signature_order(given, schema) == '{"table":"é","limit":9007199254740993,"extra":1.5}'
    assert in_signature_order('{"b":1,"a":2}', {}) == '{"b":1,"a":2}'
    assert in_signature_order('{"b":', schema) == '{"b":'
    assert in_signature_order("[1]", schema) == "[1]"
