"""Models that try again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack, cast

from mirascope_nb.llm.context import Context
from mirascope_nb.llm.formatting import FormatSpec
from mirascope_nb.llm.messages import Message
from mirascope_nb.llm.models import Model, ModelId
from mirascope_nb.llm.responses import BaseResponse, BaseStreamResponse, Face
from mirascope_nb.llm.retries.asking import RetryFaces
from mirascope_nb.llm.retries.attempts import Attempts
from mirascope_nb.llm.retries.config import RetryConfig, RetryModelParams, split_params
from mirascope_nb.llm.tools import AnyTools

if TYPE_CHECKING:
    from mirascope_nb.llm.io import Timeouts

__all__ = ["RetryModel", "retry_model"]


class RetryModel(RetryFaces):
    """A model that is called again when it fails, and then others."""

    retry_config: RetryConfig

    def __init__(self, model: Model | ModelId, retry_config: RetryConfig | None = None) -> None:
        """Let a model retry.

        Args:
            model: The model to ask first, or its id.
            retry_config: How; by default as `RetryConfig` says.
        """
        primary = plain(model if isinstance(model, Model) else Model(model))
        super().__init__(primary.model_id, timeout=primary.timeout, **primary.params)
        self.retry_config = retry_config or RetryConfig()
        self._models = [
            primary,
            *(self._fallback(each) for each in self.retry_config.fallback_models),
        ]
        self._active = primary

    def _fallback(self, model: Model | ModelId) -> Model:
        if isinstance(model, Model):
            return plain(model)
        return Model(model, timeout=self.timeout, **self.params)

    def get_active_model(self) -> Model:
        """The plain model that is asked first: the one that answered last, in a conversation."""
        return self._active

    def variants(self) -> list[Model]:
        """The plain models in the order in which they are asked."""
        return [self._active, *(each for each in self._models if each is not self._active)]

    def with_active(self, model: Model) -> RetryModel:
        """The same models, beginning with another."""
        other = RetryModel(self._models[0], self.retry_config)
        other._models = self._models
        other._active = model
        other.model_id, other.params, other.timeout = model.model_id, model.params, model.timeout
        return other

    async def do_ask(
        self,
        face: Face,
        ctx: Context[Any] | None,
        messages: list[Message],
        tools: AnyTools | None,
        format: FormatSpec[Any] | None,
        *,
        streamed: bool,
    ) -> Any:
        """A reply as this face has it, of the first attempt that succeeds."""
        from mirascope_nb.llm.retries.responses import Reopen, retried

        async def attempt(model: Model) -> BaseResponse[Any] | BaseStreamResponse[Any]:
            return await model.do_ask(face, ctx, messages, tools, format, streamed=streamed)

        attempts = Attempts(face.io, self.retry_config, self.variants())
        response = await attempts.run(attempt)
        reopen = cast("Reopen", attempt) if streamed else None
        return retried(response, self, attempts, reopen)


def plain(model: Model) -> Model:
    """A model without retries: a retrying one's active model."""
    return model.get_active_model() if isinstance(model, RetryModel) else model


def retry_model(
    model_id: ModelId,
    *,
    timeout: float | Timeouts | None = None,
    **params: Unpack[RetryModelParams],
) -> RetryModel:
    """A model that is called again when it fails, and then its fallbacks.

    Args:
        model_id: The model to ask first.
        timeout: Seconds for one attempt, or `Timeouts`.
        **params: The fields of `RetryConfig`, and params of the model. Fallbacks given by id share
            the params; those given as models keep their own.

    Raises:
        ValueError: If a value is out of its range.
    """
    config, rest = split_params(params)
    return RetryModel(Model(model_id, timeout=timeout, **rest), config)
