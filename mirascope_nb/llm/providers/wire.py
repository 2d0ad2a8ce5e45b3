"""The providers that are a row of the vendor table: one implementation of all sixteen methods."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from mirascope_nb.llm.context import Context
from mirascope_nb.llm.exceptions import APIError, ConnectionError, MissingAPIKeyError
from mirascope_nb.llm.exchange import complete, open_stream
from mirascope_nb.llm.formatting import FormatSpec, resolve_format
from mirascope_nb.llm.io import Endpoint, Timeouts
from mirascope_nb.llm.messages import AssistantMessage, Message
from mirascope_nb.llm.params import Params
from mirascope_nb.llm.providers.base import BaseProvider
from mirascope_nb.llm.providers.codec import Codec, Profile, Request
from mirascope_nb.llm.providers.foreign_calls import distinct_calls
from mirascope_nb.llm.providers.instructions import add_instructions
from mirascope_nb.llm.providers.registration import (
    checked_address,
    checked_size,
    checked_transport,
    differs,
)
from mirascope_nb.llm.providers.vendors import VENDORS, Vendor, codec_of, filled, wire_for
from mirascope_nb.llm.responses import BaseResponse, BaseStreamResponse, Face
from mirascope_nb.llm.tools import BaseToolkit

if TYPE_CHECKING:
    from pydantic import SecretStr

    from mirascope_nb.llm.io.endpoint import Transport

__all__ = ["OpenAINames", "WireProvider"]


class WireProvider(BaseProvider[Endpoint]):
    """A service reached by HTTP in one of the wire protocols."""

    vendor: ClassVar[Vendor]

    def __init_subclass__(cls, *, vendor: str | None = None, **kwargs: Any) -> None:
        """Make the class the provider of a vendor."""
        super().__init_subclass__(**kwargs)
        if vendor is not None:
            cls.vendor = VENDORS[vendor]
            cls.id = vendor
            scope = list(cls.vendor.default_scope)
            cls.default_scope = scope[0] if len(scope) == 1 else scope

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
            api_key: The key; by default from the vendor's environment variable.
            base_url: The address; by default the vendor's own.
            transport: An `httpx2` transport to use instead of the network.
            timeout: Seconds for a whole request, or `Timeouts`.
            max_event: The most bytes of one event of a stream; by default 64 MiB.
            max_reply: The most bytes of one reply, decompressed; by default 256 MiB.

        Raises:
            ValueError: If a key or an address is needed and missing, if a header cannot hold the
                key, if the address is not valid, or if a size is not positive.
            TypeError: If the transport is not one of `httpx2`'s, or a size is not an integer.
        """
        vendor = self.vendor
        self._follows_environment = not api_key and vendor.key_env is not None
        key = self._key(api_key, base_url)
        given = base_url or os.environ.get(vendor.base_url_env or "")
        address = checked_address(given or self._own_address(), vendor.name)
        address = address.rstrip("/").removesuffix(vendor.path_root)
        self._is_ours = not given and vendor.start is not None
        self._profile = self.profile_at(address)
        self.client = Endpoint(
            provider=self.id,
            base_url=address,
            key=key,
            auth={**vendor.auth, **vendor.proxy_auth} if given else vendor.auth,
            headers={"user-agent": _user_agent(), **vendor.headers},
            timeouts=Timeouts.of(timeout),
            transport=checked_transport(transport),
            max_event=checked_size(max_event, "max_event"),
            max_reply=checked_size(max_reply, "max_reply"),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.client.shown!r})"

    def profile_at(self, address: str) -> Profile:  # noqa: ARG002, some services differ by address
        """How the service differs from the one whose protocol it speaks.

        Args:
            address: Where it is.
        """
        profile = self.vendor.profile
        return replace(profile, path=filled(profile.path)) if profile.path else profile

    def _own_address(self) -> str:
        vendor = self.vendor
        if vendor.start is not None:
            return vendor.start()
        if vendor.base_url is not None:
            return filled(vendor.base_url)
        hint = f" or set {vendor.base_url_env}" if vendor.base_url_env else ""
        raise ValueError(
            f"{vendor.name} has no address of its own: pass base_url to register_provider(){hint}."
        )

    def _key(self, api_key: str | SecretStr | None, base_url: str | None) -> SecretStr | None:
        from pydantic import SecretStr

        vendor = self.vendor
        if isinstance(api_key, SecretStr):
            api_key = api_key.get_secret_value()
        key = api_key or (os.environ.get(vendor.key_env) if vendor.key_env else None)
        key = (key or vendor.default_key or "").strip()  # without a file's trailing newline
        if not key and base_url:
            key = "none"  # local servers rarely check the key, yet some want the header
        if not key and vendor.key_env and vendor.needs_key:
            raise ValueError(
                f"{vendor.name} API key is required. Set the {vendor.key_env} environment "
                "variable or pass the api_key parameter to register_provider()."
            )
        if not (key.isascii() and key.isprintable()):
            key = api_key = None
            raise ValueError(
                f"The API key of {vendor.name} contains a line break or another character that "
                "cannot be part of a key. Copy it again."
            )
        return SecretStr(key) if key else None

    def _renew_key(self) -> None:
        """Take the key that the environment has now, should it have another than at first.

        A key that has been unset was not replaced, so it stays in use.
        """
        if self._follows_environment and differs(self.client.key, self.vendor.key_env):
            self.client = self.client.moved(key=self._key(None, None))

    def _endpoint(self) -> Endpoint:
        """Where to send now: a service of this package may have been started anew elsewhere."""
        start = self.vendor.start
        if self._is_ours and start is not None and (address := start()) != self.client.base_url:
            self.client = self.client.moved(base_url=address)
        return self.client

    def get_error_status(self, e: Exception) -> int | None:
        """The HTTP status of an error of ours."""
        return e.status_code if isinstance(e, APIError) else None

    def model_name(self, model_id: str) -> str:
        """The model as the service calls it: the id without the provider's prefix."""
        prefix = self.vendor.prefix or ""
        if self.vendor.plain_names and not model_id.startswith(prefix):
            return model_id.partition("/")[2] or model_id
        return model_id.removeprefix(prefix)

    def _prepare(
        self,
        model_id: str,
        messages: Sequence[Message],
        toolkit: BaseToolkit[Any],
        format: FormatSpec[Any] | None,
        params: Params,
    ) -> tuple[Codec, Endpoint, Request]:
        vendor = self.vendor
        self._renew_key()
        if self.client.key is None and vendor.key_env is not None:
            raise MissingAPIKeyError(self.id.partition(":")[0], vendor.key_env)
        params = cast("Params", dict(params))
        timeout = cast("dict[str, Any]", params).pop("timeout", None)
        request = Request(
            provider_id=self.id,
            model_id=model_id,
            model_name=self.model_name(model_id),
            messages=messages,
            toolkit=toolkit,
            format=None,
            params=params,
            profile=self._profile,
            format_spec=format,
        )
        codec = codec_of(wire_for(vendor, request))
        if vendor.renames:
            from mirascope_nb.llm.providers.renaming import RenamingCodec

            codec = RenamingCodec(codec, vendor.renames)
        resolved = resolve_format(format, codec.format_mode(request))
        if resolved is not None:
            request = replace(
                request, format=resolved, messages=add_instructions(messages, resolved)
            )
        endpoint = self._endpoint()
        if timeout is not None:
            endpoint = endpoint.moved(timeouts=Timeouts.of(timeout))
        return codec, endpoint, request

    def _readable(self, request: Request) -> Request:
        """The request as it is sent; what responses show of it stays as the user wrote it."""
        return replace(request, messages=distinct_calls(request.messages, request.provider_id))

    def _hint(self, error: ConnectionError) -> None:
        """Say what to do if a server that the user has to start is not there."""
        if self.vendor.hint and self.client.is_loopback:
            error.args = (f"{error} {self.vendor.hint}",)

    async def do_call(
        self,
        face: Face,
        *,
        ctx: Context[Any] | None,  # noqa: ARG002, for custom providers' hooks
        model_id: str,
        messages: Sequence[Message],
        toolkit: BaseToolkit[Any],
        format: FormatSpec[Any] | None,
        params: Params,
    ) -> BaseResponse[Any]:
        """A whole reply."""
        codec, endpoint, request = self._prepare(model_id, messages, toolkit, format, params)
        try:
            completion = await complete(face.io, endpoint, codec, self._readable(request))
        except ConnectionError as error:
            self._hint(error)
            raise
        name = codec.model_name(request)
        return face.response(
            raw=completion.raw,
            provider_id=self.id,
            model_id=model_id,
            provider_model_name=name,
            params=params,
            tools=toolkit,
            format=request.format,
            input_messages=list(request.messages),
            assistant_message=AssistantMessage(
                content=completion.content,
                provider_id=self.id,
                model_id=model_id,
                provider_model_name=name,
                raw_message=completion.raw_message,
            ),
            finish_reason=completion.finish_reason,
            usage=completion.usage,
        )

    async def do_stream(
        self,
        face: Face,
        *,
        ctx: Context[Any] | None,  # noqa: ARG002, for custom providers' hooks
        model_id: str,
        messages: Sequence[Message],
        toolkit: BaseToolkit[Any],
        format: FormatSpec[Any] | None,
        params: Params,
    ) -> BaseStreamResponse[Any]:
        """A streaming reply, once its status is known to be good."""
        codec, endpoint, request = self._prepare(model_id, messages, toolkit, format, params)
        try:
            source = await open_stream(face.io, endpoint, codec, self._readable(request))
        except ConnectionError as error:
            self._hint(error)
            raise
        return face.stream_response(
            provider_id=self.id,
            model_id=model_id,
            provider_model_name=codec.model_name(request),
            params=params,
            tools=toolkit,
            format=request.format,
            input_messages=list(request.messages),
            chunk_iterator=source,
        )


class OpenAINames(WireProvider):
    """What OpenAI's own providers share: names that may choose the API."""

    def model_name(self, model_id: str) -> str:
        """The model's name without the suffix that chooses the API."""
        return super().model_name(model_id).removesuffix(":completions").removesuffix(":responses")


def _user_agent() -> str:
    from mirascope_nb._version import __version__

    return f"mirascope_nb/{__version__}"
