"""Turns `%%llm` and `%llm` into a top-level `await` on the kernel's own event loop.

A magic is a plain function call, and a plain function call cannot await: it would block the loop,
and with it every click, until the reply is there. So before IPython looks for magics this
transformer rewrites ours:

    %%llm OPTIONS        →   await ….run_cell('OPTIONS', 'BODY')
    %llm PROMPT          →   await ….run_line('PROMPT')
    x = %llm PROMPT      →   x = await ….run_line('PROMPT', bound=True)

Comments and empty lines may stand above `%%llm`. Code may not, since Python would take the prompt
for code too: such a cell becomes a call that says where `%%llm` belongs, and nothing of it runs.

Where no `await` can stand (in a function or class body, under `%%time` and its kind, in a cell run
from inside a running cell, with `%autoawait` off) it writes the blocking call of the same magic. It
writes that one itself as well, because IPython would read the question mark at the end of
`%llm What is a monad?` as a request for help on `monad`.

What is left alone: a cell without our magic, text in strings and comments, `%%llmx`, `%%llm?`, and
the body of any other cell magic. A rewritten cell has nothing left to rewrite.
"""

import re
import tokenize
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from IPython.core.inputtransformer2 import make_tokens_by_line

RUNNER = "get_ipython().magics_manager.registry['LLMMagics']"
"""How rewritten code finds the magics; no name is added to the user's namespace for it."""

CELL_MAGIC = re.compile(r"%%llm(?=[\s;]|$)")
_LINE_MAGIC = re.compile(r"%llm(?=[\s;]|$)")
# Cell magics that run their body as Python, in a place that cannot await (IPython 9.18).
_WRAPPER = re.compile(r"%%(?:time|timeit|capture|prun)(?=\s|$)")
_ESCAPES = frozenset("%!?,;/")
_INDENTATION = frozenset({tokenize.INDENT, tokenize.DEDENT})
_NOT_CODE = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER})


