"""From a whole request to what is to be sent back, and when: everything but the sockets."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mirascope_nb.sandbox import rules
from mirascope_nb.sandbox.faults import (
    Allowance,
    Fault,
    Refused,
    TokenBucket,
    flaky_mishap,
    limit_of,
)
from mirascope_nb.sandbox.jsonvalue import Object
from mirascope_nb.sandbox.ledger import Ledger, RequestRecord
from mirascope_nb.sandbox.models import DESCRIPTIONS, Behaviour, behaviour_of
from mirascope_nb.sandbox.prompt import Frame, Prompt
from mirascope_nb.sandbox.script import Script, Scripted
from mirascope_nb.sandbox.stamp import Stamp
from mirascope_nb.sandbox.wires import Headers, HttpRequest, Wire, closest_wire, openai, wire_of
from mirascope_nb.sandbox.wires.base import encode

_CUT_SHARE = 0.5
_RESERVED = {"invalid"}
_RESERVED_PREFIX = "sk-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things take."""

    latency: float = 0.12
    """Seconds until the first token."""
    rate: float = 80.0
    """Tokens a second."""

    pace: float = 1.0
    """A factor on all of it; 0 means no delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to send for one request."""

    status: int
    headers: Headers
    record: RequestRecord
    body: bytes = b""
    frames: Iterator[Frame] | None = None
    """The pieces of a streamed reply; then `body` is empty."""
    wait: float = 0.0
    """Seconds before anything is sent."""
    interval: float = 0.0
    """Seconds for a unit of a frame's weight."""
    ending: Literal["answered", "refused", "cut"] = "answered"
    """`cut`: close the connection without ending the reply properly."""


