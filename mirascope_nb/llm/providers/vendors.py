"""Every known service as a row of one table.

A new service that speaks one of the wire protocols is a row here, a provider class of two lines in
`providers/__init__.py`, and a case in `tests/llm/providers/test_vendors.py`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from mirascope_nb.llm.providers.codec import Codec, Profile

if TYPE_CHECKING:
    from mirascope_nb.llm.providers.codec import Request

__all__ = ["VENDORS", "Vendor", "codec_of"]

WireName: TypeAlias = Literal["openai_chat", "openai_responses", "anthropic", "google"]
"""A wire protocol: the module of this package that speaks it."""

BEARER = {"authorization": "Bearer {key}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendor:
    """A service: where it is, what it wants to be sent, how it differs."""

    id: str
    name: str
    """What its error messages call it."""
    wire: WireName | None
    """Its wire protocol; `None` where it depends on the request."""
    base_url: str | None
    """Its address; `None` if it must be given."""
    base_url_env: str | None = None
    """The environment variable that may hold another address."""
    key_env: str | None = None
    """The environment variable that holds the key; `None` if none is used."""
    default_key: str | None = None
    """What to send where no key is needed, yet a header must be there."""
    default_scope: tuple[str, ...] = ()
    """Prefixes it serves when it is registered without a scope."""
    auto_scope: tuple[str, ...] = ()
    """Prefixes for which it is registered by itself when first used."""
    prefix: str | None = None
    """What is cut off a model id to make the service's own model name; `None` for nothing."""
    auth: Mapping[str, str] = field(default_factory=lambda: dict(BEARER))
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    profile: Profile = field(default_factory=Profile)
    start: Callable[[], str] | None = None
    """Starts the service where it is part of this package, and returns its address."""


def _sandbox() -> str:
    # Found by name: the core imports nothing of what stands beside it.
    return cast("str", importlib.import_module("mirascope_nb.sandbox").address()) + "/v1"


_OPENAI = Profile(api_suffix=True, reasoning=None, strict_formats=True)
_COMPATIBLE = Profile(replays_turns=False)
_ROUTER = Profile(replays_turns=False, reasoning_prefixes=("openai/",))
_STRICT = Profile(replays_turns=False, strict_formats=True)


def _compatible(
    id: str,
    name: str,
    base_url: str | None,
    key_env: str | None,
    *,
    profile: Profile = _COMPATIBLE,
    default_scope: tuple[str, ...] = (),
    base_url_env: str | None = None,
    default_key: str | None = None,
    auth: Mapping[str, str] = BEARER,
) -> Vendor:
    """A service that speaks chat completions and serves the ids that begin with its own."""
    return Vendor(
        id=id,
        name=name,
        wire="openai_chat",
        base_url=base_url,
        base_url_env=base_url_env,
        key_env=key_env,
        default_key=default_key,
        default_scope=default_scope,
        auto_scope=(f"{id}/",),
        prefix=f"{id}/",
        auth=auth,
        profile=profile,
    )


_ROWS = [
    Vendor(
        id="openai",
        name="OpenAI",
        wire=None,
        base_url="https://api.openai.com/v1",
        key_env="OPENAI_API_KEY",
        default_scope=("openai/",),
        auto_scope=("openai/",),
        profile=_OPENAI,
    ),
    Vendor(
        id="openai:completions",
        name="OpenAI",
        wire="openai_chat",
        base_url="https://api.openai.com/v1",
        key_env="OPENAI_API_KEY",
        default_scope=("openai/",),
        profile=_OPENAI,
    ),
    Vendor(
        id="sandbox",
        name="Sandbox",
        wire="openai_chat",
        base_url=None,
        default_scope=("sandbox/",),
        auto_scope=("sandbox/",),
        prefix="sandbox/",
        default_key="sandbox",
        profile=Profile(replays_turns=False, strict_formats=True),
        start=_sandbox,
    ),
    _compatible(
        "ollama",
        "Ollama",
        "http://localhost:11434/v1",
        "OLLAMA_API_KEY",
        base_url_env="OLLAMA_BASE_URL",
        default_key="ollama",
        default_scope=("ollama/",),
    ),
    _compatible(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        profile=_ROUTER,
    ),
    Vendor(
        id="together",
        name="Together",
        wire="openai_chat",
        base_url="https://api.together.xyz/v1",
        key_env="TOGETHER_API_KEY",
        auto_scope=("together/",),
        profile=_COMPATIBLE,
    ),
]

VENDORS: dict[str, Vendor] = {row.id: row for row in _ROWS}
"""Every known service, by id."""


def codec_of(wire: WireName) -> Codec:
    """The codec of a wire protocol, imported when it is first used."""
    module = importlib.import_module(f"mirascope_nb.llm.providers.{wire}")
    return cast("Codec", module.CODEC)


def wire_for(vendor: Vendor, request: Request) -> WireName:
    """The wire protocol for a request, where the service offers more than one."""
    if vendor.wire is not None:
        return vendor.wire
    from mirascope_nb.llm.providers.openai_routing import openai_wire

    return openai_wire(request)
