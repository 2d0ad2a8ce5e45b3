"""Where a card is shown: a widget in a page, lines in a terminal, one output when nobody watches.

A surface follows a `CardState` from `open` to `close` and is told nothing else. At the end it gets
the static bundle, which in a notebook takes the place of whatever was live.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TextIO

from mirascope_nb.display import Bundle, ToolRun
from mirascope_nb.display.bundle import call_line, tool_verdict
from mirascope_nb.display.tree import GrowingValues
from mirascope_nb.kernel.frontend import Kind, names_cell
from mirascope_nb.text import one_line
from mirascope_nb.text.escape import TerminalFilter
from mirascope_nb.widgets.card import CardState
from mirascope_nb.widgets.output import CellOutput, Output
from mirascope_nb.widgets.pace import pacer_of
from mirascope_nb.widgets.protocol import CardRequest, Op, ToolBlock
from mirascope_nb.widgets.view import CARD_INTERVAL, CardView

logger = logging.getLogger(__name__)

MOST_WIDGETS = 4
"""Widgets that show a card one after another. Who closes more of them wants none."""


class Surface(Protocol):
    """Somewhere a card is shown."""

    live: bool
    """Whether a person could answer a question on it."""

    def open(self, card: CardState) -> None:
        """Begin to show a card."""
        ...

    def close(self, bundle: Bundle) -> None:
        """Show the end."""
        ...


class WidgetSurface:
    """A live widget in the running cell's output, replaced by the static bundle at the end."""

    live = True

    def __init__(
        self, request: Callable[[CardRequest], str | None], *, output: Output | None = None
    ) -> None:
        self._request = request
        self._output = output
        self._view: CardView | None = None
        self._widgets_left = MOST_WIDGETS

    def open(self, card: CardState) -> None:
        """Begin to show a card; or go on, after a page has closed the widget that showed it.

        Whatever is asked on the card would wait in vain otherwise.
        """
        self._output = self._output or CellOutput(replaceable=True)
        if not self._widgets_left:
            return
        self._widgets_left -= 1
        self._view = CardView(card, request=self._request, lost=partial(self.open, card))
        # The text is for whoever opens a notebook that was saved while the reply was coming, or for
        # a console, which shows nothing else of the card.
        text = (
            "A reply was still coming when this was saved."
            if names_cell()
            else "The reply follows when it is whole."
        )
        self._output.show({**self._view.mime_bundle(), "text/plain": text}, {})

    def close(self, bundle: Bundle) -> None:
        """Put the static bundle in the place of the widget."""
        if self._view is None or self._output is None:
            return
        self._widgets_left = 0
        self._view.finish()
        if not self._view.seen:
            self._output.begin_anew()
        self._output.show(bundle.data, bundle.metadata)
        # Last, or the browser would show a widget without a model for a moment.
        self._view.close()


class StaticSurface:
    """One output, at the end: for runs that nobody watches."""

    live = False

    def __init__(self, *, output: Output | None = None) -> None:
        self._output = output

    def open(self, card: CardState) -> None:
        """Remember where to show the end."""
        self._output = self._output or CellOutput(replaceable=False)
        card.on_change = None

    def close(self, bundle: Bundle) -> None:
        """Show the static bundle."""
        if self._output is not None:
            self._output.show(bundle.data, bundle.metadata)


class TerminalSurface:
    """Text on a terminal as it comes, values laid out in lines; tool calls as one line each."""

    live = False
    interval = CARD_INTERVAL

    def __init__(self, *, file: TextIO | None = None) -> None:
        self._file = file
        self._filter = TerminalFilter()
        self._card: CardState | None = None
        self._written = False
        self._reported: dict[int, str] = {}
        self._values: GrowingValues | None = None

    @property
    def has_news(self) -> bool:
        """Whether the card has anything that has not been written."""
        return self._card is not None and self._card.has_news

    def open(self, card: CardState) -> None:
        """Begin to write a card."""
        self._card = card
        try:
            pacer = pacer_of(asyncio.get_running_loop())
        except RuntimeError:
            # A blocking call: no loop turns, so everything is written as it comes.
            card.on_change = self._write_now
        else:
            card.on_change = lambda: pacer.wake(self)

    def _write_now(self) -> None:
        self.send_news()

    def send_news(self) -> int:
        """Write what is new."""
        card = self._card
        message = None if card is None else card.drain(limit=sys.maxsize)
        if message is None or card is None:
            return 0
        if message["kind"] == "snapshot":
            # The stream has started over, and a terminal cannot take back what it has shown.
            self._paragraph(f"[{message['card']['note']}]")
            for block in message["card"]["blocks"][card.kept :]:
                self._block(block)
        else:
            for op in message["ops"]:
                self._op(card, op)
        self._out.flush()
        return 0

    def close(self, bundle: Bundle) -> None:  # noqa: ARG002 - the text is already there
        """Write what is left, and how it ended if it did not end well."""
        card = self._card
        if card is None:
            return
        card.on_change = None
        self.send_news()
        self._settle()
        if card.state == "stopped":
            self._paragraph("[Stopped.]")
        if self._written:
            self._out.write("\n")
        self._out.flush()
        self._card = None

    @property
    def _out(self) -> TextIO:
        # Looked up each time: a capturing context may have put another in its place.
        return self._file or sys.stdout

    def _op(self, card: CardState, op: Op) -> None:
        if op[0] == "block":
            self._block(op[2])
        elif op[0] == "append":
            if card.block(op[1])["type"] == "text":
                self._grow(op[2])
        elif op[0] == "set":
            block = card.block(op[1])
            if block["type"] == "tool":
                self._tool(op[1], block)

    def _block(self, block: Any) -> None:
        if block["type"] == "text" and self._card is not None:
            self._settle()
            if self._written:
                self._out.write("\n\n")
            self._values = GrowingValues() if self._card.format == "values" else None
            self._grow(block["text"])

    def _grow(self, text: str) -> None:
        """Go on with the last text block."""
        self._write(text if self._values is None else self._values.feed(text))

    def _settle(self) -> None:
        """End the last text block."""
        if self._values is not None:
            self._write(self._values.finish())
            self._values = None
        self._out.write(self._filter.flush())

    def _tool(self, index: int, block: ToolBlock) -> None:
        state = block["state"]
        if state in ("proposed", "pending", "running") or self._reported.get(index) == state:
            return
        if state in ("auto_allowed", "approved", "edited"):
            return
        self._reported[index] = state
        run = ToolRun(
            call=block["call"],
            name=block["name"],
            arguments=block["arguments"],
            state=state,
            reason=block["reason"],
        )
        line = f"[tool] {call_line(run)} · {tool_verdict(run)}"
        outcome = block["error"] or block["result"]
        self._paragraph(f"{line}\n  {one_line(outcome)}" if outcome else line)

    def _paragraph(self, text: str) -> None:
        self._settle()
        self._out.write(("\n\n" if self._written else "") + text)
        self._written = True

    def _write(self, text: str) -> None:
        text = self._filter.feed(text)
        if text:
            self._out.write(text)
            self._written = True


def make_surface(place: Kind, request: Callable[[CardRequest], str | None]) -> Surface:
    """The surface for a front end. A widget needs a running loop to be live."""
    if place == "widget" and _has_loop() and _has_widgets():
        return WidgetSurface(request)
    if place in ("widget", "headless"):
        return StaticSurface()
    return TerminalSurface()


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _has_widgets() -> bool:
    found = importlib.util.find_spec("anywidget") is not None
    if not found:
        logger.warning("no live cards: anywidget is not installed")
    return found
