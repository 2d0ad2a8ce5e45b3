"""What a map calls: a call, a prompt or a function, made one coroutine that retries.

A call or prompt asks on the running loop whether it was written with `def` or `async def`, and its
model is asked again as the policy says: the unit is one request, so that no tool runs twice. A
function that calls models by itself is called again as a whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
import typing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

from mirascope_nb import llm
from mirascope_nb.parallel.rows import Row

__all__ = ["Asked", "CallTarget", "FunctionTarget", "Target", "retry_policy", "target_of"]

DEFAULT_RETRIES: dict[str, Any] = {
    "max_retries": 8,
    "initial_delay": 0.5,
    "max_delay": 30.0,
    "jitter": 0.25,
    "max_elapsed": 900.0,
}
"""How rows are retried: more patiently than single calls, since the limiter slows them down."""

MOST_THREADS = 256
"""Blocking functions that run at once."""

_CALLS = (llm.Call, llm.AsyncCall, llm.ContextCall, llm.AsyncContextCall)
_PROMPTS = (llm.Prompt, llm.AsyncPrompt, llm.ContextPrompt, llm.AsyncContextPrompt)
_ASYNC = (llm.AsyncPrompt, llm.AsyncContextPrompt)
_CONTEXT = (llm.ContextPrompt, llm.AsyncContextPrompt)


def retry_policy(retry: bool | llm.RetryConfig) -> llm.RetryConfig | None:  # noqa: FBT001, as given
    """The policy for rows: the default, one's own, or none."""
    if isinstance(retry, llm.RetryConfig):
        return retry
    return llm.RetryConfig(**DEFAULT_RETRIES) if retry else None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row asks a model."""

    messages: Sequence[llm.Message]


class FunctionTarget:
    """A function, asynchronous or not, that is called with each row."""

    model: llm.Model | None = None
    format: Any = None
    tools: Sequence[Any] = ()
    takes_context = False

    def __init__(self, fn: Callable[..., Any], policy: llm.RetryConfig | None) -> None:
        self.fn = fn
        self.returns = _returns(fn)
        """What it says that it returns, to make a value of a journal's JSON again."""
        self._threads: ThreadPoolExecutor | None = None
        self._policy = policy
        self._is_async = inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(
            getattr(fn, "__call__", None)  # noqa: B004, an object may be called asynchronously
        )
        self.name = getattr(fn, "__qualname__", type(fn).__name__)
        self.signature = _signature(fn)

    async def prepare(self, row: Row) -> Asked | None:  # noqa: ARG002, a function's own business
        """Nothing is known of what a function asks."""
        return None

    async def run(self, row: Row, asked: Asked | None) -> Any:  # noqa: ARG002, as above
        """The function's result, tried again while a provider's failure is worth it."""
        attempt = 0
        started = asyncio.get_running_loop().time()
        while True:
            try:
                return await self._once(row)
            except llm.ProviderError as error:
                attempt += 1
                delay = self._delay(error, attempt, started)
                if delay is None:
                    raise
            await asyncio.sleep(delay)

    async def _once(self, row: Row) -> Any:
        if self._is_async:
            return await _whole(await self.fn(*row.args, **row.kwargs))
        result = await self._in_thread(lambda: _read(self.fn(*row.args, **row.kwargs)))
        return await _whole(await result if inspect.isawaitable(result) else result)

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        # Not the loop's own few threads: as many rows as the limit says shall wait at once.
        if self._threads is None:
            self._threads = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="mirascope_nb map")
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, functools.partial(context.run, work))

    def close(self) -> None:
        """Let the threads go, as they end."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)

    def _delay(self, error: llm.ProviderError, attempt: int, started: float) -> float | None:
        policy = self._policy
        if policy is None or attempt > policy.max_retries or not policy.retries(error):
            return None
        delay = llm.retries.next_delay(policy, attempt, error)
        elapsed = asyncio.get_running_loop().time() - started
        return None if delay is None or elapsed + delay > policy.max_elapsed else delay


class CallTarget:
    """A call or a prompt: what it asks is known before it is asked."""

    returns: Any = None

    def __init__(
        self,
        prompt: Any,
        model: llm.Model,
        *,
        streamed: bool,
        ctx: llm.Context[Any] | None,
        policy: llm.RetryConfig | None,
    ) -> None:
        self.takes_context = isinstance(prompt, _CONTEXT)
        """Whether a context is given to the prompt and its tools."""
        if self.takes_context and ctx is None:
            raise ValueError("this call takes a context: pass it as ctx=")
        made: Any = llm.AsyncContextPrompt if self.takes_context else llm.AsyncPrompt
        self.tools: Sequence[Any] = list(prompt.toolkit.tools)
        self.format: Any = prompt.format
        self._prompt: Any = made(_awaited(prompt), tools=self.tools, format=prompt.format)
        self.model = model
        if policy is not None and not isinstance(model, llm.RetryModel):
            self.model = llm.RetryModel(model, policy)
        self._streamed = streamed
        self._given: tuple[Any, ...] = (ctx,) if self.takes_context else ()
        self.name = getattr(prompt, "__qualname__", "call")
        self.signature = _signature(prompt.fn, without_first=self.takes_context)

    async def prepare(self, row: Row) -> Asked | None:
        """The messages that a row asks."""
        return Asked(await self._prompt.messages(*self._given, *row.args, **row.kwargs))

    async def run(self, row: Row, asked: Asked | None) -> Any:
        """The model's whole reply."""
        asked = asked or await self.prepare(row)
        assert asked is not None  # noqa: S101, a prompt always knows
        model: Any = self.model
        wanted: dict[str, Any] = {"tools": self._prompt.toolkit, "format": self.format}
        if self.takes_context:
            wanted["ctx"] = self._given[0]
            ask = model.context_stream_async if self._streamed else model.context_call_async
        else:
            ask = model.stream_async if self._streamed else model.call_async
        return await _whole(await ask(asked.messages, **wanted))

    def close(self) -> None:
        """Do nothing: the connections are not the map's own."""


