"""The progress bar: the whole state, at most ten times a second, and the buttons' way back.

These are what `parallel` calls a `Progress`. It may `update` as often as it likes, which costs next
to nothing: the state is kept, and sent when it is due.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, cast

from mirascope_nb.display.progress import PROGRESS_TYPE, ProgressRecord
from mirascope_nb.display.record import as_json
from mirascope_nb.parallel.progress import ProgressActions, ProgressState, progress_line
from mirascope_nb.text import escape_invisible, one_line
from mirascope_nb.widgets.decoding import decode_progress_request
from mirascope_nb.widgets.output import CellOutput, Output
from mirascope_nb.widgets.pace import pacer_of
from mirascope_nb.widgets.protocol import (
    CancelMessage,
    LimitMessage,
    PauseMessage,
    ProgressMessage,
    ProgressRequest,
    ProgressResyncMessage,
    ResumeMessage,
    RetryMessage,
    refused,
)
from mirascope_nb.widgets.view import Channel, answer

PROGRESS_INTERVAL = 0.1
"""Seconds between two messages of one progress bar."""
MAX_ROWS = 500
"""Rows that are shown one by one."""
MAX_ERRORS = 50
"""Errors that are shown."""


class ProgressView:
    """A progress bar in the running cell's output.

    `close` replaces it with a static summary, which is what a saved notebook holds however the
    work ended. If there are failed rows and a `retry` action the comm stays open behind it: the
    JupyterLab extension draws the summary, asks there whether a retry is to be had, and offers it.
    The comm goes when a retry has left nothing to do, or by `dispose`.

    Args:
        actions: What the buttons do. They are called on the loop's thread.
        loop: The loop the work runs on; the running one by default.
        output: Where to show it; the running cell by default.
    """

    interval = PROGRESS_INTERVAL

    def __init__(
        self,
        actions: ProgressActions,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        output: Output | None = None,
    ) -> None:
        self.id = uuid.uuid4().hex
        self._actions = actions
        self._loop = loop or asyncio.get_running_loop()
        self._pacer = pacer_of(self._loop)
        self._output: Output = output or CellOutput(replaceable=True)
        self._state = ProgressState()
        self._final = False
        self._news = False
        self._seq = 0
        self._seen = False
        self._channel: Channel | None = None

    @property
    def has_news(self) -> bool:
        """Whether there is a state that has not been sent."""
        return self._news

    @property
    def _can_retry(self) -> bool:
        """Whether there is anything to retry, and somebody who would: not while it still runs."""
        ended = self._state.state not in {"running", "paused"}
        return ended and self._state.failed > 0 and self._actions.retry is not None

    def update(self, state: ProgressState) -> None:
        """Show a newer state, soon. Call it on the loop's thread."""
        self._state = state
        self._final = False
        if self._channel is None:
            self._open()
        if not self._news:
            self._news = True
            self._pacer.wake(self)

    def close(self, state: ProgressState) -> None:
        """Show the last state, now."""
        self._state = state
        self._final = True
        if self._channel is not None:
            self.send_news()
            if self._can_retry:
                self._show_summary(self._channel.comm_id)
                return
        self.dispose()

    def dispose(self) -> None:
        """Put the static summary in the place of the live bar, and free the comm."""
        self._pacer.forget(self)
        self._news = False
        self._show_summary(None)
        if self._channel is not None and not self._channel.adopted:
            self._channel.close()
            self._channel = None

    def send_news(self) -> int:
        """Send the state; returns its approximate size in bytes."""
        self._news = False
        if self._channel is None:
            return 0
        self._seq += 1
        message = progress_message(
            self._state, self.id, seq=self._seq, final=self._final, can_retry=self._can_retry
        )
        self._channel.send(message)
        return (
            700 + len(message["rows"] or "") + sum(len(text) + 10 for _, text in message["errors"])
        )

    def _open(self) -> None:
        self._channel = Channel(
            "progress", self.id, receive=self._receive, loop=self._loop, lost=self._lose
        )
        text = {"text/plain": progress_line(self._state)}
        self._output.show({**self._channel.mime_bundle(), **text}, {})

    def _lose(self) -> None:
        """A page has closed the widget: the next state is shown in another one."""
        self._channel = None
        if self._final:
            self.dispose()

    def _show_summary(self, comm: str | None) -> None:
        """Put the static summary in the place of the bar; `comm` is where it may be retried."""
        bundle = {**progress_bundle(self._state), PROGRESS_TYPE: progress_record(self._state)}
        timing = progress_metadata(self._state)
        if comm is not None:
            timing["mirascope_nb"]["live"] = {"comm": comm, "card": self.id}
        if not self._seen:
            self._output.begin_anew()
        self._output.show(bundle, timing)

    def _receive(self, content: object) -> None:
        message = decode_progress_request(content, card_id=self.id)
        if message is None or self._channel is None:
            return
        if isinstance(message, dict):
            self._channel.send(message)
            return
        if isinstance(message, ProgressResyncMessage):
            self._seen = True
            self._pacer.spend(self.send_news())
            return
        reason = answer(self._act, message)
        if reason is not None:
            self._channel.send(refused(message, reason))

    def _act(self, message: ProgressRequest) -> str | None:
        if isinstance(message, LimitMessage):
            if self._actions.limit is None:
                return "this limit cannot be changed"
            if message.value < 1:
                return "at least one has to run"
            self._actions.limit(message.value)
            return None
        match message:
            case CancelMessage():
                action = self._actions.cancel
            case PauseMessage():
                action = self._actions.pause
            case ResumeMessage():
                action = self._actions.resume
            case RetryMessage():
                action = self._actions.retry
            case ProgressResyncMessage():
                action = None
        if action is None:
            return "this cannot be done here"
        action()
        return None


