"""A live card: one reply, or one loop of replies and tools, shown while it happens.

`LiveCard` joins what the rest keeps apart: the core's streams and tool outputs on one side, the
card's state and its surface on the other. It is a context manager, and however the block is
left, the card ends in its true state and the output is replaced by the static bundle.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

from mirascope_nb import llm
from mirascope_nb.display import (
    Bundle,
    Failed,
    Reasoned,
    Reply,
    Said,
    Tokens,
    reply_bundle,
)
from mirascope_nb.display.bundle import Part
from mirascope_nb.display.errors import explain
from mirascope_nb.display.record import digest_of
from mirascope_nb.display.reprs import cost_text, mark_shown, tokens_of
from mirascope_nb.kernel import detect
from mirascope_nb.kernel.tracebacks import shorten
from mirascope_nb.widgets.card import CardState
from mirascope_nb.widgets.protocol import (
    AlwaysMessage,
    Approval,
    CardFormat,
    CardRequest,
    DecideMessage,
    EditMessage,
    ResyncMessage,
    StopMessage,
)
from mirascope_nb.widgets.surface import Surface, make_surface
from mirascope_nb.widgets.tools import ToolPanel

logger = logging.getLogger(__name__)

Decision: TypeAlias = DecideMessage | EditMessage | AlwaysMessage
"""What a person may answer to a pending call."""


class LiveCard(ToolPanel):
    """One card, from its first token to its static output.

    Args:
        model: The model id that is asked, if it is known before the stream is.
        title: A line above the reply, or `None`.
        format: How the text is to be shown.
        quiet: Show nothing, unless a person has to be asked.
        display: Whether anything may be shown at all.
        surface: Where to show it; chosen by the front end if `None`.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        title: str | None = None,
        format: CardFormat = "markdown",
        quiet: bool = False,
        display: bool = True,
        surface: Surface | None = None,
    ) -> None:
        super().__init__(CardState(uuid.uuid4().hex, model=model or "", format=format, note=title))
        self.state.before_send = self._sample
        self.decide: Callable[[Decision], str | None] | None = None
        """What takes a person's decision, and says why it is refused. The approver sets it."""
        self._asked = model
        self._quiet = quiet
        self._display = display
        self._surface = surface
        self._shown = False
        self._mounted = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self.stop_clicked = False
        """Whether a person has clicked `Stop`."""
        self._responses: list[llm.AnyResponse] = []
        self.feed = self.state.feed
        """Take one chunk of a stream. The hot path: it is the card's own method."""

    # -- beginning and end -----------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._task = asyncio.current_task()
        except RuntimeError:  # a blocking call has no task, and nothing that could stop it
            self._task = None
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task = None
        try:
            self.close(error)
        except Exception:
            # What cannot be shown is still the reply, and an error on its way up is the news.
            logger.exception("the card could not be closed")

    def open(self) -> None:
        """Begin to show the card."""
        if self._display and not self._quiet:
            self._show()

    def close(self, error: BaseException | None = None) -> Bundle:
        """End the card: done, or stopped or failed by an error. Returns the static bundle."""
        finish = self._finish_reason()
        self._sample()
        if error is None:
            self.state.end("done", finish=finish)
        elif isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, GeneratorExit)):
            self.state.end("stopped", finish=finish)
        elif not self.state.ended:
            explanation = explain(error)
            self.state.add_error(explanation.cause, explanation.remedy)
            if isinstance(error, llm.Error):
                # The card has said what to do; where there is none, the traceback does.
                told = [explanation.cause, "" if self._shown else explanation.remedy]
                shorten(error, text="\n".join(filter(None, told)))
            self.state.end("failed", finish=finish)
        bundle = reply_bundle(self.reply())
        if self._surface is not None and self._shown:
            self._surface.close(bundle)
            if self._responses:
                mark_shown(self._responses[-1])
        self._shown = False
        return bundle

    def stop(self) -> None:
        """Stop what the card shows, as a click on `Stop` does."""
        self.stop_clicked = True
        if self._task is not None:
            self._task.cancel("stopped")

    @property
    def can_ask(self) -> bool:
        """Whether a person could answer a question on this card."""
        if not self._display:
            return False
        surface = self._surface or make_surface(detect(), self._request)
        return surface.live

    async def mounted(self) -> None:
        """Return as soon as a page has shown the card; never where none does."""
        await self._mounted.wait()

    # -- replies ---------------------------------------------------------------------------------

    def begin(self, response: llm.AnyResponse) -> None:
        """Say whose chunks come next; the tokens and the cost of all of them are added up."""
        if not any(known is response for known in self._responses):
            self._responses.append(response)
        self.begin_turn()
        self.state.update(model=self._asked or response.model_id, state="streaming")

    def add_whole(self, response: llm.AnyResponse) -> None:
        """Show a response that came in one piece."""
        for part in response.content:
            match part.type:
                case "text":
                    self.state.add_text(part.text)
                case "thought":
                    self.state.add_thought(part.thought)
                case "tool_call":
                    self.state.add_tool(part.id, part.name, part.args)
                case _:
                    pass

    def restart(self, reason: BaseException) -> None:
        """Forget what the stream has said, because it begins anew."""
        self.forget_tools()
        # What broke off says why, and not that it did.
        cause = explain(reason.__cause__ or reason).cause
        self.state.reset(f"Started over: {cause}", keep=self.turn)

    def tool_pending(self, request: llm.ApprovalRequest, approval: Approval) -> None:
        """Ask a person about a call; a card that was quiet is shown for it."""
        if self._display and not self._shown:
            self._show()
        super().tool_pending(request, approval)

    # -- the whole -------------------------------------------------------------------------------

    def reply(self) -> Reply:
        """The card as plain data."""
        card = self.state.card()
        last = self._responses[-1] if self._responses else None
        sent: Sequence[Any] = () if last is None else self._responses[0].messages[:-1]
        tokens = self._tokens()
        return Reply(
            state=card["state"],
            asked=self._asked or card["model"],
            parts=tuple(self._part(index, block) for index, block in enumerate(card["blocks"])),
            provider=None if last is None else last.provider_id,
            answered=None if last is None else last.model_id,
            name=None if last is None else last.provider_model_name,
            params={} if last is None else cast("dict[str, Any]", last.params),
            prompt_digest=digest_of(sent) if last is not None else None,
            prompt_messages=len(sent),
            tokens=tokens,
            cost=card["cost"],
            finish=card["finish"],
            format=card["format"],
            note=card["note"],
            card=self.state.id,
            started=card["started"],
            elapsed=card["elapsed"],
        )

    # -- inside ----------------------------------------------------------------------------------

    def _show(self) -> None:
        if self._surface is None:
            self._surface = make_surface(detect(), self._request)
        self._surface.open(self.state)
        self._shown = True

    def _request(self, message: CardRequest) -> str | None:
        if isinstance(message, ResyncMessage):
            self._mounted.set()
            return None
        if isinstance(message, StopMessage):
            if self.state.ended:
                return "it has ended"
            self.stop()
            return None
        if self.decide is None:
            return "nothing is waiting for a decision"
        return self.decide(message)

    def _sample(self) -> None:
        tokens = self._tokens()
        if tokens is None:
            return
        self.state.update(
            usage={
                "input": tokens.input,
                "output": tokens.output,
                "cached": tokens.cached,
                "reasoning": tokens.reasoning,
            },
            cost=cost_text(self._responses),
        )

    def _tokens(self) -> Tokens | None:
        return tokens_of(self._responses)

    def _finish_reason(self) -> str | None:
        reason = self._responses[-1].finish_reason if self._responses else None
        return None if reason is None else str(reason.value)

    def _part(self, index: int, block: Any) -> Part:
        match block["type"]:
            case "text":
                return Said(text=block["text"])
            case "thought":
                return Reasoned(text=block["text"], seconds=block["seconds"])
            case "error":
                return Failed(title=block["title"], message=block["message"])
            case _:
                return self.tool_run(index, block)
