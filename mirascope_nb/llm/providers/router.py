"""Mirascope's router: the makers' own wire protocols behind one key.

What it answers is the maker's answer, and says so: `provider_id` is that of the maker.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from mirascope_nb.llm.context import Context
from mirascope_nb.llm.exceptions import APIError, FeatureNotSupportedError
from mirascope_nb.llm.formatting import FormatSpec
from mirascope_nb.llm.io import Endpoint, Timeouts
from mirascope_nb.llm.messages import Message
from mirascope_nb.llm.params import Params
from mirascope_nb.llm.providers.base import BaseProvider
from mirascope_nb.llm.providers.registration import checked_address, checked_transport, differs
from mirascope_nb.llm.providers.vendors import VENDORS
from mirascope_nb.llm.responses import BaseResponse, BaseStreamResponse, Face
from mirascope_nb.llm.tools import BaseToolkit

if TYPE_CHECKING:
    from pydantic import SecretStr

    from mirascope_nb.llm.io.endpoint import Transport
    from mirascope_nb.llm.providers.wire import WireProvider

__all__ = ["MirascopeProvider"]

_VENDOR = VENDORS["mirascope"]
# Where a maker's API begins below the router's address and the maker's name.
_VERSIONS = {"anthropic": "", "google": "", "openai": "/v1"}


class MirascopeProvider(BaseProvider[Endpoint]):
    """Models of Anthropic, Google and OpenAI, by Mirascope's router."""

    id = _VENDOR.id
    default_scope: ClassVar[str | list[str]] = list(_VENDOR.default_scope)

    def __init__(
        self,
        *,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        transport: Transport | None = None,
        timeout: float | Timeouts | None = None,
        max_event: int | None = None,
        max_reply: int | None = None,
    ) -> None:
        """Make a provider.

        Args:
            api_key: The router's key; by default from `MIRASCOPE_API_KEY`.
            base_url: The router's address; by default from `MIRASCOPE_ROUTER_BASE_URL`, or its own.
            transport: An `httpx2` transport to use instead of the network.
            timeout: Seconds for a whole request, or `Timeouts`.
            max_event: The most bytes of one event of a stream; by default 64 MiB.
            max_reply: The most bytes of one reply, decompressed; by default 256 MiB.

        Raises:
            ValueError: If there is no key, the address is not valid, or a size is not positive.
            TypeError: If the transport is not one of `httpx2`'s, or a size is not an integer.
        """
        address = base_url or os.environ.get(_VENDOR.base_url_env or "") or _VENDOR.base_url
        self._follows_environment = not api_key
        self._given: dict[str, Any] = {
            "transport": checked_transport(transport),
            "timeout": timeout,
            "max_event": max_event,
            "max_reply": max_reply,
        }
        self._route(checked_address(address, _VENDOR.name), self._key(api_key))

    @staticmethod
    def _key(api_key: str | SecretStr | None) -> SecretStr:
        from pydantic import SecretStr

        key = api_key or os.environ.get(_VENDOR.key_env or "")
        if not key:
            raise ValueError(
                f"Mirascope API key not found. Set the {_VENDOR.key_env} environment variable or "
                "pass the api_key parameter to register_provider()."
            )
        return key if isinstance(key, SecretStr) else SecretStr(key)

    def _route(self, address: str, key: SecretStr) -> None:
        """Have a provider for each maker below this address."""
        from mirascope_nb.llm.providers.classes import PROVIDER_CLASSES  # which imports this one

        self.client = Endpoint(provider=self.id, base_url=address, key=key)
        self._makers: dict[str, WireProvider] = {
            maker: PROVIDER_CLASSES[maker](
                api_key=key, base_url=f"{self.client.base_url}/{maker}{version}", **self._given
            )
            for maker, version in _VERSIONS.items()
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.client.shown!r})"

    def get_error_status(self, e: Exception) -> int | None:
        """The HTTP status of an error of ours."""
        return e.status_code if isinstance(e, APIError) else None

    def _maker(self, model_id: str) -> WireProvider:
        if self._follows_environment and differs(self.client.key, _VENDOR.key_env):
            self._route(self.client.base_url, self._key(None))
        maker = self._makers.get(model_id.partition("/")[0])
        if maker is None:
            known = ", ".join(f"'{name}/'" for name in self._makers)
            raise FeatureNotSupportedError(
                "model",
                self.id,
                model_id,
                f"The router has no model '{model_id}': its models' ids begin with one of {known}.",
            )
        return maker

    async def do_call(
        self,
        face: Face,
        *,
        ctx: Context[Any] | None,
        model_id: str,
        messages: Sequence[Message],
        toolkit: BaseToolkit[Any],
        format: FormatSpec[Any] | None,
        params: Params,
    ) -> BaseResponse[Any]:
        """A whole reply, of the model's maker."""
        return await self._maker(model_id).do_call(
            face,
            ctx=ctx,
            model_id=model_id,
            messages=messages,
            toolkit=toolkit,
            format=format,
            params=params,
        )

    async def do_stream(
        self,
        face: Face,
        *,
        ctx: Context[Any] | None,
        model_id: str,
        messages: Sequence[Message],
        toolkit: BaseToolkit[Any],
        format: FormatSpec[Any] | None,
        params: Params,
    ) -> BaseStreamResponse[Any]:
        """A streaming reply, of the model's maker."""
        return await self._maker(model_id).do_stream(
            face,
            ctx=ctx,
            model_id=model_id,
            messages=messages,
            toolkit=toolkit,
            format=format,
            params=params,
        )
