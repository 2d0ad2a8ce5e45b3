"""What can go wrong, as one tree.

```
Error
├── ProviderError
│   ├── APIError
│   │   ├── AuthenticationError 401     ├── NotFoundError 404
│   │   ├── PermissionError 403         ├── RateLimitError 429
│   │   ├── BadRequestError 400         └── ServerError 500
│   ├── ConnectionError
│   ├── TimeoutError
│   └── ResponseValidationError
├── ToolError
│   ├── ToolExecutionError
│   └── ToolNotFoundError
├── ParseError
├── FeatureNotSupportedError
├── NoRegisteredProviderError
├── MissingAPIKeyError
├── RetriesExhausted
└── StreamRestarted
```

`ConnectionError`, `TimeoutError` and `PermissionError` are this module's own, not the built-ins.
No message holds a key or a whole request.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

    from mirascope_nb.llm.retries import RetryFailure

__all__ = [
    "APIError",
    "AuthenticationError",
    "BadRequestError",
    "ConnectionError",
    "Error",
    "FeatureNotSupportedError",
    "MissingAPIKeyError",
    "NoRegisteredProviderError",
    "NotFoundError",
    "ParseError",
    "PermissionError",
    "ProviderError",
    "RateLimitError",
    "ResponseValidationError",
    "RetriesExhausted",
    "ServerError",
    "StreamRestarted",
    "TimeoutError",
    "ToolError",
    "ToolExecutionError",
    "ToolNotFoundError",
]


class Error(Exception):
    """The root of everything this library raises on its own account."""

    def __reduce__(self) -> tuple[object, ...]:
        # The default would call the class with `args`, which is the message alone.
        return _unpickled, (type(self), self.args, self._carried())

    def _carried(self) -> dict[str, object]:
        """The attributes that go along when the error is pickled."""
        known = {**vars(self), "__cause__": self.__cause__}
        return {
            name: portable(value) if isinstance(value, BaseException) else value
            for name, value in known.items()
        }


def _unpickled(cls: type[Error], args: tuple[object, ...], state: dict[str, object]) -> Error:
    error = cls.__new__(cls)
    error.args = args
    error.__cause__ = cast("BaseException | None", state.pop("__cause__"))
    vars(error).update(state)
    return error


def portable(error: BaseException) -> BaseException:
    """An exception as it can go to another process: itself, or one that says the same.

    Users' exceptions may take arguments of their own, or hold what cannot be pickled.
    """
    import pickle

    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301, our own bytes
    except Exception:  # noqa: BLE001, whatever its pickling raises
        return RuntimeError(str(error))
    return error


class ProviderError(Error):
    """A provider, or the way to it, failed."""

    provider: str
    """Id of the provider, such as `"openai"`."""

    original_exception: Exception | None
    """The exception underneath, also as `__cause__`; `None` when the provider answered by HTTP."""

    retry_after: float | None = None
    """Seconds the server asked to wait before another attempt, or `None` if it did not say."""

    should_retry: bool | None = None
    """Whether another attempt can help, where that is known better than by the class alone."""

    def __init__(
        self, message: str, provider: str, original_exception: Exception | None = None
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.original_exception = original_exception
        if original_exception is not None:
            self.__cause__ = original_exception

    def _carried(self) -> dict[str, object]:
        # A transport's exceptions hold the request, and so the key.
        return super()._carried() | {"original_exception": None, "__cause__": None}


class APIError(ProviderError):
    """The provider answered with an error."""

    default_status: ClassVar[int | None] = None
    status_code: int | None
    """HTTP status; for an error event inside a stream, the status of its HTTP form."""

    code: str | None = None
    """The provider's own name of the error, such as `"insufficient_quota"`, if it gave one."""

    def __init__(
        self,
        message: str,
        provider: str,
        status_code: int | None = None,
        original_exception: Exception | None = None,
    ) -> None:
        super().__init__(message, provider, original_exception)
        self.status_code = self.default_status if status_code is None else status_code


