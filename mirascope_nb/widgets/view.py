"""Live views: a card or a progress bar joined to its widget in the browser.

A `Channel` is one anywidget and its comm. It syncs nothing but the code to run, the id and the
role; everything else goes by the messages of `protocol`. A `CardView` sends the deltas of one card
through it, paced, and answers the browser.

Requests of the browser may arrive on any thread (ipykernel 7 handles comm messages in subshells):
they are taken to the card's own loop before anything of the card is touched.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import threading
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, cast

from mirascope_nb.widgets.decoding import decode_card_request
from mirascope_nb.widgets.pace import pacer_of
from mirascope_nb.widgets.protocol import (
    BrowserMessage,
    CardRequest,
    ResyncMessage,
    refused,
)

if TYPE_CHECKING:
    from mirascope_nb.widgets.card import CardState

logger = logging.getLogger(__name__)

Role = Literal["card", "progress"]

CARD_INTERVAL = 1 / 30
"""Seconds between two deltas of one card."""


class Channel:
    """One widget in the browser, and the comm to it.

    Args:
        role: Which of the two widgets it is.
        card_id: The id its messages carry.
        receive: Called on the loop's thread with each message of the browser, not yet decoded.
        loop: The loop that owns the card.
        lost: Called on the loop's thread when the browser has closed the comm.
    """

    def __init__(
        self,
        role: Role,
        card_id: str,
        *,
        receive: Callable[[object], None],
        loop: asyncio.AbstractEventLoop,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self.id = card_id
        self.closed = False
        self._receive = receive
        self._lost = lost
        self._loop = loop
        self._thread = threading.get_ident()
        script, style = _static(role)
        self._widget = _widget_class()(_esm=script, _css=style, card_id=card_id, role=role)
        self._widget.on_msg(self._on_message)
        self._widget.comm.on_close(self._on_close)

    @property
    def adopted(self) -> bool:
        """Whether a page has fetched the widget's state, as one does that is loaded anew.

        Such a page shows the widget, and is not told when its output is replaced.
        """
        return self._widget.times_fetched > 0

    @property
    def comm_id(self) -> str:
        """The id of the comm, which is that of the widget's model."""
        return str(self._widget.model_id)

    def mime_bundle(self) -> dict[str, Any]:
        """The data that shows the widget in an output."""
        return {
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self._widget.model_id,
            }
        }

    def send(self, message: Any) -> None:
        """Send one message; nothing once the channel is closed."""
        if self.closed:
            return
        try:
            self._widget.send(message)
        except Exception:
            # The socket is gone, as at the kernel's end. The reply itself must not suffer from it.
            logger.debug("a message to the browser could not be sent", exc_info=True)
            self.closed = True

    def close(self) -> None:
        """Free the comm, and that of the layout every widget brings along."""
        if self.closed and self._widget.comm is None:
            return
        self.closed = True
        self._widget.on_msg(self._on_message, remove=True)
        if self._widget.comm is not None:
            self._widget.comm.on_close(None)
        layout = self._widget.layout
        for widget in (self._widget, layout):
            try:
                widget.close()
            except Exception:  # as in `send`
                logger.debug("a comm could not be closed", exc_info=True)

    def _on_message(self, _widget: object, content: object, _buffers: object) -> None:
        self._tell(functools.partial(self._receive, content))

    def _on_close(self, _message: object) -> None:
        if not self.closed:
            self.close()
            self._tell(self._lost)

    def _tell(self, news: Callable[[], None]) -> None:
        """Bring what the browser has said to the loop."""
        if threading.get_ident() == self._thread and _is_running(self._loop):
            news()
            return
        try:
            self._loop.call_soon_threadsafe(news)
        except RuntimeError:
            logger.debug("a message of the browser came after its loop had ended")


