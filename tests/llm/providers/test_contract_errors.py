"""What every codec makes of errors, of streams that break off and of what it cannot read."""

from collections.abc import Callable
from typing import Any

import pytest

from mirascope_nb import llm

Write = Callable[[Any], bytes]

TEXT = [llm.Text(text="4200 + 42 = 4242: naïve, but right. 🦊")]

ERRORS = {
    400: llm.BadRequestError,
    401: llm.AuthenticationError,
    403: llm.PermissionError,
    404: llm.NotFoundError,
    409: llm.BadRequestError,
    422: llm.BadRequestError,
    429: llm.RateLimitError,
    500: llm.ServerError,
    503: llm.ServerError,
    529: llm.ServerError,
}


@pytest.mark.parametrize("status", ERRORS)
@pytest.mark.parametrize("ask", ["called", "streamed"])
def test_a_bad_status_is_an_error_of_its_class(
    wire: Any, server: Any, ask: str, status: int
) -> None:
    server.whole(wire.error(status, "This will not do."), status)
    with pytest.raises(ERRORS[status], match=r"This will not do\.") as caught:
        getattr(server, ask)(wire)
    assert caught.value.status_code == status
    assert caught.value.provider == wire.PROVIDER


RED = "a\x1b[31mred\x1b[0m\u202e\x07:\n\t你好\u200c, 世界"


@pytest.mark.parametrize("ask", ["called", "streamed"])
def test_an_error_acts_on_no_screen(wire: Any, server: Any, sse: Write, ask: str) -> None:
    server.whole(wire.error(400, RED), 400)
    with pytest.raises(llm.BadRequestError) as caught:
        getattr(server, ask)(wire)
    assert str(caught.value) == "ared:\n\t你好\u200c, 世界"
    server.stream(sse([wire.error_event(500, RED)]))
    with pytest.raises(llm.ServerError) as caught:
        server.finished(wire)
    assert str(caught.value) == "ared:\n\t你好\u200c, 世界"


SAID: dict[str, Any] = {"message": "This will not do."}
LESS: dict[str, Any] = {"message": "Less."}
WRAPPED: list[Any] = [
    {"error": {"error": SAID}},
    {"error": {"error": {"error": "This will not do."}}},
    {"success": False, "errors": [SAID], "result": None},
    {"errors": ["This will not do."]},
    [{"error": SAID}],
    [SAID],
    SAID | {"errors": [LESS]},
    {"error": SAID | {"error": LESS, "errors": [LESS]}},
]


@pytest.mark.parametrize("body", WRAPPED, ids=str)
@pytest.mark.parametrize("ask", ["called", "streamed"])
def test_an_error_is_found_in_what_proxies_wrap_it_in(
    wire: Any, server: Any, ask: str, body: Any
) -> None:
    server.whole(body, 400)
    with pytest.raises(llm.BadRequestError) as caught:
        getattr(server, ask)(wire)
    assert str(caught.value) == "This will not do."


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("ask", ["called", "streamed"])
def test_an_error_with_a_good_status_is_an_error_of_its_class(
    wire: Any, server: Any, ask: str, status: int
) -> None:
    server.whole(wire.error(status, "This will not do."), 200)
    with pytest.raises(ERRORS[status], match=r"^This will not do\.$") as caught:
        getattr(server, ask)(wire)
    assert caught.value.status_code == status


def test_a_whole_reply_to_a_stream_is_no_stream(wire: Any, server: Any) -> None:
    server.whole(wire.whole(TEXT))
    with pytest.raises(llm.ResponseValidationError, match="instead of an event stream"):
        server.streamed(wire)


@pytest.mark.parametrize("ask", ["called", "streamed"])
def test_an_error_does_not_repeat_the_key(wire: Any, server: Any, key: str, ask: str) -> None:
    server.whole(wire.error(401, f"Bad key {key}."), 401)
    with pytest.raises(llm.AuthenticationError) as caught:
        getattr(server, ask)(wire)
    assert key not in repr(caught.value)
    assert "[redacted]" in str(caught.value)


def test_nothing_that_cannot_be_read_repeats_the_key(
    wire: Any, server: Any, sse: Write, key: str
) -> None:
    server.whole(f"no JSON, but {key}".encode())
    with pytest.raises(llm.ResponseValidationError) as caught:
        server.called(wire)
    assert key not in str(caught.value)
    server.stream(sse([("", f"no JSON, but {key}")]))
    with pytest.raises(llm.ResponseValidationError) as caught:
        server.finished(wire)
    assert key not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500])