Target = CallTarget | FunctionTarget


def target_of(
    given: Any,
    *,
    model: llm.Model | str | None = None,
    ctx: llm.Context[Any] | None = None,
    policy: llm.RetryConfig | None = None,
) -> Target:
    """What a map is to call.

    Args:
        given: A call, a prompt, the `stream` of one, or a function.
        model: The model to ask; a call has its own, and inside `with llm.model(...)` that is asked.
        ctx: The context, for calls and prompts that take one.
        policy: How rows are retried; a call that retries by itself keeps its own way.

    Raises:
        TypeError: If it cannot be called.
        ValueError: If a prompt has no model, or a context is missing.
    """
    owner = getattr(given, "__self__", None)
    streamed = False
    if isinstance(owner, (*_CALLS, *_PROMPTS)):
        streamed = given.__name__ == "stream"
        given = cast("Any", owner)
    if isinstance(model, str):
        model = llm.Model(model)
    if isinstance(given, _CALLS):
        call = cast("Any", given)
        return CallTarget(
            call.prompt, model or call.model, streamed=streamed, ctx=ctx, policy=policy
        )
    if isinstance(given, _PROMPTS):
        chosen = llm.model_from_context() or model
        if chosen is None:
            raise ValueError(
                "a prompt has no model of its own: give model='provider/name', or use "
                "`with llm.model(...)`"
            )
        return CallTarget(given, chosen, streamed=streamed, ctx=ctx, policy=policy)
    if not callable(given):
        hint = ": give its call_async" if isinstance(given, llm.Model) else ""
        raise TypeError(f"{given!r} is not a call, a prompt or a function{hint}")
    if model is not None:
        raise ValueError("model= is for prompts and calls; a function chooses its own model")
    if ctx is not None:
        given = functools.partial(given, ctx)
    return FunctionTarget(cast("Callable[..., Any]", given), policy)


def _read(result: Any) -> Any:
    """A result, read to its end if it is a reply that streams and blocks."""
    if not isinstance(result, llm.StreamResponse | llm.ContextStreamResponse):
        return result
    stream = cast("llm.StreamResponse[Any]", result)
    with contextlib.closing(stream):
        while True:
            with contextlib.suppress(llm.StreamRestarted):
                stream.finish()
                stream.compact()
                return stream


async def _whole(result: Any) -> Any:
    """A result, read to its end if it is a reply that streams."""
    if not isinstance(result, llm.AsyncStreamResponse | llm.AsyncContextStreamResponse):
        return result
    stream = cast("llm.AsyncStreamResponse[Any]", result)
    async with contextlib.aclosing(stream):
        while True:
            with contextlib.suppress(llm.StreamRestarted):
                await stream.finish()
                stream.compact()
                return stream


def _awaited(prompt: Any) -> Callable[..., Any]:
    """A prompt's function as a coroutine function."""
    fn = prompt.fn
    if isinstance(prompt, _ASYNC):
        return fn

    @functools.wraps(fn)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    return awaited


def _signature(fn: Callable[..., Any], *, without_first: bool = False) -> inspect.Signature | None:
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):
        return None
    if without_first:
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    return signature


def _returns(fn: Callable[..., Any]) -> Any:
    try:
        return typing.get_type_hints(inspect.unwrap(fn)).get("return")
    except Exception:  # noqa: BLE001, hints may name what is not there
        return None
