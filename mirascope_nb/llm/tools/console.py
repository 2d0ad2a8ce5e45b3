"""Asking on the terminal: what a plain script does when nobody else decides."""

from __future__ import annotations

import sys
import unicodedata
from functools import partial

from mirascope_nb.llm.io.protocol import IO
from mirascope_nb.llm.tools.approval import ApprovalDecision, ApprovalRequest

__all__ = ["ask_on_console"]

UNATTENDED = (
    "nobody could be asked; allow the tool with llm.use_approver(...), "
    "or run where there is a terminal"
)


async def ask_on_console(io: IO, request: ApprovalRequest) -> ApprovalDecision:
    """Ask y/n on the terminal; without one, deny and say how to allow."""
    if not _is_interactive():
        return ApprovalDecision(
            outcome="denied", by="policy", digest=request.digest, reason=UNATTENDED
        )
    started = io.now()
    question = f"Run {visible(request.tool)} with {visible(request.arguments)}? [y/N] "
    try:
        answer = await io.run(partial(input, question))
    except EOFError:
        answer = ""
    approved = answer.strip().lower() in {"y", "yes"}
    return ApprovalDecision(
        outcome="approved" if approved else "denied",
        by="person",
        digest=request.digest,
        seconds=io.now() - started,
    )


def _is_interactive() -> bool:
    try:
        return sys.stdin.isatty() and sys.stdout.isatty()
    except (AttributeError, ValueError):  # replaced or closed
        return False


def visible(text: str) -> str:
    """Text in which control, bidirectional and invisible characters are shown escaped.

    A model chose this text, and a person decides by what the terminal shows of it.
    """
    return "".join(
        character
        if character.isprintable() and unicodedata.category(character) not in {"Cf", "Cc", "Co"}
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