class Service:
    """Answers requests. Keeps the ledger, the script and the state of the rate limits."""

    def __init__(self, *, timing: Timing, seed: int, ledger: Ledger, script: Script) -> None:
        self._timing = timing
        self._seed = seed
        self._ledger = ledger
        self._script = script
        self._buckets: dict[str, TokenBucket] = {}
        self._requests_of: dict[str, int] = {}

    def answer(self, request: HttpRequest) -> Answer:
        """What to send for a request. Never raises for anything a client can send."""
        wire = wire_of(request.path)
        shown = wire or closest_wire(request)
        record = self._ledger.open(
            method=request.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
            wire=shown.name if wire else "",
        )
        stamp = Stamp(seed=self._seed, ordinal=record.ordinal, created=int(time.time()))
        try:
            self._check_key(request)
            if wire is None:
                return self._page(request, record)
            prompt = _read(wire, request)
            self._ledger.describe(
                record,
                model=prompt.model,
                stream=prompt.stream,
                body=prompt.body,
                size=len(request.body),
            )
            return self._serve(wire, prompt, record, stamp)
        except Refused as refusal:
            return self._refuse(shown, refusal.fault, record, stamp)

    def too_large(self, request: HttpRequest) -> Answer:
        """What to send for a request whose body was not read to its end."""
        wire = wire_of(request.path) or closest_wire(request)
        record = self._ledger.open(
            method=request.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
            wire=wire.name,
        )
        stamp = Stamp(seed=self._seed, ordinal=record.ordinal, created=int(time.time()))
        return self._refuse(wire, Fault(kind="too_large"), record, stamp)

    def _serve(self, wire: Wire, prompt: Prompt, record: RequestRecord, stamp: Stamp) -> Answer:
        behaviour = behaviour_of(prompt.model)
        if behaviour is None:
            name = prompt.model.removeprefix("models/")
            raise Refused(Fault(kind="model_not_found", subject=name))
        allowance = self._take_allowance(behaviour.name)
        scripted = self._script.take()
        if scripted is None:
            ordinal = self._requests_of[behaviour.name] = (
                self._requests_of.get(behaviour.name, 0) + 1
            )
            mishap = flaky_mishap(behaviour.name, seed=self._seed, ordinal=ordinal)
            scripted = Scripted(fault=mishap.fault, cut=mishap.cut)
        if scripted.fault is not None and (scripted.after is None or not prompt.stream):
            return self._refuse(wire, scripted.fault, record, stamp, delay=scripted.delay)
        reply = rules.reply_to(prompt, behaviour, scripted=scripted)
        headers = wire.headers(stamp, allowance)
        record.status = 200
        latency, interval = self._delays(behaviour)
        if prompt.stream:
            frames = wire.frames(prompt, reply, stamp)
            broken = scripted.cut or scripted.fault is not None
            return Answer(
                status=200,
                headers=[("content-type", wire.stream_type(prompt)), *headers],
                record=record,
                frames=self._broken(wire, frames, scripted, stamp) if broken else frames,
                wait=latency + scripted.delay,
                interval=interval,
                ending="cut" if scripted.cut else "answered",
            )
        body = encode(wire.body(prompt, reply, stamp)).encode()
        return Answer(
            status=200,
            headers=[("content-type", wire.content_type), *headers],
            record=record,
            body=body,
            wait=latency + interval * reply.usage.output + scripted.delay,
            ending="cut" if scripted.cut else "answered",
        )

    def _broken(
        self, wire: Wire, frames: Iterator[Frame], scripted: Scripted, stamp: Stamp
    ) -> Iterator[Frame]:
        """A stream that ends early: with an error event, or with nothing at all."""
        whole = list(frames)
        # At least the terminal event must be missing.
        share = int(len(whole) * _CUT_SHARE) if scripted.after is None else scripted.after
        kept = whole[: min(share, len(whole) - 1)]
        yield from kept
        if scripted.fault is not None:
            yield wire.failure_frame(scripted.fault, stamp, sent=len(kept))

    def _refuse(
        self,
        wire: Wire,
        fault: Fault,
        record: RequestRecord,
        stamp: Stamp,
        *,
        delay: float = 0.0,
    ) -> Answer:
        failure = wire.failure(fault, stamp)
        record.status = failure.status
        headers = [
            ("content-type", wire.content_type),
            *wire.headers(stamp, self._exhausted(record.model, fault)),
            *failure.headers,
        ]
        body = encode(failure.body).encode()
        return Answer(
            status=failure.status,
            headers=headers,
            record=record,
            body=body,
            wait=delay,
            ending="refused",
        )

    def _take_allowance(self, name: str) -> Allowance | None:
        limit = limit_of(name)
        if limit is None:
            return None
        now = time.monotonic()
        bucket = self._buckets.setdefault(name, TokenBucket(limit, now=now))
        wait, allowance = bucket.take(now)
        if wait is not None:
            raise Refused(Fault(kind="rate_limit", subject=f"sandbox-{name}", retry_after=wait))
        return allowance

    def _exhausted(self, model: str, fault: Fault) -> Allowance | None:
        behaviour = behaviour_of(model)
        limit = limit_of(behaviour.name) if behaviour else None
        if fault.kind != "rate_limit":
            return None
        return Allowance(limit=limit or 60, remaining=0, reset=fault.retry_after or 1.0)

    def _delays(self, behaviour: Behaviour) -> tuple[float, float]:
        """Seconds to the first token, and from one to the next."""
        timing = self._timing
        if behaviour.instant:
            return 0.0, 0.0
        return timing.latency * timing.pace, timing.pace / (behaviour.rate or timing.rate)

    def _check_key(self, request: HttpRequest) -> None:
        keys = (
            openai.api_key(request),
            request.headers.get("x-api-key", ""),
            request.headers.get("x-goog-api-key", ""),
            request.query.get("key", ""),
        )
        for key in keys:
            if key in _RESERVED or key.startswith(_RESERVED_PREFIX):
                raise Refused(Fault(kind="authentication", subject=key))

    def _page(self, request: HttpRequest, record: RequestRecord) -> Answer:
        """What is not an endpoint of a wire: the list of models, and the front page."""
        path = request.path.removeprefix("/openai").removeprefix("/v1").rstrip("/")
        content: tuple[str, bytes] | None = None
        if path == "/models":
            content = _json_page(openai.list_models())
        elif path.startswith("/models/"):
            name = path.removeprefix("/models/")
            if behaviour_of(name) is None:
                raise Refused(Fault(kind="model_not_found", subject=name))
            content = _json_page(openai.describe_model(name))
        elif not path:
            content = ("text/plain; charset=utf-8", _front_page().encode())
        subject = f"{request.method} {request.path}"
        if content is None:
            raise Refused(Fault(kind="not_found", subject=subject))
        if request.method not in {"GET", "HEAD"}:
            raise Refused(Fault(kind="method_not_allowed", subject=subject))
        record.status = 200
        return Answer(
            status=200, headers=[("content-type", content[0])], record=record, body=content[1]
        )


def _read(wire: Wire, request: HttpRequest) -> Prompt:
    if request.method != "POST":
        subject = f"{request.method} {request.path}"
        raise Refused(Fault(kind="method_not_allowed", subject=subject))
    return wire.parse(request)


def _json_page(body: Object) -> tuple[str, bytes]:
    return "application/json", encode(body).encode()


def _front_page() -> str:
    models = "\n".join(f"  {name:<10} {text}" for name, text in DESCRIPTIONS.items())
    return (
        "mirascope_nb sandbox: an offline simulator of language model services. It is not a\n"
        "language model: it answers by rules.\n\n"
        "  POST /v1/chat/completions                      OpenAI chat completions\n"
        "  POST /v1/responses                             OpenAI responses\n"
        "  POST /v1/messages                              Anthropic messages\n"
        "  POST /v1beta/models/{model}:generateContent    Google Gemini\n"
        "  GET  /v1/models                                models, in OpenAI's form\n\n"
        f"Models:\n{models}\n"
    )
