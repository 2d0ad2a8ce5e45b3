"""Asking on the terminal, where nobody else decides."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from mirascope_nb import llm


@llm.tool(requires_approval=True)
def remove(table: str) -> str:
    """Remove a table."""
    return f"removed {table}"


class Terminal:
    """A terminal, with one person at it who answers."""

    def __init__(self, answer: str | None, *, is_closed: bool = False) -> None:
        self.answer = answer
        self.is_closed = is_closed
        self.asked: list[str] = []

    def isatty(self) -> bool:
        if self.is_closed:
            raise ValueError("I/O operation on closed file")
        return True

    def input(self, question: str) -> str:
        self.asked.append(question)
        if self.answer is None:
            raise EOFError
        return self.answer


def asked_at(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, args: str) -> Any:
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr("builtins.input", terminal.input)
    return remove.execute(llm.ToolCall(id="1", name="remove", args=args))


@pytest.mark.parametrize("answer", ["y", " YES ", "n", "", "yep", None])
def test_only_a_yes_runs_the_tool(answer: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(answer)
    output = asked_at(terminal, monkeypatch, '{"table": "orders"}')
    assert (output.error is None) == (answer in {"y", " YES "})
    assert terminal.asked == ['Run remove with {"table":"orders"}? [y/N] ']


def test_what_could_mislead_the_eye_is_shown_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal("n")
    asked_at(terminal, monkeypatch, '{"table": "a\u202eb\u200bc\u001b"}'.replace("\x1b", "\\u001b"))
    assert "\u202e" not in terminal.asked[0]
    assert r"a\u202eb\u200bc" in terminal.asked[0]


def test_a_closed_terminal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal("y", is_closed=True)
    output = asked_at(terminal, monkeypatch, '{"table": "orders"}')
    assert "nobody could be asked" in output.result
    assert terminal.asked == []
