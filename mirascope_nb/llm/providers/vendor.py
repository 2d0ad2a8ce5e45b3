"""What the table of services knows about each, and the kinds of services it holds.

In an address or a path, `{NAME}` stands for an environment variable, `{NAME|OTHER=value}` for the
first of several that is set, or else for the value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from mirascope_nb.llm.providers.codec import Profile

__all__ = [
    "BEARER",
    "COMPATIBLE",
    "OPENAI",
    "ROUTER",
    "STRICT",
    "Vendor",
    "WireName",
    "compatible",
    "filled",
    "local",
    "native",
]

WireName: TypeAlias = Literal["openai_chat", "openai_responses", "anthropic", "google"]
"""A wire protocol: the package beside this module that speaks it."""

BEARER = {"authorization": "Bearer {key}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendor:
    """A service: where it is, what it expects, and how it differs."""

    id: str
    name: str
    """The name that error messages use."""
    wire: WireName | None
    """Its wire protocol; `None` where it depends on the request."""
    base_url: str | None
    """Its address; `None` if it must be given."""
    path_root: str = ""
    """What every path begins with. An address may end with it too."""
    base_url_env: str | None = None
    """The environment variable that may hold another address."""
    key_env: str | None = None
    """The environment variable that holds the key; `None` if none is used."""
    needs_key: bool = True
    """Whether a provider cannot be built without a key."""
    default_key: str | None = None
    """What to send if no key is needed but the header is."""
    default_scope: tuple[str, ...] = ()
    """Prefixes it serves when it is registered without a scope."""
    auto_scope: tuple[str, ...] = ()
    """Prefixes for which it is registered automatically on first use."""
    prefix: str | None = None
    """The prefix of a model id that is not part of the service's model name; `None` for none."""
    plain_names: bool = False
    """Whether model names never hold a slash: then anything before the slash of a model id is cut
    off, even if it is not the prefix but the scope of a proxy."""
    auth: Mapping[str, str] = field(default_factory=lambda: dict(BEARER))
    """Headers that authenticate; `{key}` stands for the key."""
    proxy_auth: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further headers for any address other than the service's own."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    profile: Profile = field(default_factory=Profile)
    renames: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """Members of a body that have another name here, or, with `None`, are refused."""
    start: Callable[[], str] | None = None
    """Starts the service where it is part of this package, and returns its address."""
    hint: str | None = None
    """What to do if nobody answers at its address."""


_PLACEHOLDER = re.compile(r"\{([A-Z][A-Z0-9_|]*)(?:=([^}]*))?\}")


def filled(template: str) -> str:
    """An address or a path with the environment's values in it.

    Raises:
        ValueError: If a variable is not set and the template has no value for that.
    """

    def value(found: re.Match[str]) -> str:
        names = found[1].split("|")
        values = [os.environ[name] for name in names if os.environ.get(name)]
        if not values and found[2] is None:
            raise ValueError(f"Set the {' or '.join(names)} environment variable.")
        return values[0] if values else found[2]

    return _PLACEHOLDER.sub(value, template)


OPENAI = Profile(api_suffix=True, reasoning=None, strict_formats=True)
COMPATIBLE = Profile(replays_turns=False)
ROUTER = Profile(replays_turns=False, reasoning_prefixes=("openai/",))
STRICT = Profile(replays_turns=False, strict_formats=True)


def native(id: str, name: str, wire: WireName | None, base_url: str, key_env: str) -> Vendor:
    """One of OpenAI's providers, or another maker of models with its own wire protocol."""
    scope = f"{id.partition(':')[0]}/"
    return Vendor(
        id=id,
        name=name,
        wire=wire,
        base_url=base_url,
        key_env=key_env,
        needs_key=False,  # found missing when it is used, by which time it may be set
        default_scope=(scope,),
        auto_scope=() if ":" in id else (scope,),
        prefix=scope,
        plain_names=True,
        profile=OPENAI,
    )


def compatible(
    id: str,
    name: str,
    base_url: str | None,
    key_env: str,
    *,
    profile: Profile = COMPATIBLE,
    is_router: bool = False,
    **more: object,
) -> Vendor:
    """A service that speaks chat completions and serves the ids that begin with its own.

    Args:
        id: Id of the provider, and first segment of its model ids.
        name: What error messages call it.
        base_url: Its address.
        key_env: The environment variable that holds the key.
        profile: How it differs from OpenAI.
        is_router: Whether, registered without a scope, it serves nothing: whoever names it wants
            to say for which makers' models.
        **more: Further members of the row.
    """
    scope = (f"{id}/",)
    members: dict[str, object] = {
        "wire": "openai_chat",
        "default_scope": () if is_router else scope,
        "auto_scope": scope,
        "prefix": scope[0],
    }
    return Vendor(
        id=id,
        name=name,
        base_url=base_url,
        key_env=key_env,
        profile=profile,
        **(members | more),  # pyright: ignore[reportArgumentType]
    )


def local(id: str, name: str, port: int, hint: str, **more: object) -> Vendor:
    """A server that the user runs, which rarely checks its key."""
    variable = id.upper()
    members: dict[str, object] = {
        "base_url_env": f"{variable}_BASE_URL",
        "default_key": id,
        "hint": hint,
        "profile": STRICT,
    }
    address = f"http://localhost:{port}/v1"
    return compatible(id, name, address, f"{variable}_API_KEY", **(members | more))  # pyright: ignore[reportArgumentType]
