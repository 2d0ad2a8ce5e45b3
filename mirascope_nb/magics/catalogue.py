"""The providers and models that are known by name, for `%llm list`, `doctor` and completion.

Not a list of what exists: an id that is not here is tried all the same.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderEntry:
    """A provider.

    Attributes:
        id: As it begins a model id.
        key_variable: The environment variable that holds its key, or `None` when it needs none.
        has_key: Whether that variable is set. Its value is not looked at further.
        needs_key: Whether it can be called without.
    """

    id: str
    key_variable: str | None
    has_key: bool
    needs_key: bool

    @property
    def ready(self) -> bool:
        """Whether a call can be tried."""
        return self.has_key or not self.needs_key


def providers() -> list[ProviderEntry]:
    """Every provider, those ready for use first, otherwise in the order of the core's table."""
    from mirascope_nb import llm

    vendors = _vendors()
    entries: list[ProviderEntry] = []
    for provider in llm.providers.KNOWN_PROVIDER_IDS:
        if ":" in provider:
            continue  # another way to the same service
        vendor = vendors.get(provider)
        # A provider that is no row of the table, such as the router, follows the custom.
        variable = f"{provider.upper()}_API_KEY" if vendor is None else vendor.key_env
        entries.append(
            ProviderEntry(
                id=provider,
                key_variable=variable,
                has_key=variable is not None and bool(os.environ.get(variable)),
                needs_key=variable is not None and getattr(vendor, "default_key", None) is None,
            )
        )
    return sorted(entries, key=lambda entry: not entry.ready)


def models(provider: str | None = None) -> list[str]:
    """Ids of the models that are known, of one provider or of all, in alphabetical order."""
    from mirascope_nb import llm

    ids = {*llm.known_models(), *_sandbox_models()}
    return sorted(each for each in ids if provider is None or each.startswith(f"{provider}/"))


def models_at_once() -> list[str]:
    """As `models`, without those that take long to look up the first time.

    A page waits a second for what can complete a word, and the price list alone takes half of one
    to import. So the page gets its answer first, and the list is there for the next key. It is
    imported by the loop's own thread: two threads that import one package see half of it.
    """
    if "genai_prices.data" in sys.modules:
        return models()
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # a terminal waits as long as it takes
        return models()
    loop.call_soon(models)
    return sorted(_sandbox_models())


def _sandbox_models() -> set[str]:
    from mirascope_nb.sandbox.models import DESCRIPTIONS

    return {f"sandbox/{name}" for name in DESCRIPTIONS}


def _vendors() -> Mapping[str, Any]:
    """The rows of the core's vendor table, as its public provider classes name them."""
    from mirascope_nb import llm

    classes = [each for each in vars(llm.providers).values() if isinstance(each, type)]
    vendors = [getattr(each, "vendor", None) for each in classes]
    return {vendor.id: vendor for vendor in vendors if vendor is not None}
