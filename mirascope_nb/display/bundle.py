"""A reply as a mime bundle: what a cell's output holds once the live card is gone.

Three views of one reply. `text/markdown` is for every program that opens the notebook, and is
neutralised; `text/plain` is for terminals and comparisons; the run record is for the JupyterLab
extension. All three are equal for equal runs. What is not goes into the metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from mirascope_nb.display.record import (
    METADATA_KEY,
    MIME_TYPE,
    as_json,
    record_of,
    shorten,
    timing_of,
)
from mirascope_nb.display.reply import Failed, Format, Part, Reasoned, Reply, Said, ToolRun
from mirascope_nb.display.tree import values_text
from mirascope_nb.display.values import values_markdown
from mirascope_nb.text import (
    close_fence,
    code_fence,
    escape_invisible,
    neutralise,
    one_line,
    plain_text,
)

MAX_SHOWN = 600
"""Characters of arguments or of a result that the Markdown shows."""

_FENCES: dict[Format, str] = {"text": "text", "json": "json", "html": "html"}
_LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{1,40}")
_ENDS = {"stopped": "Stopped.", "streaming": "Still running.", "waiting": "Waiting for a person."}


class Bundle(NamedTuple):
    """What `IPython.display.publish_display_data` takes."""

    data: dict[str, Any]
    metadata: dict[str, Any]


def reply_bundle(reply: Reply) -> Bundle:
    """The output of a reply, in the state it is in."""
    markdown, lines = reply_markdown(reply)
    data = {
        "text/markdown": markdown,
        "text/plain": reply_text(reply),
        MIME_TYPE: as_json(record_of(reply, lines)),
    }
    return Bundle(data, {METADATA_KEY: as_json(timing_of(reply))})


def reply_markdown(reply: Reply) -> tuple[str, list[tuple[int, int]]]:
    """A reply as neutral Markdown, and the lines in it of each text block."""
    markdown, places = _compose(reply, said_markdown)
    alone = len(reply.parts) == 1 and not reply.note and not _ending(reply)
    if not alone and neutralise(markdown) != markdown:
        # Each piece is neutral, but one can change how the next is read: a list that takes up what
        # was indented code, a fence that is still open. Then none of it is read.
        markdown, places = _compose(reply, _said_verbatim)
    return markdown, places


def _compose(reply: Reply, said: Callable[[str, Format], str]) -> tuple[str, list[tuple[int, int]]]:
    written: list[str] = []
    places: list[tuple[int, int]] = []
    line = 0
    if reply.note:
        written.append(neutralise(f"*{_bare(reply.note)}*"))
        line = 2
    for part in reply.parts:
        piece = said(part.text, reply.format) if isinstance(part, Said) else _part_markdown(part)
        count = piece.count("\n") + 1 if piece else 0
        if isinstance(part, Said):
            places.append((line, line + count))
        if piece:
            written.append(piece)
            # A blank line stands between two pieces.
            line += count + 1
    ending = _ending(reply)
    if ending:
        written.append(f"*{ending}*")
    return "\n\n".join(written), places


def _said_verbatim(text: str, _: Format) -> str:
    return code_fence(plain_text(text)).rstrip()


def reply_text(reply: Reply) -> str:
    """A reply as plain text, safe for a terminal."""
    written = [f"[{one_line(reply.note)}]"] if reply.note else []
    written += [piece for part in reply.parts if (piece := _part_text(part, reply.format))]
    ending = _ending(reply)
    if ending:
        written.append(f"[{ending}]")
    return "\n\n".join(written)


def said_markdown(text: str, format: Format) -> str:
    """A piece of an answer as neutral Markdown, in the format that was asked for."""
    text = plain_text(text).rstrip().lstrip("\n")
    if not text.strip():
        return ""
    if format in _FENCES:
        return code_fence(_indented(text) if format == "json" else text, _FENCES[format]).rstrip()
    if format == "code":
        language, code = extract_code(text)
        # Neutralised, because the language is the model's: `mermaid` would be drawn.
        return neutralise(code_fence(code, language)).rstrip()
    if format == "values":
        laid_out = values_markdown(text)
        if laid_out is not None:
            return neutralise(laid_out).strip()
        if text.lstrip()[:1] in ("{", "["):  # broken off, or with nothing in it
            return code_fence(text, "json").rstrip()
    if format == "math" and "$" not in text and "\\[" not in text and "\\(" not in text:
        text = f"$$\n{text}\n$$"
    return close_fence(neutralise(text).strip("\n"))


def extract_code(text: str) -> tuple[str, str]:
    """The language and the code of a reply: its first fenced block, or else all of it."""
    lines = text.split("\n")
    for first, line in enumerate(lines):
        fence = line.lstrip(" ")
        mark = fence[:3]
        if mark not in ("```", "~~~"):
            continue
        width = len(fence) - len(fence.lstrip(mark[0]))
        for last in range(first + 1, len(lines)):
            closing = lines[last].strip()
            if len(closing) >= width and not closing.strip(mark[0]):
                break
        else:
            last = len(lines)
        words = fence[width:].split()
        language = words[0] if words and _LANGUAGE.fullmatch(words[0]) else "text"
        return language, "\n".join(lines[first + 1 : last])
    return "text", text


def _part_markdown(part: Reasoned | ToolRun | Failed) -> str:
    match part:
        case Reasoned():
            return ""
        case ToolRun():
            return _tool_markdown(part)
        case Failed():
            return neutralise(f"**{_bare(part.title)}**\n\n{_bare(part.message)}").strip()


def _part_text(part: Part, format: Format) -> str:
    match part:
        case Said():
            if format == "values" and (laid_out := values_text(part.text)) is not None:
                return laid_out
            return plain_text(part.text).rstrip().lstrip("\n")
        case Reasoned():
            return ""
        case ToolRun():
            lines = [f"[tool] {call_line(part)} · {tool_verdict(part)}"]
            outcome = part.error or part.result
            if outcome:
                lines += [
                    f"  {line}" for line in plain_text(shorten(outcome, MAX_SHOWN)).split("\n")
                ]
            return "\n".join(lines)
        case Failed():
            return f"{part.title}\n{part.message}"


def _tool_markdown(part: ToolRun) -> str:
    """A tool call as a line of code and, below it, what it gave."""
    call = call_line(part)
    ticks = "`" * (1 + max((len(run) for run in call.split() if set(run) == {"`"}), default=0))
    while ticks in call:
        ticks += "`"
    pad = " " if call.startswith("`") or call.endswith("`") else ""
    head = f"{ticks}{pad}{call}{pad}{ticks} · {_bare(tool_verdict(part))}"
    outcome = part.error or part.result
    if not outcome:
        return neutralise(head).strip()
    shown = code_fence(plain_text(shorten(outcome, MAX_SHOWN))).rstrip()
    return f"{neutralise(head).strip()}\n\n{shown}"


def call_line(part: ToolRun) -> str:
    """A call as one line: its name and its arguments, with nothing hidden in them."""
    arguments = escape_invisible(arguments_line(part.arguments))
    return f"{escape_invisible(part.name)}({shorten(arguments, MAX_SHOWN)})"


def arguments_line(arguments: str) -> str:
    """JSON arguments as a person would write them in a call; text that is no object as it is."""
    try:
        values = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments
    if not isinstance(values, dict):
        return arguments
    return ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}"
        for name, value in cast("dict[str, Any]", values).items()
    )


_VERDICTS = {
    "proposed": "not run",
    "pending": "waiting for approval",
    "auto_allowed": "allowed",
    "auto_denied": "denied",
    "running": "running",
    "ok": "ok",
    "error": "failed",
}
_WHO = {"person": "by a person", "rule": "by a rule", "policy": "by policy", "timeout": ""}


def tool_verdict(part: ToolRun) -> str:
    """What became of a call, in a few words: `approved by a person, ok`."""
    words: list[str] = []
    if part.decision is not None:
        words.append(
            f"{_VERDICTS.get(part.decision, part.decision)} {_WHO.get(part.by or '', '')}".strip()
        )
    if part.state != part.decision:
        words.append(_VERDICTS.get(part.state, part.state))
    verdict = ", ".join(words)
    return f"{verdict}: {one_line(part.reason)}" if part.reason else verdict


def _ending(reply: Reply) -> str:
    if reply.state in _ENDS:
        return _ENDS[reply.state]
    if reply.state == "done" and reply.finish:
        return f"Ended early: {reply.finish.replace('_', ' ')}."
    return ""


_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]#|~$"})


def _bare(text: str) -> str:
    """Text with Markdown's own marks made literal."""
    return one_line(text, limit=500).translate(_MARKS)


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
