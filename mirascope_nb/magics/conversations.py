"""Named conversations: turns that later cells continue.

A turn belongs to the cell that made it. Running the same cell again replaces its turn where it
stands, and what the model is shown is only what came before it. A cell that takes several turns, as
in a loop, has them numbered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from mirascope_nb import llm

    Message: TypeAlias = llm.Message
else:
    Message: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class TurnKey:
    """Which turn: the cell that made it, and its number among that cell's turns, from 0.

    The run of the cell is no part of the identity: a turn of a new run replaces that of the old.
    """

    cell: str
    number: int = 0
    run: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said in one run of a cell: the user's message, the reply, and tools in between."""

    key: TurnKey
    messages: tuple[Message, ...]


@dataclass(slots=True)
class Conversation:
    """A conversation by name.

    Attributes:
        name: As given to `-c`.
        system: The system message last set, or `None`.
        turns: In the order of the notebook's cells as they were first run.
    """

    name: str
    system: str | None = None
    turns: list[Turn] = field(default_factory=list[Turn])

    @property
    def messages(self) -> list[Message]:
        """All messages in order, without the system message."""
        return [message for turn in self.turns for message in turn.messages]

    def before(self, key: TurnKey) -> list[Message]:
        """The messages that a turn follows: all, or those before the turn it will replace."""
        return [message for turn in self.turns[: self._place(key)] for message in turn.messages]

    def number(self, key: TurnKey) -> int:
        """Which turn of the conversation it is or will be, counted from 1."""
        return self._place(key) + 1

    def put(self, turn: Turn) -> None:
        """Add a turn, or replace the one of the same key.

        What is left of the cell's earlier runs is taken away.
        """
        place = self._place(turn.key)
        before, after = self.turns[:place], self.turns[place:]
        self.turns = [*_current(before, turn.key), turn, *_current(after, turn.key)]

    def _place(self, key: TurnKey) -> int:
        """Where the turn stands or would stand: among its cell's turns by number, else last."""
        place = None
        for at, turn in enumerate(self.turns):
            if turn.key == key:
                return at
            if turn.key.cell == key.cell and turn.key.number < key.number:
                place = at + 1
            elif turn.key.cell == key.cell and place is None:
                place = at
        return len(self.turns) if place is None else place


class Conversations:
    """The conversations of one kernel session."""

    def __init__(self) -> None:
        self._by_name: dict[str, Conversation] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def names(self) -> list[str]:
        """In the order in which they were begun."""
        return list(self._by_name)

    def get(self, name: str) -> Conversation | None:
        """The conversation of this name, if it was begun."""
        return self._by_name.get(name)

    def open(self, name: str, *, new: bool = False) -> Conversation:
        """The conversation to continue. Nothing changes until `record`: a failed call is safe."""
        found = None if new else self._by_name.get(name)
        return found if found is not None else Conversation(name)

    def record(self, conversation: Conversation, turn: Turn, *, system: str | None) -> None:
        """Keep a turn that was answered, and with it the conversation it belongs to."""
        conversation.put(turn)
        conversation.system = system
        self._by_name[conversation.name] = conversation

    def reset(self, name: str) -> bool:
        """Forget a conversation; whether there was one."""
        return self._by_name.pop(name, None) is not None

    def clear(self) -> None:
        """Forget all."""
        self._by_name.clear()


class CellIdentity:
    """Tells the runs of cells apart, and numbers the turns within a run.

    A front end says which cell it runs (`cellId`); elsewhere a cell is known by its source.
    """

    def __init__(self) -> None:
        self._run: object = None
        self._runs = 0
        self._count = 0

    def next_key(self, run: object, cell_id: str | None, source: str) -> TurnKey:
        """The key of the next turn.

        Args:
            run: An object that is the same throughout one execution, and another in the next.
            cell_id: The front end's name for the cell, if it gives one.
            source: The cell as typed.
        """
        if run is self._run and run is not None:
            self._count += 1
        else:
            self._run, self._count = run, 0
            self._runs += 1
        cell = cell_id or "source:" + sha256(source.encode(errors="surrogatepass")).hexdigest()
        return TurnKey(cell, self._count, self._runs)


def _current(turns: Iterable[Turn], key: TurnKey) -> list[Turn]:
    """The turns that stay: not the one replaced, and none of an earlier run of its cell."""
    return [
        turn
        for turn in turns
        if turn.key != key and (turn.key.cell != key.cell or turn.key.run == key.run)
    ]


def new_messages(sent: int, messages: Sequence[Message]) -> tuple[Message, ...]:
    """What a call added to a conversation.

    Args:
        sent: How many messages, system messages aside, the conversation had before.
        messages: All messages of the response.
    """
    return tuple(_without_system(messages))[sent:]


def _without_system(messages: Iterable[Message]) -> Iterable[Message]:
    return (message for message in messages if message.role != "system")
