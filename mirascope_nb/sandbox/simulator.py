"""The `Sandbox` object, and the one that a process shares."""

import atexit
import contextlib
import os
import threading
import weakref
from collections.abc import Generator
from types import TracebackType
from typing import Self

from mirascope_nb.sandbox.faults import fault_of_status
from mirascope_nb.sandbox.ledger import Ledger, RequestRecord
from mirascope_nb.sandbox.script import Script, Scripted, ToolSpec, tool_uses
from mirascope_nb.sandbox.server import ServerThread, listen
from mirascope_nb.sandbox.service import Service, Timing

PACE_VARIABLE = "MIRASCOPE_NB_SANDBOX_PACE"
"""Environment variable that sets the pace of servers that are not given one."""


class Sandbox:
    """An offline simulator of language model services: a real HTTP server on loopback.

    It speaks the protocols of OpenAI (chat completions and responses), Anthropic and Google. It is
    not a language model: it answers by rules, and says so when asked.

    Used as a context manager it runs for the length of the block; otherwise it starts when its
    address is first asked for, and runs until `stop` or the end of the process.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        pace: float | None = None,
        latency: float = 0.12,
        rate: float = 80.0,
        seed: int = 0,
        keep: int = 1000,
    ) -> None:
        """Prepare a server; nothing is started yet.

        Args:
            port: TCP port on 127.0.0.1; 0 lets the system choose a free one.
            pace: A factor on every delay: 1 is as in life, 0 answers at once. `None` takes it from
                the environment variable `MIRASCOPE_NB_SANDBOX_PACE`, or else 1.
            latency: Seconds to the first token.
            rate: Tokens a second.
            seed: Chooses the failures of the `flaky` model and the ids of replies.
            keep: How many requests `requests` remembers.

        Raises:
            ValueError: When a delay is negative or the rate is not above 0.
        """
        chosen = _pace_of_environment() if pace is None else pace
        if chosen < 0 or latency < 0:
            raise ValueError("pace and latency must not be negative")
        if rate <= 0:
            raise ValueError("rate must be above 0 tokens a second")
        self._port = port
        self._seed = seed
        self._timing = Timing(latency=latency, rate=rate, pace=chosen)
        self._ledger = Ledger(keep=keep)
        self._script = Script()
        self._lock = threading.Lock()
        self._thread: ServerThread | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """The address without a path, such as `http://127.0.0.1:8765`; starts the server."""
        if self._thread is None:
            self.start()
        return self._url

    @property
    def running(self) -> bool:
        """Whether the server is up."""
        return self._thread is not None

    @property
    def requests(self) -> list[RequestRecord]:
        """The requests so far, oldest first; keys are never kept."""
        return self._ledger.records()

    @property
    def pending(self) -> int:
        """How many scripted answers no request has taken yet."""
        return len(self._script)

    def start(self) -> Self:
        """Start the server unless it runs.

        Raises:
            OSError: When the port is taken.
        """
        with self._lock:
            if self._thread is None:
                listening = listen(self._port)
                service = Service(
                    timing=self._timing,
                    seed=self._seed,
                    ledger=self._ledger,
                    script=self._script,
                )
                thread = ServerThread(listening, service)
                self._url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                _survive_forks(self)
                thread.start()
                self._thread = thread
        return self

    def stop(self, timeout: float = 5.0) -> None:
        """Close every connection and stop; harmless when it does not run.

        Args:
            timeout: Seconds to wait for the server's thread.
        """
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop(timeout)

    def wait(self, timeout: float) -> bool:
        """Wait up to some seconds for the server to end; whether it has."""
        thread = self._thread
        return thread is None or thread.join(timeout)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        where = self._url if self.running else "not running"
        return f"<Sandbox {where}, {self._ledger.count} requests>"

    def environment(self) -> dict[str, str]:
        """Environment variables that point clients of the simulated services here."""
        return {
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": "sandbox",
            "ANTHROPIC_BASE_URL": self.url,
            "ANTHROPIC_API_KEY": "sandbox",
            "GOOGLE_GEMINI_BASE_URL": self.url,
            "GOOGLE_API_KEY": "sandbox",
        }

    def reply(
        self,
        text: str | None = None,
        *,
        tool: ToolSpec | None = None,
        tools: list[ToolSpec] | None = None,
        thinking: str = "",
        refusal: bool = False,
        delay: float = 0.0,
    ) -> Self:
        """Queue what the next request gets instead of a reply by rule.

        Args:
            text: The reply's text.
            tool: A tool call, as the tool's name and its arguments.
            tools: Several tool calls in one reply.
            thinking: Thoughts, shown where the request asks for them.
            refusal: Whether the text is a refusal.
            delay: Seconds before the reply begins.
        """
        calls = [*([tool] if tool else []), *(tools or [])]
        self._script.add(
            Scripted(
                text=text or "",
                uses=tool_uses(calls),
                thinking=thinking,
                refusal=refusal,
                delay=delay,
            )
        )
        return self

    def fail(
        self,
        status: int = 500,
        *,
        retry_after: float | None = None,
        message: str = "",
        after: int | None = None,
        delay: float = 0.0,
    ) -> Self:
        """Queue a failure for the next request.

        Args:
            status: HTTP status; the body is what the wire's service sends with it.
            retry_after: Seconds for the `Retry-After` header, or `None` for no header.
            message: The error's text instead of the usual one.
            after: In a stream, how many pieces to send before an error event; `None` fails at once.
            delay: Seconds before the answer.
        """
        fault = fault_of_status(status, message=message, retry_after=retry_after)
        self._script.add(Scripted(fault=fault, after=after, delay=delay))
        return self

    def cut(self, text: str | None = None, *, after: int | None = None) -> Self:
        """Queue a reply that breaks off: the connection closes without a proper end.

        Args:
            text: The reply's text; `None` takes the one by rule.
            after: Pieces of a stream to send before the cut; `None` means about half.
        """
        self._script.add(Scripted(text=text, cut=True, after=after))
        return self

    def clear(self) -> None:
        """Forget the requests so far and the answers still queued."""
        self._ledger.clear()
        self._script.clear()

    @contextlib.contextmanager
    def as_default(self) -> Generator[Self]:
        """Be, inside the block, the server that `address` names."""
        previous = _shared.put(self)
        try:
            yield self
        finally:
            _shared.put(previous)

    def leave_to_parent(self) -> None:
        """In a forked child: be as before the start, so that the next use starts an own server."""
        self._lock = threading.Lock()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.abandon_after_fork()
            _left_to_parent.append(thread)


class _Shared:
    """The process's own server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None

    def get(self) -> Sandbox:
        sandbox = self._sandbox
        if sandbox is None:
            with self._lock:
                sandbox = self._sandbox
                if sandbox is None:
                    sandbox = self._sandbox = Sandbox()
                    atexit.register(sandbox.stop, 1.0)
        return sandbox

    def put(self, sandbox: Sandbox | None) -> Sandbox | None:
        with self._lock:
            previous, self._sandbox = self._sandbox, sandbox
        return previous

    def renew_lock(self) -> None:
        self._lock = threading.Lock()


_shared = _Shared()
_started: "weakref.WeakSet[Sandbox]" = weakref.WeakSet()
# Their loops must not be collected in a child: that would touch what the parent still uses.
_left_to_parent: list[ServerThread] = []
_fork_hook = threading.Event()


def default_sandbox() -> Sandbox:
    """The process's own sandbox, started on first use of its address."""
    return _shared.get()


def address() -> str:
    """The address of the process's own sandbox, such as `http://127.0.0.1:40213`.

    The first call starts it. Any thread may call; a forked child gets a server of its own.
    """
    return _shared.get().url


def _survive_forks(sandbox: Sandbox) -> None:
    _started.add(sandbox)
    if not _fork_hook.is_set() and hasattr(os, "register_at_fork"):
        _fork_hook.set()
        os.register_at_fork(after_in_child=_after_fork)


def _after_fork() -> None:
    _shared.renew_lock()
    for sandbox in list(_started):
        sandbox.leave_to_parent()


def _pace_of_environment() -> float:
    given = os.environ.get(PACE_VARIABLE, "")
    try:
        return float(given) if given else 1.0
    except ValueError:
        raise ValueError(f"{PACE_VARIABLE} must be a number, not {given!r}") from None