class CardView:
    """Shows one card live.

    Args:
        card: The card to follow.
        request: What to do about a request; returns why it is refused, or `None` if it was obeyed.
            To be asked for the whole card is the proof that a page shows it; the view sends it.
        loop: The loop that feeds the card; the running one by default.
        lost: Called when a page has closed the widget.
    """

    interval = CARD_INTERVAL

    def __init__(
        self,
        card: CardState,
        *,
        request: Callable[[CardRequest], str | None],
        loop: asyncio.AbstractEventLoop | None = None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._card = card
        self._request = request
        self._loop = loop or asyncio.get_running_loop()
        self._pacer = pacer_of(self._loop)
        self._channel = Channel("card", card.id, receive=self._receive, loop=self._loop, lost=lost)
        self.seen = False
        """Whether a page has asked for the card."""
        card.on_change = self._on_change
        if card.has_news:
            self._on_change()

    @property
    def has_news(self) -> bool:
        """Whether the card has anything the browser has not been sent."""
        return self._card.has_news

    def mime_bundle(self) -> dict[str, Any]:
        """The data that shows the card in an output."""
        return self._channel.mime_bundle()

    def send_news(self) -> int:
        """Send what is new; returns its approximate size in bytes."""
        message = self._card.drain()
        if message is None:
            return 0
        self._channel.send(message)
        return _size(message)

    def send_whole(self, *, final: bool = False) -> None:
        """Send the whole card at once."""
        message = self._card.snapshot(final=final)
        self._pacer.spend(_size(message))
        self._channel.send(message)

    def finish(self) -> None:
        """Send the card for the last time; what is asked later is still answered."""
        self._card.on_change = None
        self._pacer.forget(self)
        self.send_whole(final=True)

    def close(self) -> None:
        """Free the comm, unless a page needs it to show how the card has ended."""
        self._card.on_change = None
        self._pacer.forget(self)
        if not self._channel.adopted:
            self._channel.close()

    def _on_change(self) -> None:
        self._pacer.wake(self)

    def _receive(self, content: object) -> None:
        message = decode_card_request(content, card_id=self._card.id)
        if message is None:
            return
        if isinstance(message, dict):
            self._channel.send(message)
            return
        reason = answer(self._request, message)
        if isinstance(message, ResyncMessage):
            self.seen = True
            self.send_whole(final=self._card.ended)
            return
        if reason is not None:
            self._channel.send(refused(message, reason))


def answer(handler: Callable[[Any], str | None], message: BrowserMessage) -> str | None:
    """What a handler says to a request; an error in it refuses the request and stays here."""
    try:
        return handler(message)
    except Exception:
        logger.exception("a request of the browser failed")
        return "the kernel could not do this; its log says why"


def _size(message: Any) -> int:
    # Close enough for a budget, and much cheaper than encoding twice: `json.dumps` in C, unescaped.
    return len(json.dumps(message, ensure_ascii=False)) + 500


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


@functools.cache
def _static(role: Role) -> tuple[str, str]:
    """The built code and style of a widget, read once."""
    folder = resources.files("mirascope_nb.widgets") / "static"
    return (
        (folder / f"{role}.js").read_text(encoding="utf-8"),
        (folder / f"{role}.css").read_text(encoding="utf-8"),
    )


@functools.cache
def _widget_class() -> Any:
    """The widget's class, made when the first card is shown: the imports take a while."""
    import anywidget
    import traitlets

    def synced() -> Any:
        return cast("Any", traitlets.Unicode()).tag(sync=True)

    class LiveWidget(anywidget.AnyWidget):
        """The browser's half of a card or a progress bar."""

        _esm = synced()
        _css = synced()
        card_id = synced()
        role = synced()

        times_fetched = -1
        """How often the whole state was asked for. The first time is the widget's own opening."""

        def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:  # noqa: FBT001, FBT002 - as overridden
            """What is synced."""
            if key is None:
                self.times_fetched += 1
            return cast("Any", super()).get_state(key=key, drop_defaults=drop_defaults)

    return LiveWidget