class AuthenticationError(APIError):
    """The key is missing, wrong or revoked (401)."""

    default_status = 401


class PermissionError(APIError):
    """The key may not do this (403)."""

    default_status = 403


class BadRequestError(APIError):
    """The provider refused the request as malformed (400, 409, 422)."""

    default_status = 400


class NotFoundError(APIError):
    """No such model or address (404)."""

    default_status = 404


class RateLimitError(APIError):
    """Too many requests or tokens, or no quota left (429)."""

    default_status = 429


class ServerError(APIError):
    """The provider failed (500 and above)."""

    default_status = 500


class ConnectionError(ProviderError):
    """The provider could not be reached, or the connection broke before the reply was whole."""


class TimeoutError(ProviderError):
    """The provider did not answer in time."""


class ResponseValidationError(ProviderError):
    """The provider's answer is not what its protocol promises."""


class ToolError(Error):
    """A tool call did not give a result."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic write the error of a `ToolOutput` as JSON, and read it back."""
        from pydantic_core import core_schema as schema

        written = handler.generate_schema(dict[str, str])
        read = schema.no_info_after_validator_function(_tool_error_of, written)
        return schema.json_or_python_schema(
            json_schema=read,
            python_schema=schema.union_schema([schema.is_instance_schema(cls), read]),
            serialization=schema.plain_serializer_function_ser_schema(
                _written_tool_error, return_schema=written
            ),
        )


class ToolExecutionError(ToolError):
    """A tool raised, timed out, was not allowed, or could not read its arguments."""

    tool_exception: Exception
    """What the tool raised."""

    def __init__(self, tool_exception: Exception | str) -> None:
        if isinstance(tool_exception, str):
            tool_exception = ValueError(tool_exception)
        super().__init__(str(tool_exception))
        self.tool_exception = tool_exception
        self.__cause__ = tool_exception

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ToolExecutionError) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash((ToolExecutionError, str(self)))


class ToolNotFoundError(ToolError):
    """The model called a tool that was not offered."""

    tool_name: str

    def __init__(self, tool_name: str) -> None:
        super().__init__(f"Tool '{tool_name}' not found in registered tools")
        self.tool_name = tool_name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ToolNotFoundError) and self.tool_name == other.tool_name

    def __hash__(self) -> int:
        return hash((ToolNotFoundError, self.tool_name))

    def __repr__(self) -> str:
        return f"ToolNotFoundError({self.tool_name!r})"


def _written_tool_error(error: ToolError) -> dict[str, str]:
    if isinstance(error, ToolNotFoundError):
        return {"type": "tool_not_found", "tool_name": error.tool_name}
    return {"type": "tool_execution", "message": str(error)}


def _tool_error_of(written: dict[str, str]) -> ToolError:
    match written:
        case {"type": "tool_not_found", "tool_name": name}:
            return ToolNotFoundError(name)
        case {"type": "tool_execution", "message": message}:
            return ToolExecutionError(message)
        case _:
            raise ValueError("this is not a tool error")


class ParseError(Error):
    """A reply could not be parsed into the format asked for."""

    original_exception: Exception
    """Why: of pydantic, of `json`, or of an output parser."""

    _retry_message: str | None = None
    """For an error that was pickled: its exceptions may have arrived as others."""

    def __init__(self, message: str, original_exception: Exception) -> None:
        super().__init__(message)
        self.original_exception = original_exception
        self.__cause__ = original_exception

    def retry_message(self) -> str:
        """What to tell the model so that its next reply can be parsed."""
        if self._retry_message is not None:
            return self._retry_message
        from pydantic import ValidationError

        error = self.original_exception
        if isinstance(error, ValidationError):
            return (
                f"Your response failed schema validation:\n{error}\n\n"
                "Please correct these issues and respond again."
            )
        if isinstance(error, json.JSONDecodeError):
            return (
                "Your response could not be parsed because no valid JSON object was found. "
                "Please ensure your response contains a JSON object "
                "with opening '{' and closing '}' braces."
            )
        return (
            f"Your response could not be parsed: {error}\n\n"
            "Please ensure your response matches the expected format."
        )

    def _carried(self) -> dict[str, object]:
        return super()._carried() | {"_retry_message": self.retry_message()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParseError) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash((ParseError, str(self)))