class LLMTransformer:
    """The cleanup transformer of one shell: call it with lines, get lines.

    Args:
        shell: The `InteractiveShell` it serves; it is asked at every cell whether code may await.
    """

    has_side_effects = True
    """Keeps `check_complete` from applying it: to a terminal a `%%llm` cell is a cell magic like
    any other, complete at its first blank line."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        """Rewrite the lines of a cell; a cell without our magic is returned as it is."""
        if not any("%llm" in line for line in lines):
            return lines
        return transform_lines(lines, blocking=not can_await(self._shell))


def can_await(shell: Any) -> bool:
    """Whether a cell that the shell is about to run may await on an asyncio loop.

    A cell run from within another (`%%capture`, `%run`, `get_ipython().run_cell`) may not: the loop
    is already busy with the outer one, and there is no nested loop.
    """
    if getattr(shell.displayhook, "exec_result", None) is not None:
        return False
    runner = type(getattr(shell, "loop_runner", None)).__name__
    return bool(getattr(shell, "autoawait", False)) and runner == "_AsyncIORunner"


def transform_lines(lines: list[str], *, blocking: bool = False) -> list[str]:
    """Rewrite a cell given as lines with their ends.

    Args:
        lines: The cell after IPython has removed leading empty lines, indentation and prompts.
        blocking: Write blocking calls only.
    """
    start = first_line(lines)
    if start is None:
        return lines
    if cell := CELL_MAGIC.match(lines[start]):
        line, body = lines[start][cell.end() :].strip(), "".join(lines[start + 1 :])
        return [*lines[:start], _cell_call(line, body, blocking=blocking)]
    if _WRAPPER.match(lines[0]):
        # What they run cannot await.
        return [lines[0], *transform_lines(lines[1:], blocking=True)]
    if lines[0].startswith("%%"):
        return lines
    return _rewrite_line_magics(lines, blocking=blocking)


def first_line(lines: Sequence[str]) -> int | None:
    """Where a cell begins, below its comments and empty lines; `None` if it is nothing else."""
    return next(
        (at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")),
        None,
    )


def _cell_call(line: str, body: str, *, blocking: bool) -> str:
    if blocking:
        return f"get_ipython().run_cell_magic('llm', {line!r}, {body!r})\n"
    return f"await {RUNNER}.run_cell({line!r}, {body!r})\n"


def _line_call(line: str, *, bound: bool, blocking: bool) -> str:
    if blocking:
        return f"get_ipython().run_line_magic('llm', {line!r})\n"
    keyword = ", bound=True" if bound else ""
    return f"await {RUNNER}.run_line({line!r}{keyword})\n"


def _misplaced_call() -> str:
    return f"{RUNNER}.refuse_misplaced()\n"


def _rewrite_line_magics(lines: list[str], *, blocking: bool) -> list[str]:
    """Rewrite each `%llm` line, first to last.

    Text after a special line need not be Python (`%llm What's new?`), so what follows it cannot be
    tokenised until it is out of the way. `shadow` is the cell with every special line met so far
    replaced by a harmless one of the same place; it is tokenised again after each.
    """
    lines, shadow = list(lines), list(lines)
    for _ in range(len(lines)):
        found = _next_special(shadow) if any("%llm" in line for line in shadow) else None
        if found is None:
            break
        row, column, in_function, bound = found
        last, text = _continued(shadow, row, column)
        if CELL_MAGIC.match(text):
            return [_misplaced_call()]
        before = shadow[row][:column]
        shadow[row : last + 1] = [before + ("0\n" if bound else "pass\n")]
        if magic := _LINE_MAGIC.match(text):
            call = _line_call(
                text[magic.end() :].strip(), bound=bound, blocking=blocking or in_function
            )
            lines[row : last + 1] = [before + call]
        else:
            lines[row : last + 1] = ["".join(lines[row : last + 1])]
    return "".join(lines).splitlines(keepends=True)


def _continued(lines: Sequence[str], row: int, column: int) -> tuple[int, str]:
    """The last row of a line that backslashes continue, and the whole as one line."""
    last = row
    while lines[last].endswith("\\\n") and last + 1 < len(lines):
        last += 1
    pieces = [lines[row][column:], *lines[row + 1 : last + 1]]
    return last, " ".join(piece.rstrip().removesuffix("\\") for piece in pieces)


def _next_special(lines: list[str]) -> tuple[int, int, bool, bool] | None:
    """The first line of IPython's own syntax: row, column, whether in a function, whether bound.

    A class body counts as a function: it cannot await either.
    """
    scopes: list[bool] = []
    opens_function = False
    for tokens in make_tokens_by_line(lines):
        at = 0
        while at < len(tokens) and tokens[at].type in _INDENTATION:
            if tokens[at].type == tokenize.INDENT:
                scopes.append(opens_function)
            elif scopes:
                scopes.pop()
            at += 1
        code = tokens[at:]
        if not code or code[0].type in _NOT_CODE:
            continue
        opens_function = _opens_function(code)
        in_function = opens_function or any(scopes)
        if code[0].string in _ESCAPES:
            row, column = code[0].start
            return row - 1, column, in_function, False
        if (place := _special_value(code)) is not None:
            row, column = place
            return row - 1, column, in_function, True
    return None


def _opens_function(code: Sequence[tokenize.TokenInfo]) -> bool:
    words = [token.string for token in code[:2]]
    return words[0] in {"def", "class"} or words == ["async", "def"]


def _special_value(code: Sequence[tokenize.TokenInfo]) -> tuple[int, int] | None:
    """Where in `x = %magic` or `x = !command` the value starts."""
    depth = 0
    for token, following in pairwise(code):
        if token.string in {"(", "[", "{"}:
            depth += 1
        elif token.string in {")", "]", "}"}:
            depth -= 1
        elif token.string == "=" and depth == 0:
            if following.string in {"%", "!"}:
                return following.start
            # Before 3.12 the space in `x = !ls` is an error token of its own.
            rest = following.line[token.end[1] :]
            if following.type == tokenize.ERRORTOKEN and rest.lstrip().startswith("!"):
                return token.end[0], token.end[1] + len(rest) - len(rest.lstrip())
    return None
