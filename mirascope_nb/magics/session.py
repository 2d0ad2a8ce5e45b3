"""What one shell remembers between cells, and how a response is handed over to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mirascope_nb import spending
from mirascope_nb.magics.cell import CellRequest
from mirascope_nb.magics.conversations import (
    CellIdentity,
    Conversation,
    Conversations,
    Turn,
    TurnKey,
    new_messages,
)
from mirascope_nb.magics.errors import LastError
from mirascope_nb.magics.extract import Block, as_cell, extract_code

if TYPE_CHECKING:
    from mirascope_nb import llm


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A request and the messages it sends.

    Attributes:
        request: What the cell asks for.
        messages: All of them, the system message first, the cell's own last.
        conversation: The conversation they continue, or `None`.
        key: The turn they will make in it.
        before: How many of the messages are earlier turns.
    """

    request: CellRequest
    messages: "list[llm.Message]"
    conversation: Conversation | None = None
    key: TurnKey | None = None
    before: int = 0

    @property
    def note(self) -> str | None:
        """What the card says above the reply."""
        if self.conversation is None or self.key is None:
            return None
        return f"conversation {self.conversation.name} · turn {self.conversation.number(self.key)}"


class Session:
    """The memory of one shell.

    Args:
        shell: The `InteractiveShell` whose variables are bound and whose next cell is filled.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.conversations = Conversations()
        self.last_error = LastError()
        self._identity = CellIdentity()

    def cell_ended(self, result: Any) -> None:
        """A cell has ended; called by IPython's `post_run_cell` event."""
        self.last_error.note(result)
        spending.tell()

    def prepare(self, request: CellRequest) -> Prepared:
        """Put the messages of a request together."""
        from mirascope_nb import llm

        content = list(request.content)
        user = llm.messages.user(content[0] if len(content) == 1 else content)
        if request.conversation is None:
            system = request.system_message()
            return Prepared(request=request, messages=[*_system(system), user])
        key = self._next_key()
        conversation = self.conversations.open(request.conversation, new=request.new)
        before = conversation.before(key)
        system = request.system_message(conversation.system)
        return Prepared(
            request=request,
            messages=[*_system(system), *before, user],
            conversation=conversation,
            key=key,
            before=len(before),
        )

    def deliver(self, prepared: Prepared, responses: Sequence[Any], *, bound: bool) -> Any:
        """Hand a finished response over: bind it, keep its turn, offer its code.

        Args:
            prepared: What was sent.
            responses: All that came, the last one being the finished response.
            bound: Whether the magic's value is assigned.

        Returns:
            The value of the magic: the response, or `None` where the cell is to have no value.

        Raises:
            ParseError: The reply does not fit the schema. The response is bound all the same.
            UsageError: There is no code to extract.
        """
        request, response = prepared.request, responses[-1]
        self._record(prepared, response)
        try:
            if request.schema is not None:
                response.parse()
            if request.extract or request.offers_code:
                self._offer(request, extract_code(response.text()))
        except Exception:
            self.keep(prepared, response)
            raise
        if request.output is not None and not request.extract:
            self.bind(request.output, response)
        if bound:
            return response
        if request.silent or (request.output is not None and not request.extract):
            return None
        return response

    def make_value(self, value: Any) -> None:
        """Make a response the value of the cell that awaits it: `_` and `Out[n]` hold it.

        Left to IPython it would be shown a second time, and lost where the line is not the cell's
        last, as in a loop.
        """
        hook = self.shell.displayhook
        if value is None or getattr(getattr(hook.exec_result, "info", None), "silent", False):
            return
        hook.update_user_ns(value)
        hook.fill_exec_result(value)

    def keep(self, prepared: Prepared, response: Any) -> None:
        """Keep a response whose cell is about to fail: in its variable, or else in `_`."""
        request = prepared.request
        if request.output is not None:
            self.bind(request.output, response)
        elif not request.silent:
            self.make_value(response)

    def keep_partial(self, prepared: Prepared, responses: Sequence[Any]) -> None:
        """Keep the last response, which was stopped or broke off, with whatever has arrived."""
        if not responses:
            return
        response = responses[-1]
        if response.texts:
            self._record(prepared, response, partial=True)
        self.keep(prepared, response)

    def bind(self, name: str, value: Any) -> None:
        """Set a variable of the user's."""
        self.shell.push({name: value})

    def _record(self, prepared: Prepared, response: Any, *, partial: bool = False) -> None:
        if prepared.conversation is None or prepared.key is None:
            return
        if partial:
            from mirascope_nb import llm

            # Only its text: a provider refuses tool calls that were never answered.
            reply = llm.messages.assistant(
                response.text(), model_id=response.model_id, provider_id=response.provider_id
            )
            turn = (prepared.messages[-1], reply)
        else:
            turn = new_messages(prepared.before, response.messages)
        given = prepared.request.system
        self.conversations.record(
            prepared.conversation,
            Turn(prepared.key, turn),
            system=given if given is not None else prepared.conversation.system,
        )

    def _offer(self, request: CellRequest, block: Block | None) -> None:
        from IPython.core.error import UsageError

        if block is None:
            if request.extract:
                raise UsageError("the reply has no fenced code to extract; the reply is in _.")
            return
        if request.extract and request.output is not None:
            self.bind(request.output, block.code)
        if request.offers_code:
            # Offered, never run: a person reads it and presses Run.
            self.shell.set_next_input(as_cell(block), replace=False)

    def _next_key(self) -> TurnKey:
        result = self.shell.displayhook.exec_result
        run = getattr(result, "info", None)
        return self._identity.next_key(
            run, getattr(run, "cell_id", None) or _parent_cell_id(self.shell), _source(run)
        )


def _system(text: str | None) -> "list[llm.Message]":
    from mirascope_nb import llm

    return [] if text is None else [llm.messages.system(text)]


def _source(run: Any) -> str:
    return str(getattr(run, "raw_cell", None) or "")


def _parent_cell_id(shell: Any) -> str | None:
    """The front end's id of the cell being run, from the request's metadata."""
    get_parent: Callable[[], Any] | None = getattr(shell, "get_parent", None)
    if get_parent is None:
        return None
    try:
        cell_id = get_parent()["metadata"]["cellId"]
    except (KeyError, LookupError, TypeError):
        return None
    return cell_id if isinstance(cell_id, str) else None