class StaticProgress:
    """One output, at the end: for work that nobody watches."""

    def __init__(self, *, output: Output | None = None) -> None:
        self._output: Output = output or CellOutput(replaceable=False)

    def update(self, state: ProgressState) -> None:
        """Show nothing."""

    def close(self, state: ProgressState) -> None:
        """Show the summary."""
        self._output.show(progress_bundle(state), progress_metadata(state))


def progress_message(
    state: ProgressState, card_id: str, *, seq: int, final: bool, can_retry: bool = False
) -> ProgressMessage:
    """A state as the message that carries it; `can_retry` says whether to offer that."""
    rows = state.rows
    return {
        "kind": "progress",
        "id": card_id,
        "seq": seq,
        "final": final,
        "description": escape_invisible(state.description),
        "total": state.total,
        "done": state.done,
        "failed": state.failed,
        "running": state.running,
        "waiting": state.waiting,
        "cancelled": state.cancelled,
        "elapsed": round(state.elapsed, 3),
        "rate": state.rate,
        "left": state.left,
        "tokens": state.tokens,
        "cost": state.cost,
        "projected": state.projected,
        "limit": state.limit,
        "waiting_for": None if state.waiting_for is None else one_line(state.waiting_for),
        "state": state.state,
        "can_retry": can_retry,
        "rows": None if rows is None or len(rows) > MAX_ROWS else rows,
        "errors": [(index, one_line(text)) for index, text in state.errors[:MAX_ERRORS]],
    }


def progress_record(state: ProgressState) -> dict[str, Any]:
    """What the JupyterLab extension draws of finished work: equal for equal runs."""
    message = progress_message(state, "", seq=0, final=True)
    record = ProgressRecord(
        schema_version=1,
        description=message["description"],
        # Nothing goes on that is shown by a record.
        state=cast("Any", "cancelled" if state.state in {"running", "paused"} else state.state),
        total=state.total,
        done=state.done,
        failed=state.failed,
        cancelled=state.cancelled,
        tokens=state.tokens,
        cost=state.cost,
        rows=message["rows"],
        errors=message["errors"],
    )
    return as_json(record)


def progress_bundle(state: ProgressState) -> dict[str, Any]:
    """The output of finished work."""
    errors = [f"[{index}] {one_line(text)}" for index, text in state.errors[:MAX_ERRORS]]
    return {"text/plain": "\n".join([progress_line(state), *errors])}


def progress_metadata(state: ProgressState) -> dict[str, Any]:
    """What differs between two equal runs, for the output's metadata."""
    return {"mirascope_nb": {"elapsed": round(state.elapsed, 3)}}
