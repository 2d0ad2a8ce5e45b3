"""Model ids to providers."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from mirascope_nb.llm.exceptions import MissingAPIKeyError, NoRegisteredProviderError
from mirascope_nb.llm.io import Timeouts
from mirascope_nb.llm.providers.base import BaseProvider, Provider
from mirascope_nb.llm.providers.suggestions import suggested_id, suggested_provider
from mirascope_nb.llm.providers.vendors import VENDORS, Vendor

if TYPE_CHECKING:
    from pydantic import SecretStr

    from mirascope_nb.llm.io.endpoint import Transport

__all__ = [
    "KNOWN_PROVIDER_IDS",
    "get_provider_for_model",
    "register_provider",
    "reset_provider_registry",
]

KNOWN_PROVIDER_IDS: tuple[str, ...] = tuple(VENDORS)
"""Ids that `register_provider` knows."""

_lock = threading.RLock()
_by_scope: dict[str, Provider] = {}
_built: dict[tuple[Any, ...], Provider] = {}


def register_provider(
    provider: str | Provider,
    scope: str | Sequence[str] | None = None,
    *,
    api_key: str | SecretStr | None = None,
    base_url: str | None = None,
    transport: Transport | None = None,
    timeout: float | Timeouts | None = None,
    max_event: int | None = None,
    max_reply: int | None = None,
) -> Provider:
    """Let a provider serve the model ids that begin with a scope.

    Args:
        provider: The id of a known provider, or one of your own.
        scope: Prefixes of model ids, such as `"openai/"`; by default the provider's own.
        api_key: Its key; by default from its environment variable.
        base_url: Its address; by default its own.
        transport: An `httpx2` transport to use instead of the network.
        timeout: Seconds for a whole request, or `llm.Timeouts(...)`.
        max_event: The most bytes of one event of a stream; by default 64 MiB.
        max_reply: The most bytes of one reply, decompressed; by default 256 MiB.

    Returns:
        The provider. The same id, key and address give the same one.

    Raises:
        ValueError: If the id is unknown, the provider needs a key and there is none, or the
            address cannot be one, or a number is not positive.
        TypeError: If an argument has the wrong type.
    """
    if not (api_key is None or isinstance(api_key, str) or hasattr(api_key, "get_secret_value")):
        raise TypeError(f"api_key has to be text, not {type(api_key).__name__}.")
    if isinstance(api_key, str):
        from pydantic import SecretStr

        # No frame of ours holds the key in the clear, whatever a traceback prints of it.
        api_key = SecretStr(api_key)
    settings = {
        "api_key": api_key,
        "base_url": base_url,
        "transport": transport,
        "timeout": timeout,
        "max_event": max_event,
        "max_reply": max_reply,
    }
    with _lock:
        if isinstance(provider, str):
            built = _build(provider, settings)
        elif not isinstance(provider, BaseProvider):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{provider!r} is neither a provider id nor a provider")
        elif given := [name for name, value in settings.items() if value is not None]:
            raise TypeError(
                f"{provider!r} is already built: pass {', '.join(given)} to its class instead."
            )
        else:
            built = provider
        if scope is None:
            scope = built.default_scope
        several = isinstance(scope, Collection) and not isinstance(scope, str)  # pyright: ignore[reportUnnecessaryIsInstance]
        scopes: list[Any] = list(scope) if several else [scope]
        for each in scopes:
            if not isinstance(each, str):
                raise TypeError(f"A scope is a prefix of model ids, not {each!r}")
        _by_scope.update(dict.fromkeys(scopes, built))
        return built


def reset_provider_registry() -> None:
    """Forget all registrations, and the providers made for them."""
    with _lock:
        _by_scope.clear()
        _built.clear()


def get_provider_for_model(model_id: str) -> Provider:
    """The provider for a model id: the longest registered scope that the id begins with.

    Where none is registered, a known provider is, if its key is set.

    Raises:
        MissingAPIKeyError: If the provider is known but has no key.
        NoRegisteredProviderError: If nobody serves such an id.
    """
    with _lock:
        scopes = [scope for scope in _by_scope if model_id.startswith(scope)]
        if scopes:
            return _by_scope[max(scopes, key=len)]
        known = [
            (scope, vendor)
            for vendor in VENDORS.values()
            for scope in vendor.auto_scope
            if model_id.startswith(scope)
        ]
        if not known:
            raise NoRegisteredProviderError(model_id, _hint(model_id))
        longest = max(len(scope) for scope, _ in known)
        chain = [(scope, vendor) for scope, vendor in known if len(scope) == longest]
        for scope, vendor in chain:
            if (router := _registered_router(vendor)) is not None:
                return register_provider(router, scope)
            if _has_key(vendor):
                return register_provider(vendor.id, scope)
        vendor = chain[0][1]
        raise MissingAPIKeyError(
            vendor.id, vendor.key_env or "", has_mirascope_fallback=len(chain) > 1
        )


def _build(provider: str, settings: dict[str, Any]) -> Provider:
    if provider not in VENDORS:
        near = suggested_provider(provider)
        hint = f"Did you mean '{near}'?" if near else f"Known are {', '.join(VENDORS)}."
        raise ValueError(f"Unknown provider: '{provider}'. {hint}")
    from mirascope_nb.llm.providers.classes import PROVIDER_CLASSES, MirascopeProvider

    transport = settings["transport"]
    own = {**settings, "transport": id(transport) if transport else None}
    key = (provider, *own.values())
    built = _built.get(key)
    if built is None:
        cls = PROVIDER_CLASSES.get(provider, MirascopeProvider)
        built = _built[key] = cls(**settings)
    return built


def _registered_router(vendor: Vendor) -> Provider | None:
    """The router registered last, which need not have been registered for ids like `router/...`."""
    if vendor.default_scope:
        return None
    return next((_built[key] for key in reversed(_built) if key[0] == vendor.id), None)


def _has_key(vendor: Vendor) -> bool:
    if vendor.key_env is None or vendor.default_key is not None:
        return True
    return bool(os.environ.get(vendor.key_env))


def _hint(model_id: str) -> str | None:
    meant = suggested_id(model_id)
    return f"Did you mean '{meant}'?" if meant else None
