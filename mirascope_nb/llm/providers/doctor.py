"""What is there to be asked: whose keys are set, which servers on this machine answer, versions.

Keys are told by the names of their variables; their values are not looked at beyond whether there
is one. Only this machine is asked, by the same clients as everything else, and without any key.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from mirascope_nb._loop import run_now
from mirascope_nb.llm.exceptions import ConnectionError, ProviderError, TimeoutError
from mirascope_nb.llm.io import ASYNC, BLOCKING, IO, Endpoint, HttpRequest, Timeouts
from mirascope_nb.llm.providers.vendor import filled
from mirascope_nb.llm.providers.vendors import VENDORS

__all__ = ["Diagnosis", "KeyState", "LocalServer", "diagnose", "diagnose_async"]

ServerState: TypeAlias = Literal["running", "silent", "something else", "not local"]

OK = 200
PATIENCE = 0.3
MOST_OF_AN_ANSWER = 4 * 1024 * 1024
PACKAGES = ("httpx2", "pydantic", "genai-prices", "mcp")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyState:
    """Whether a provider has its key."""

    provider: str
    variable: str
    """The environment variable that holds it."""
    is_set: bool
    is_needed: bool
    """Whether the provider cannot work without it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalServer:
    """A model server at its address on this machine."""

    provider: str
    name: str
    address: str
    state: ServerState
    """`something else`: another program answers there. `not local`: the address that is set is
    another machine's, which is left alone."""
    version: str | None = None
    models: tuple[str, ...] = ()
    hint: str | None = None
    """What to do if it should be running."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """What `diagnose` found."""

    keys: tuple[KeyState, ...]
    servers: tuple[LocalServer, ...]
    versions: Mapping[str, str]
    """By package; `not installed` for what is optional and missing."""


def diagnose(*, timeout: float = PATIENCE) -> Diagnosis:
    """Look for keys, local servers and versions.

    Args:
        timeout: Seconds that every server has to answer; all are asked at once.
    """
    from concurrent.futures import ThreadPoolExecutor

    _warm_up()

    def look_at(provider: str) -> LocalServer:
        return run_now(_look_at(BLOCKING, provider, timeout))

    with ThreadPoolExecutor(max_workers=len(SIGNS)) as pool:
        servers = pool.map(look_at, SIGNS)
        return Diagnosis(keys=_keys(), servers=tuple(servers), versions=_versions())


async def diagnose_async(*, timeout: float = PATIENCE) -> Diagnosis:  # noqa: ASYNC109, of each server
    """Look for keys, local servers and versions; see `diagnose`."""
    _warm_up()
    servers = await asyncio.gather(*(_look_at(ASYNC, provider, timeout) for provider in SIGNS))
    return Diagnosis(keys=_keys(), servers=tuple(servers), versions=_versions())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sign:
    """How to tell a server, by what no other one answers."""

    path: str
    """What to ask it for."""
    shows: Callable[[Mapping[str, Any]], bool]
    """Whether the answer is its own."""
    models: str = "/v1/models"
    version: tuple[str, str] | None = field(default=None)
    """Where it tells its version, and by which member."""


def _owned_by(owner: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda answer: any(model.get("owned_by") == owner for model in _listed(answer))


SIGNS: Mapping[str, _Sign] = {
    # https://github.com/ollama/ollama/blob/main/docs/api.md
    "ollama": _Sign(
        path="/api/version",
        shows=lambda answer: isinstance(answer.get("version"), str),
        version=("/api/version", "version"),
    ),
    # Its own command asks for this: https://github.com/lmstudio-ai/lms
    "lmstudio": _Sign(
        path="/lmstudio-greeting", shows=lambda answer: answer.get("lmstudio") is True
    ),
    # https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
    "vllm": _Sign(path="/v1/models", shows=_owned_by("vllm"), version=("/version", "version")),
    # https://github.com/ggml-org/llama.cpp/tree/master/tools/server
    "llamacpp": _Sign(
        path="/v1/models", shows=_owned_by("llamacpp"), version=("/props", "build_info")
    ),
}
"""The servers that are looked for, by provider."""


def _warm_up() -> None:
    """Load what carries the questions beforehand: that is not the servers' time."""
    import httpx2  # noqa: F401  # pyright: ignore[reportUnusedImport]


async def _look_at(io: IO, provider: str, patience: float) -> LocalServer:
    vendor, sign = VENDORS[provider], SIGNS[provider]
    given = os.environ.get(vendor.base_url_env or "") or filled(vendor.base_url or "")
    address = given.rstrip("/").removesuffix("/v1")
    endpoint = Endpoint(
        provider=provider,
        base_url=address,
        timeouts=Timeouts.of(patience),
        max_reply=MOST_OF_AN_ANSWER,
    )

    def found(state: ServerState, **more: Any) -> LocalServer:
        hint = None if state == "running" else vendor.hint
        return LocalServer(
            provider=provider,
            name=vendor.name,
            address=_shown(address),
            state=state,
            hint=hint,
            **more,
        )

    if not endpoint.is_loopback:
        return found("not local")
    until = io.now() + patience
    try:
        answer = await _answer(io, endpoint, sign.path)
    except (ConnectionError, TimeoutError):
        return found("silent")
    except ProviderError:  # what came is nothing that such a server would say
        return found("something else")
    if not sign.shows(answer):
        return found("something else")
    release, models = None, answer
    with suppress(ProviderError):  # it runs, whatever else it tells
        if sign.version is not None:
            path, member = sign.version
            told = await _answer(io, _hurried(endpoint, io, until), path)
            release = told.get(member)
        if sign.path != sign.models:
            models = await _answer(io, _hurried(endpoint, io, until), sign.models)
    return found(
        "running",
        version=release if isinstance(release, str) else None,
        models=tuple(str(model["id"]) for model in _listed(models) if "id" in model),
    )


def _hurried(endpoint: Endpoint, io: IO, until: float) -> Endpoint:
    """The endpoint with what is left of the time, and a moment at the least."""
    return endpoint.moved(timeouts=Timeouts.of(max(until - io.now(), 0.05)))


async def _answer(io: IO, endpoint: Endpoint, path: str) -> Mapping[str, Any]:
    """The JSON object at a path; an empty one for anything else.

    Raises:
        ProviderError: If nobody answers in time.
    """
    reply = await io.send(endpoint, HttpRequest(method="GET", path=path, body=b""))
    parsed: object = None
    if reply.status == OK:
        with suppress(ValueError, RecursionError):
            parsed = json.loads(reply.body)
    return cast("Mapping[str, Any]", parsed) if isinstance(parsed, dict) else {}


def _listed(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The models of a list in OpenAI's form."""
    models: object = answer.get("data")
    if not isinstance(models, list):
        return []
    every = cast("list[object]", models)
    return [cast("Mapping[str, Any]", each) for each in every if isinstance(each, dict)]


def _shown(address: str) -> str:
    """An address without a user's name and password, should it have them."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _keys() -> tuple[KeyState, ...]:
    return tuple(
        KeyState(
            provider=vendor.id,
            variable=vendor.key_env,
            is_set=bool(os.environ.get(vendor.key_env)),
            is_needed=vendor.default_key is None,
        )
        for vendor in VENDORS.values()
        if vendor.key_env is not None and ":" not in vendor.id  # another way to the same service
    )


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from mirascope_nb._version import __version__

    found = {"mirascope_nb": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
