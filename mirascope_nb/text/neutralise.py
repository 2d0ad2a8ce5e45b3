r"""Markdown of a model made safe to save in a notebook.

A saved reply is rendered by whatever opens the notebook: JupyterLab with MathJax and mermaid,
GitHub, nbconvert, VS Code. They agree on CommonMark and on little else, and none of them knows that
the text is not the author's own. So what could act is changed in the *source*, in a way that shows
the same characters to the reader:

- a tag begins with `&lt;`; an image becomes a link that says it is one;
- a link, definition or address that is not `https:` or `mailto:` loses its syntax by one backslash;
- a TeX macro that makes links, attributes or definitions (`\href`, `\style`, `\def` ...) is cut
  from its backslash by a space, since one backslash more would be taken off again by the renderer;
- a character reference that would spell such a macro is shown as it was written;
- a fence that would be drawn as a diagram is shown as text, and so is one whose language is no
  name: JupyterLab writes it into an attribute as it is.

Inside maths, where an entity or a backslash would change the formula, a space does the same work.
Code is left alone. What is code is decided by a parser, not guessed: the blocks come from
markdown-it's positions, and inside a block `prose` reads the text once from left to right.

The result is then parsed again, as HTML-producing Markdown. If anything is left that should not be,
or if another pass would change it further, the whole text is shown as one block of code instead. So
the promise does not rest on the edits being complete, and the work is linear in the length.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from mirascope_nb.text.escape import plain_text
from mirascope_nb.text.prose import HAZARD, MATHS, TICKS, Prose

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MAX_NESTING = 40

_CELL = re.compile(r"(?:^|(?<=\|))(?:[^\\|]|\\.|\\\Z)*(?=\||\Z)", re.DOTALL)
_FENCE = re.compile("`{3,}|~{3,}")
_FENCED_UNDERLINE = re.compile(r"\n[ \t>]*(?:-+|=+)[ \t]*(?:\n|\Z)")
_MARGIN = re.compile("[ \t>]*(?=`{3}|~{3})")
# What follows a fence: a language, perhaps with options; no diagram, no quote, no tag, no entity.
_LANGUAGE = re.compile(r"(?!.*mermaid)[\w .,:+#=(){}\[\]/-]*", re.IGNORECASE | re.ASCII)
_ALLOWED_URL = re.compile(r"https://[^/?#@\\]+(?:[/?#]|\Z)|mailto:", re.IGNORECASE)
_ACTIVE_TOKENS = frozenset({"html_block", "html_inline", "image"})


def neutralise(text: str) -> str:
    """Markdown that shows what `text` shows and does nothing else.

    The result is the same when neutralised again. Prose, code, tables and formulas come through
    unchanged. A text that cannot be made safe by edits comes back as one fenced block.
    """
    text = plain_text(text)
    if HAZARD.search(text) is None:
        return text
    reading = _read(text)
    edited = _edit(reading)
    if edited != text:
        reading = _read(edited)
    if reading.is_neutral and (edited == text or _edit(reading) == edited):
        return edited
    return code_fence(text)


def is_neutral(markdown: str) -> bool:
    """Whether a renderer that passes HTML through makes nothing active of this Markdown."""
    return _read(markdown).is_neutral


def code_fence(text: str, language: str = "text") -> str:
    """Text as one fenced block that nothing in it can end."""
    longest = max((len(run) for run in TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}\n"


def close_fence(markdown: str) -> str:
    """Markdown whose last fence is closed, so that nothing written after it is taken for code."""
    tokens = _parser(html=False).parse(markdown)
    if not tokens or tokens[-1].type != "fence" or tokens[-1].map is None:
        return markdown
    lines = markdown.rstrip("\n").split("\n")
    first, last = tokens[-1].map
    mark = tokens[-1].markup
    closing = lines[-1].strip(" ")
    closed = len(lines) - 1 > first and len(closing) >= len(mark) and not closing.strip(mark[0])
    return markdown if closed or last < len(lines) else f"{markdown.rstrip(chr(10))}\n{mark}"


class _Span(NamedTuple):
    """Lines of the source that are read as one piece of text, or left alone as code."""

    first: int
    last: int
    kind: str
    info: str = ""


@functools.cache
def _parser(*, html: bool) -> MarkdownIt:
    # Imported when something is shown first: the parser takes longer to import than to run.
    from markdown_it import MarkdownIt

    options = {"html": html, "maxNesting": _MAX_NESTING}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    # The parser's own list of bad schemes must not hide a link from the proof.
    parser.validateLink = _any_link
    return parser


def _any_link(url: str) -> bool:  # noqa: ARG001 - the parser passes it by name
    return True


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _is_safe(token: Token) -> bool:
    if token.type in _ACTIVE_TOKENS:
        return False
    if token.type == "fence":
        return _LANGUAGE.fullmatch(token.info) is not None
    if token.type == "link_open":
        return _ALLOWED_URL.match(str(token.attrs.get("href", ""))) is not None
    return True


# -- blocks --------------------------------------------------------------------------------------


class _Reading(NamedTuple):
    """Markdown as a parser reads it."""

    text: str
    tokens: list[Token]
    """The blocks as they are when every tag is text, which every tag will be."""
    defines: bool
    """Whether there may be definitions of links."""
    has_maths: bool
    """Whether a formula can begin anywhere."""
    is_neutral: bool
    """Whether nothing active comes of it, HTML included."""

    def prose(self, piece: str) -> str:
        """A piece of it that is no block of code, defused."""
        return Prose(piece, defines=self.defines, has_maths=self.has_maths).edit()


def _read(text: str) -> _Reading:
    tokens = _parser(html=True).parse(text)
    flat = list(_flat(tokens))
    if any(token.type in ("html_block", "html_inline") for token in flat):
        # Where no HTML was found, leaving it out changes nothing; here it does.
        tokens = _parser(html=False).parse(text)
    return _Reading(
        text=text,
        tokens=tokens,
        defines="]:" in text,
        has_maths=MATHS.search(text) is not None,
        is_neutral=all(_is_safe(token) for token in flat),
    )


def _edit(reading: _Reading) -> str:
    lines = reading.text.split("\n")
    edited: list[str] = []
    for span in _spans(reading.tokens, len(lines)):
        piece = "\n".join(lines[span.first : span.last])
        if span.kind == "fence":
            piece = _edit_fence(piece, span.info)
            if edited and _FENCED_UNDERLINE.search(piece) and HAZARD.search(piece):
                piece = _apart(piece, from_line=edited[-1].rsplit("\n", 1)[-1])
        elif span.kind == "row":
            piece = "|".join(reading.prose(cell) for cell in _cells(piece))
        elif span.kind != "code_block" or (edited and edited[-1].strip()):
            # Indented code right below a table is a row of it to some.
            piece = reading.prose(piece)
        edited.append(piece)
    return "\n".join(edited)


def _spans(tokens: list[Token], count: int) -> Iterator[_Span]:
    """The lines of the source in order, each in one span."""
    line = 0
    in_table = False
    for token in tokens:
        in_table = token.type == "table_open" or (in_table and token.type != "table_close")
        if token.map is None or token.type not in ("fence", "code_block", "inline"):
            continue
        first, last = token.map
        if first < line:
            # The cells of a row come one by one and share their line.
            continue
        if line < first:
            yield _Span(line, first, "other")
        kind = "row" if in_table and token.type == "inline" else token.type
        yield _Span(first, last, kind, token.info)
        line = last
    if line < count:
        yield _Span(line, count, "other")


def _edit_fence(piece: str, info: str) -> str:
    """A fence whose content nobody draws. The info is the parser's: entities in it are decoded."""
    if _LANGUAGE.fullmatch(info) is not None:
        return piece
    opening, newline, body = piece.partition("\n")
    mark = _FENCE.search(opening)
    return piece if mark is None else f"{opening[: mark.end()]}text{newline}{body}"


def _apart(fence: str, *, from_line: str) -> str:
    """A fence with a blank line before it, if it has none.

    Some renderers let a heading begin in the paragraph before a fence and end at an underline
    inside of it; what follows there is then no code.
    """
    margin = _MARGIN.match(fence)
    if margin is None or not from_line.strip(" \t>"):
        return fence
    return f"{margin[0].rstrip()}\n{fence}"


def _cells(row: str) -> list[str]:
    """A row cut wherever one renderer or another cuts it: they differ after two backslashes."""
    return [cell[0] for cell in _CELL.finditer(row)]
