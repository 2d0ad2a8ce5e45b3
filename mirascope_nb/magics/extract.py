"""Takes fenced code out of a reply. It is offered to the person, and never run."""

import ast
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_FENCE: Final = re.compile(r"^(?P<indent> {0,3})(?P<fence>`{3,}|~{3,})(?P<language>[^`\n]*)$")
_PYTHON: Final = frozenset({"python", "py", "python3", "ipython", "ipython3", "pycon"})
# What makes a cell of another language run as such. The person sees the line and presses Run.
_CELL_MAGICS: Final = MappingProxyType(
    {
        "bash": "%%bash",
        "sh": "%%bash",
        "shell": "%%bash",
        "zsh": "%%bash",
        "html": "%%html",
        "javascript": "%%javascript",
        "js": "%%javascript",
        "latex": "%%latex",
        "tex": "%%latex",
        "markdown": "%%markdown",
        "md": "%%markdown",
        "perl": "%%perl",
        "ruby": "%%ruby",
        "svg": "%%svg",
    }
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language as written, lower case and maybe empty, and its code."""

    language: str
    code: str

    @property
    def is_python(self) -> bool:
        """Whether it says that it is Python."""
        return self.language in _PYTHON


def fenced_blocks(text: str) -> list[Block]:
    """The fenced blocks of a Markdown text, in order.

    A block that is not closed, as in a reply that was stopped, goes to the end.
    """
    blocks: list[Block] = []
    opening: re.Match[str] | None = None
    body: list[str] = []
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if opening is None:
            if fence is not None:
                opening, body = fence, []
        elif _closes(fence, opening):
            blocks.append(_block(opening, body))
            opening = None
        else:
            body.append(line)
    if opening is not None:
        blocks.append(_block(opening, body))
    return blocks


def extract_code(text: str) -> Block | None:
    """The code a reply offers, or `None` when there is none.

    It is the first block that says it is Python, else the first of all. A reply with no fence at
    all counts when the whole of it is valid Python with more to it than a word or two.
    """
    blocks = fenced_blocks(text)
    for block in blocks:
        if block.is_python:
            return block
    if blocks:
        return blocks[0]
    return Block("", text.strip()) if _is_python_source(text) else None


def as_cell(block: Block) -> str:
    """The source of a notebook cell for a block: code of another language gets its cell magic."""
    magic = _CELL_MAGICS.get(block.language)
    return block.code if magic is None else f"{magic}\n{block.code}"


def _closes(fence: re.Match[str] | None, opening: re.Match[str]) -> bool:
    return (
        fence is not None
        and fence["fence"][0] == opening["fence"][0]
        and len(fence["fence"]) >= len(opening["fence"])
        and not fence["language"].strip()
    )


def _block(opening: re.Match[str], body: list[str]) -> Block:
    words = opening["language"].strip().lower().replace("{", " ").replace("}", " ").split()
    indent = len(opening["indent"])
    lines = [line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in body]
    return Block(words[0].lstrip(".") if words else "", "\n".join(lines))


def _is_python_source(text: str) -> bool:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    # A sentence of one word parses as well; code does something.
    return any(not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call) for node in body)
