"""What every reply is, whole or streaming, sync or async, with or without a context."""

from __future__ import annotations

import importlib
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, cast

from mirascope_nb.llm.content import AssistantContentPart, Text, Thought, ToolCall, ToolOutput
from mirascope_nb.llm.context import Context, require_context
from mirascope_nb.llm.current import use_model
from mirascope_nb.llm.exceptions import ParseError
from mirascope_nb.llm.formatting import Format, FormatT, is_output_parser
from mirascope_nb.llm.messages import Message, UserContent, promote
from mirascope_nb.llm.params import Params
from mirascope_nb.llm.tools import BaseToolkit
from mirascope_nb.llm.usage import FinishReason, Usage

if TYPE_CHECKING:
    from decimal import Decimal

    from mirascope_nb.llm.formatting.partial_reader import PartialReader
    from mirascope_nb.llm.io import Timeouts
    from mirascope_nb.llm.models import Model
    from mirascope_nb.llm.responses.face import Face

__all__ = ["RootResponse", "pretty_part"]


class RootResponse(Generic[FormatT]):
    """A model's reply and the conversation that led to it."""

    face: ClassVar[Face]
    """Whether replies of this class block or await, and take a context or not."""

    provider_id: str
    model_id: str
    provider_model_name: str
    """The provider's own name of the model, perhaps with an API suffix (`gpt-4o:responses`)."""
    params: Params
    timeout: float | Timeouts | None = None
    """As the model was given it: seconds for a whole request, or `Timeouts`."""
    toolkit: BaseToolkit[Any]
    format: Format[FormatT] | None
    messages: list[Message]
    """What was sent, formatting instructions included, and the reply as the last message."""
    content: Sequence[AssistantContentPart]
    """The parts of the reply, in order."""
    texts: Sequence[Text]
    tool_calls: Sequence[ToolCall]
    tool_outputs: Sequence[ToolOutput[Any]] | None = None
    """What the tool calls gave when they were executed last, in their order; `None` before."""
    thoughts: Sequence[Thought]
    finish_reason: FinishReason | None
    """`None` for a normal end, also when the model waits for its tools."""
    usage: Usage | None
    """Tokens, or `None` while they are not known."""
    call_args: Mapping[str, object] | None = None
    """Arguments of the call by name, for fields of the format that are marked `FromCallArgs`."""

    @property
    def model(self) -> Model:
        """The model that resumes the conversation: the context's, or the one that answered."""
        return use_model(self.model_id, timeout=self.timeout, **self.params)

    @property
    def cost(self) -> Decimal | None:
        """What the reply cost in US dollars by the providers' price lists, `None` if unknown."""
        from mirascope_nb.llm.prices import price

        return price(self.provider_id, self.provider_model_name, self.usage)

    def text(self, sep: str = "\n") -> str:
        """The reply's texts, joined."""
        return sep.join(part.text for part in self.texts)

    def pretty(self) -> str:
        """Every part in readable form, a blank line between them."""
        return "\n\n".join(pretty_part(part) for part in self.content)

    def parse(self, partial: bool = False) -> FormatT:  # noqa: FBT001, FBT002, the published signature
        """The reply in the format that was asked for.

        Args:
            partial: Make the best of a reply that is still arriving: fields that have not come are
                `None`, and the whole is `None` where nothing can be said yet. Never raises.

        Returns:
            An instance of the format, or `None` if no format was asked for.

        Raises:
            ParseError: If the reply does not fit the format.
            NotImplementedError: If `partial` is asked of an `OutputParser`.
        """
        form = self.format
        if form is None:
            return cast("FormatT", None)
        if partial:
            return cast("FormatT", self._parse_partial(form))
        try:
            if is_output_parser(form.formattable):
                return form.formattable(self)
        except Exception as error:
            raise ParseError(f"OutputParser failed: {error}", error) from error
        from mirascope_nb.llm.formatting.parse import parse_text

        try:
            return parse_text(form, self.text(""), self.call_args)
        except Exception as error:
            raise ParseError(f"Failed to parse response: {error}", error) from error

    def _parse_partial(self, form: Format[Any]) -> object:
        if is_output_parser(form.formattable):
            raise NotImplementedError(
                "parse(partial=True) is not available for an OutputParser, "
                "which needs the whole response"
            )
        return self._partial_reader(form).value

    def _partial_reader(self, form: Format[Any]) -> PartialReader[Any]:
        """What has read the texts so far."""
        from mirascope_nb.llm.formatting.partial_reader import PartialReader

        reader = PartialReader(form)
        reader.feed(self.text(""))
        return reader

    async def do_finish(self) -> None:
        """Wait until the reply is whole, which it is."""

    async def do_execute_tools(self, ctx: Context[Any] | None) -> list[ToolOutput[Any]]:
        """The outputs of all tool calls, in order.

        Raises:
            TypeError: If the call had a context and this is none.
        """
        if self.face.takes_context:
            require_context(ctx)
        await self.do_finish()
        jobs: list[Coroutine[Any, Any, ToolOutput[Any]]] = [
            self.toolkit.do_execute(ctx, call) for call in self.tool_calls
        ]
        outputs = await self.face.io.gather(jobs)
        self.tool_outputs = tuple(outputs)
        return outputs

    async def do_resume(self, ctx: Context[Any] | None, content: UserContent) -> Self:
        """A new reply to this conversation with one more user message."""
        await self.do_finish()
        resumed = cast("Self", await self.model.do_resume(self, ctx, content))
        resumed.call_args = self.call_args
        return resumed

    async def do_validate(
        self, ctx: Context[Any] | None, max_retries: int
    ) -> tuple[FormatT, RootResponse[FormatT]]:
        """The parsed reply, asking the model again while it does not parse."""
        if max_retries < 0:
            raise ValueError("max_retries must be non-negative")
        response: RootResponse[FormatT] = self
        for left in range(max_retries, -1, -1):
            await response.do_finish()
            try:
                return response.parse(), response
            except ParseError as error:
                if not left:
                    raise
                response = await response.do_resume(ctx, error.retry_message())
        raise AssertionError("unreachable")

    def _resumed(self, content: UserContent) -> list[Message]:
        return [*self.messages, *promote(content)]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Any:  # noqa: ARG002, IPython filters
        # The notebook half is asked by name: the core imports nothing of what stands on it.
        reprs = importlib.import_module("mirascope_nb.display.reprs")
        return tuple(reprs.response_mimebundle(self))

    def _repr_markdown_(self) -> str:
        # For front ends that know no bundles.
        reprs = importlib.import_module("mirascope_nb.display.reprs")
        return str(reprs.response_markdown(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001, IPython's signature
        from mirascope_nb.text.escape import printable

        printer.text(type(self).__name__ + "(...)" if cycle else printable(self.pretty()))

    def __str__(self) -> str:
        return self.pretty()

    def __repr__(self) -> str:
        text = self.text(" ")
        beginning = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        calls = f", tool_calls={[call.name for call in self.tool_calls]}" if self.tool_calls else ""
        return f"<{type(self).__name__} of {self.model_id}: {beginning!r}{calls}>"


_SHOWN = 60


def pretty_part(part: AssistantContentPart) -> str:
    """A part in readable form."""
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Thought):
        return "**Thinking:**\n" + indented(part.thought)
    return f"**ToolCall ({part.name}):** {part.args}"


def indented(thought: str) -> str:
    """Every line of a thought, two spaces in."""
    return "  " + thought.replace("\n", "\n  ")
