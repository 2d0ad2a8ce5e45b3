"""Runs a prepared request: the one place where the magics call a model and show a card."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypedDict, cast

from mirascope_nb import llm
from mirascope_nb.magics.images import find_image, publish_image

if TYPE_CHECKING:
    from mirascope_nb.magics.session import Prepared
    from mirascope_nb.widgets.protocol import CardFormat


class Progress:
    """The responses of one call as they begin; several when the model calls tools."""

    def __init__(self) -> None:
        self.responses: list[Any] = []

    def begin(self, response: Any) -> None:
        """Take note of a response, so that it is not lost by a stop."""
        if not any(known is response for known in self.responses):
            self.responses.append(response)

    @property
    def response(self) -> Any | None:
        """The latest response, whole or not; `None` while the provider has not answered."""
        return self.responses[-1] if self.responses else None


class _Shown(TypedDict):
    """How a card shows a reply."""

    model: str
    title: str | None
    format: "CardFormat"
    quiet: bool


async def run(prepared: "Prepared", progress: Progress) -> Any:
    """Send a request from the running loop, show its card, and return the finished response.

    Raises:
        KeyboardInterrupt: The cell was stopped.
        llm.Error: The call failed.
    """
    from mirascope_nb import cells

    request = prepared.request
    asked = _model(prepared)
    send = cast("Callable[..., Any]", asked.stream_async if request.stream else asked.call_async)
    shown = _shown(prepared)
    # Entered, so that the replies after tool calls are asked of it too, as the first one was.
    with asked:
        call = send(prepared.messages, tools=list(request.tools) or None, format=request.schema)
        if request.tools:
            response = await cells.run(call, approve=request.approve, bind=progress.begin, **shown)
        else:
            response = await cells.show(call, bind=progress.begin, **shown)
    if _shows_image(prepared) and not publish_image(find_image(response)):
        shown["quiet"] = False
        return await cells.show(response, **shown)
    return response


def run_blocking(prepared: "Prepared", progress: Progress, *, hidden: bool = False) -> Any:
    """Send a request without a loop, show the reply, and return the finished response.

    Args:
        prepared: What to send.
        progress: Told of the response.
        hidden: Show nothing: whoever takes the value shows it.

    Raises:
        KeyboardInterrupt: The cell was stopped.
        llm.Error: The call failed.
    """
    from mirascope_nb import cells
    from mirascope_nb.display.reprs import mark_shown

    request = prepared.request
    asked = _model(prepared)
    send = cast("Callable[..., Any]", asked.stream if request.stream else asked.call)
    shown = _shown(prepared)
    shown["quiet"] |= hidden

    def call() -> Any:
        return send(prepared.messages, tools=list(request.tools) or None, format=request.schema)

    with asked:
        if request.tools:
            response = cells.run_blocking(
                call, approve=request.approve, bind=progress.begin, **shown
            )
        else:
            response = cells.show_blocking(call, bind=progress.begin, **shown)
    if not hidden:
        if _shows_image(prepared) and not publish_image(find_image(response)):
            shown["quiet"] = False
            return cells.show_blocking(response, **shown)
        # Whoever called takes the value, and it may well become that of the cell.
        mark_shown(response)
    return response


def is_captured() -> bool:
    """Whether the value of the running code is collected by `%%capture`, and shown by it later."""
    from IPython.core.displayhook import CapturingDisplayHook

    return isinstance(sys.displayhook, CapturingDisplayHook)


def _model(prepared: "Prepared") -> llm.Model:
    """The model that a request asks: that of the `with` block itself, unless the line differs."""
    choice = prepared.request.choice
    entered: llm.Model | None = choice.entered
    params = cast("Any", dict(choice.params))
    if entered is not None and (params, choice.timeout) == (entered.params, entered.timeout):
        return entered
    model = llm.Model(choice.model, timeout=choice.timeout, **params)
    if isinstance(entered, llm.RetryModel):
        return llm.RetryModel(model, entered.retry_config)
    return model


def _shown(prepared: "Prepared") -> _Shown:
    request = prepared.request
    # An image is looked for when the reply is whole; until then there is nothing to show.
    format: CardFormat = "markdown" if request.format == "image" else request.format
    if request.schema is not None and format == "markdown":
        format = "values"
    return {
        "model": request.model,
        "title": prepared.note,
        "format": format,
        "quiet": request.quiet or request.silent or _shows_image(prepared),
    }


def _shows_image(prepared: "Prepared") -> bool:
    request = prepared.request
    return request.format == "image" and not (request.quiet or request.silent)
