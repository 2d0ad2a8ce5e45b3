"""Retries: one loop, on only where it is asked for."""

from mirascope_nb.llm.retries.config import (
    RetryArgs,
    RetryConfig,
    RetryFailure,
    RetryModelParams,
    next_delay,
)
from mirascope_nb.llm.retries.decorator import retry
from mirascope_nb.llm.retries.models import RetryModel, retry_model
from mirascope_nb.llm.retries.responses import (
    AsyncContextRetryResponse,
    AsyncContextRetryStreamResponse,
    AsyncRetryResponse,
    AsyncRetryStreamResponse,
    ContextRetryResponse,
    ContextRetryStreamResponse,
    RetryResponse,
    RetryStreamResponse,
)
from mirascope_nb.llm.retries.targets import (
    AsyncContextRetryCall,
    AsyncContextRetryPrompt,
    AsyncRetryCall,
    AsyncRetryPrompt,
    ContextRetryCall,
    ContextRetryPrompt,
    RetryCall,
    RetryPrompt,
)

__all__ = [
    "AsyncContextRetryCall",
    "AsyncContextRetryPrompt",
    "AsyncContextRetryResponse",
    "AsyncContextRetryStreamResponse",
    "AsyncRetryCall",
    "AsyncRetryPrompt",
    "AsyncRetryResponse",
    "AsyncRetryStreamResponse",
    "ContextRetryCall",
    "ContextRetryPrompt",
    "ContextRetryResponse",
    "ContextRetryStreamResponse",
    "RetryArgs",
    "RetryCall",
    "RetryConfig",
    "RetryFailure",
    "RetryModel",
    "RetryModelParams",
    "RetryPrompt",
    "RetryResponse",
    "RetryStreamResponse",
    "next_delay",
    "retry",
    "retry_model",
]
