"""Which addresses our own sockets serve."""

from __future__ import annotations

import pytest

from mirascope_nb.llm.io import Endpoint
from mirascope_nb.llm.io.address import Address, address_of, goes_direct, is_plain_path


def test_a_plain_address_has_these_parts() -> None:
    assert address_of("https://API.example.com/v1") == Address(
        "https", "api.example.com", 443, "api.example.com", "/v1"
    )
    assert address_of("http://127.0.0.1:8000") == Address(
        "http", "127.0.0.1", 8000, "127.0.0.1:8000", ""
    )
    assert address_of("http://[::1]:80/v1") == Address("http", "::1", 80, "[::1]", "/v1")
    assert address_of("https://x.example:444/") == Address(
        "https", "x.example", 444, "x.example:444", "/"
    )


@pytest.mark.parametrize(
    "odd",
    [
        "ftp://x.example",
        "https://user:word@x.example",
        "https://müller.example",
        "https://x.example:0",
        "https://x.example:99999",
        "https://x.example:eighty",
        "https://x.example/a b",
        "https://x.example/ü",
        "https://x.example/a/../b",
        "https://x.example/%zz",
        "https://x.example?a=b",
        "https://x.example\n",
        "https://-x.example",
        "https://",
        "x.example",
        "",
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_httpx2(odd: str) -> None:
    assert address_of(odd) is None


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/v1/chat/completions", True),
        ("/v1/models/gemini-2.5:streamGenerateContent?alt=sse", True),
        ("/v1/a%20b", True),
        ("/v1/a b", False),
        ("/v1/é", False),
        ("/v1/x\r\nhost: evil", False),
        ("/v1/x\n", False),
        ("/v1/%2", False),
        ("/v1/../x", False),
        ("/v1/..", False),
        ("/v1/...", True),
        ("/v1#x", False),
    ],
)
def test_a_plain_path_needs_no_quoting(path: str, *, plain: bool) -> None:
    assert is_plain_path(path) is plain


def endpoint(base_url: str) -> Endpoint:
    return Endpoint(provider="x", base_url=base_url)


def test_a_proxy_of_the_environment_is_left_to_httpx2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert goes_direct(endpoint("https://x.example/v1"))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert not goes_direct(endpoint("https://x.example/v1"))
    assert goes_direct(endpoint("http://127.0.0.1:8000"))
    assert goes_direct(endpoint("http://localhost:8000"))


def test_there_are_no_sockets_in_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "emscripten")
    assert not goes_direct(endpoint("http://127.0.0.1:8000"))