class FeatureNotSupportedError(Error):
    """A provider or model cannot do what was asked, so nothing was sent."""

    feature: str
    """What was asked for, in a few words."""
    provider_id: str
    model_id: str | None
    """The model, if it is the one that cannot; `None` if no model of the provider can."""

    def __init__(
        self,
        feature: str,
        provider_id: str,
        model_id: str | None = None,
        message: str | None = None,
    ) -> None:
        if message is None:
            which = f" for model '{model_id}'" if model_id is not None else ""
            message = f"Feature '{feature}' is not supported by provider '{provider_id}'{which}"
        super().__init__(message)
        self.feature = feature
        self.provider_id = provider_id
        self.model_id = model_id


class NoRegisteredProviderError(Error):
    """No provider is known for a model id."""

    model_id: str

    def __init__(self, model_id: str, hint: str | None = None) -> None:
        super().__init__(
            f"No provider registered for model '{model_id}'. "
            + (hint or "Use llm.register_provider() to register a provider for this model.")
        )
        self.model_id = model_id


class MissingAPIKeyError(Error):
    """The provider needs a key, and none is set."""

    provider_id: str
    env_var: str
    """The environment variable that would hold the key."""

    def __init__(
        self,
        provider_id: str,
        env_var: str,
        has_mirascope_fallback: bool = False,  # noqa: FBT001, FBT002, the published signature
    ) -> None:
        if has_mirascope_fallback:
            message = (
                f"No API key found for {provider_id}. Either:\n"
                f"  1. Set the {env_var} environment variable, or\n"
                "  2. Set the MIRASCOPE_API_KEY environment variable to use the router."
            )
        else:
            message = f"No API key found for {provider_id}. Set the {env_var} environment variable."
        super().__init__(message)
        self.provider_id = provider_id
        self.env_var = env_var


class RetriesExhausted(Error):  # noqa: N818, the published name
    """Every attempt on every model failed."""

    failures: list[RetryFailure]
    """One a failed attempt, in order."""

    def __init__(self, failures: Sequence[RetryFailure]) -> None:
        self.failures = list(failures)
        models = list(dict.fromkeys(failure.model.model_id for failure in self.failures))
        super().__init__(
            f"All retries exhausted after {len(self.failures)} attempt(s) across models: {models}"
        )
        if self.failures:
            self.__cause__ = self.failures[-1].exception

    def _carried(self) -> dict[str, object]:
        carried = [replace(each, exception=portable(each.exception)) for each in self.failures]
        return super()._carried() | {"failures": carried}

    @property
    def retry_after(self) -> float | None:
        """Seconds that the last failure's server asked to wait, or `None` if it did not say."""
        last = self.failures[-1].exception if self.failures else None
        return last.retry_after if isinstance(last, ProviderError) else None


class StreamRestarted(Error):  # noqa: N818, the published name
    """A stream failed midway and was replaced by a fresh one: iterate again.

    What had arrived before is gone from the response; two attempts are never spliced.
    """

    failure: RetryFailure
    """The attempt that broke off."""

    def __init__(self, failure: RetryFailure) -> None:
        super().__init__(f"Stream restarted due to: {failure.exception}")
        self.failure = failure
        self.__cause__ = failure.exception

    def _carried(self) -> dict[str, object]:
        failure = replace(self.failure, exception=portable(self.failure.exception))
        return super()._carried() | {"failure": failure}