def test_an_error_inside_a_stream_keeps_what_came_before(
    wire: Any, server: Any, sse: Write, status: int
) -> None:
    half = len(wire.events(TEXT)) // 2
    events = [*wire.events(TEXT)[:half], wire.error_event(status, "Enough.")]
    server.stream(sse(events))
    stream = server.streamed(wire)
    with pytest.raises(ERRORS[status], match=r"Enough\.") as caught:
        stream.finish()
    assert stream.text()
    assert TEXT[0].text.startswith(stream.text())
    assert not stream.consumed
    with pytest.raises(ERRORS[status]) as again:
        stream.finish()
    assert again.value is caught.value


def test_an_error_inside_a_stream_does_not_repeat_the_key(
    wire: Any, server: Any, sse: Write, key: str
) -> None:
    server.stream(sse([wire.error_event(500, f"Bad key {key}.")]))
    with pytest.raises(llm.ServerError) as caught:
        server.finished(wire)
    assert key not in str(caught.value)


def test_a_stream_without_its_last_event_is_no_success(wire: Any, server: Any, sse: Write) -> None:
    server.stream(sse(wire.events(TEXT)[:-1]))
    stream = server.streamed(wire)
    with pytest.raises(llm.ConnectionError):
        stream.finish()
    assert stream.text("") == TEXT[0].text
    assert not stream.consumed


def test_nothing_after_the_last_event_counts(wire: Any, server: Any, sse: Write) -> None:
    body = server.stream(sse(wire.events(TEXT)), b"data: what is this?\n\n")
    stream = server.finished(wire)
    assert stream.content == TEXT
    assert body.is_closed


def test_a_connection_that_breaks_keeps_what_came_before(
    wire: Any, server: Any, sse: Write
) -> None:
    half = sse(wire.events(TEXT)[:6])
    server.stream(half, failure=OSError("the wire was cut"))
    stream = server.streamed(wire)
    with pytest.raises(llm.ConnectionError):
        stream.finish()
    assert stream.text()


def test_what_is_unknown_is_kept_and_ignored(wire: Any, server: Any, sse: Write) -> None:
    unknown: Any = (
        "moon.phase",
        {"type": "moon.phase", "phase": 0.25, "choices": [], "error": None},
    )
    events = wire.events(TEXT)
    server.stream(sse([events[0], unknown, *events[1:]]))
    stream = server.finished(wire)
    assert stream.content == TEXT
    assert unknown[1] in stream.raw_stream_events
    server.whole(wire.whole(TEXT) | {"moon": {"phase": 0.25}})
    response = server.called(wire)
    assert response.content == TEXT
    assert response.raw["moon"] == {"phase": 0.25}


def test_keep_alives_are_passed_over(wire: Any, server: Any, sse: Write) -> None:
    events = sse(wire.events(TEXT)).split(b"\n\n")
    server.stream(b"\n\n: still here\n\n\n\ndata: \n\nid: 7\n\nretry: 10\n\n".join(events))
    assert server.finished(wire).content == TEXT


@pytest.mark.parametrize("ask", ["called", "finished"])
def test_html_with_a_good_status_is_a_clear_error(wire: Any, server: Any, ask: str) -> None:
    server.whole(b"<html>\n<script>alert(1)</script>Log in", content_type="text/html")
    with pytest.raises(llm.ResponseValidationError, match="<html>") as caught:
        getattr(server, ask)(wire)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ask", ["called", "finished"])
def test_html_with_a_bad_status_is_a_clear_error(wire: Any, server: Any, ask: str) -> None:
    server.whole(b"<html>Bad gateway" + b"!" * 5_000, 502, "text/html")
    with pytest.raises(llm.ServerError, match=r"502.*<html>Bad gateway") as caught:
        getattr(server, ask)(wire)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("ask", ["called", "finished"])
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'"text"', b"\xff\xfe"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_body_that_makes_no_sense_is_an_error(
    wire: Any, server: Any, ask: str, body: bytes, status: int
) -> None:
    server.whole(body, status)
    expected = ERRORS.get(status, llm.ResponseValidationError)
    with pytest.raises(expected):
        getattr(server, ask)(wire)


@pytest.mark.parametrize("data", ["{", "null", "[1]", '"text"', "{}{}"])
def test_an_event_that_makes_no_sense_keeps_what_came_before(
    wire: Any, server: Any, sse: Write, data: str
) -> None:
    server.stream(sse([*wire.events(TEXT)[:6], ("", data)]))
    stream = server.streamed(wire)
    with pytest.raises(llm.ResponseValidationError):
        stream.finish()
    assert stream.text()
