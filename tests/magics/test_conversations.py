from types import SimpleNamespace
from typing import Any

from mirascope_nb.magics.conversations import (
    CellIdentity,
    Conversation,
    Conversations,
    Turn,
    TurnKey,
    new_messages,
)


def turn(cell: str, text: str, number: int = 0, run: int = 0) -> Turn:
    message: Any = SimpleNamespace(role="user", content=text)
    return Turn(TurnKey(cell, number, run), (message,))


def said(messages: Any) -> list[str]:
    return [message.content for message in messages]


def test_turns_follow_one_another() -> None:
    talk = Conversation("a")
    talk.put(turn("1", "one"))
    talk.put(turn("2", "two"))
    assert said(talk.messages) == ["one", "two"]
    assert said(talk.before(TurnKey("3"))) == ["one", "two"]
    assert [talk.number(TurnKey(cell)) for cell in ("1", "2", "3")] == [1, 2, 3]


def test_same_cell_replaces_its_turn_where_it_stands() -> None:
    talk = Conversation("a")
    for each in (turn("1", "one"), turn("2", "two"), turn("3", "three")):
        talk.put(each)
    assert said(talk.before(TurnKey("2"))) == ["one"]
    talk.put(turn("2", "TWO"))
    assert said(talk.messages) == ["one", "TWO", "three"]


def test_new_run_of_a_loop_replaces_all_turns_of_the_old() -> None:
    talk = Conversation("a")
    talk.put(turn("before", "b"))
    for number, text in enumerate(["x", "y", "z"]):
        talk.put(turn("loop", text, number))
    talk.put(turn("after", "a"))
    talk.put(turn("loop", "X", 0, run=1))
    assert said(talk.messages) == ["b", "X", "a"]
    assert said(talk.before(TurnKey("loop", 1, 1))) == ["b", "X"]
    talk.put(turn("loop", "Y", 1, run=1))
    assert said(talk.messages) == ["b", "X", "Y", "a"]


def test_turns_of_one_run_that_end_in_any_order_all_stay() -> None:
    talk = Conversation("a")
    talk.put(turn("loop", "old 0", 0, run=1))
    talk.put(turn("loop", "old 1", 1, run=1))
    for number in (1, 2, 0):
        talk.put(turn("loop", str(number), number, run=2))
    assert said(talk.messages) == ["0", "1", "2"]


def test_nothing_changes_until_a_turn_is_recorded() -> None:
    talks = Conversations()
    talk = talks.open("a")
    assert talks.get("a") is None
    talks.record(talk, turn("1", "one"), system="be kind")
    assert said(talks.open("a").messages) == ["one"]
    assert talks.open("a").system == "be kind"
    assert talks.open("a", new=True).messages == []
    assert said(talks.open("a").messages) == ["one"]


def test_new_takes_the_place_of_the_old_once_recorded() -> None:
    talks = Conversations()
    talks.record(talks.open("a"), turn("1", "one"), system="be kind")
    talks.record(talks.open("a", new=True), turn("2", "two"), system=None)
    assert said(talks.open("a").messages) == ["two"]
    assert talks.open("a").system is None


def test_reset_and_clear() -> None:
    talks = Conversations()
    talks.record(talks.open("a"), turn("1", "one"), system=None)
    talks.record(talks.open("b"), turn("1", "one"), system=None)
    assert talks.names == ["a", "b"]
    assert talks.reset("a")
    assert not talks.reset("a")
    talks.clear()
    assert len(talks) == 0


def test_key_is_the_front_ends_cell_id_numbered_within_a_run() -> None:
    identity, first, second = CellIdentity(), object(), object()
    assert identity.next_key(first, "abc", "x") == TurnKey("abc", 0)
    assert identity.next_key(first, "abc", "x") == TurnKey("abc", 1)
    assert identity.next_key(second, "abc", "x") == TurnKey("abc", 0)
    runs = [identity.next_key(run, "abc", "x").run for run in (first, first, second)]
    assert runs[0] == runs[1] != runs[2]


def test_without_a_cell_id_the_source_tells_cells_apart() -> None:
    identity = CellIdentity()
    one = identity.next_key(object(), None, "one")
    assert one == identity.next_key(object(), None, "one")
    assert one != identity.next_key(object(), None, "two")
    assert "one" not in one.cell


def test_new_messages_leave_out_what_was_there_and_the_system_message() -> None:
    messages: list[Any] = [
        SimpleNamespace(role=role, content=text)
        for role, text in [("system", "s"), ("user", "1"), ("assistant", "2"), ("user", "3")]
    ]
    assert said(new_messages(2, messages)) == ["3"]
    assert said(new_messages(0, messages)) == ["1", "2", "3"]
