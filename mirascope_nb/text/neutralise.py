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
markdown-it's positions, and inside a block the text is read once from left to right.

The result is then parsed again, as HTML-producing Markdown. If anything is left that should not be,
or if another pass would change it further, the whole text is shown as one block of code instead. So
the promise does not rest on the edits being complete, and the work is linear in the length.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from mirascope_nb.text.escape import plain_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MAX_NESTING = 40

# What links, styles, names or loads; and what defines, which counts for every formula of the page.
_MACRO = (
    r"(?-i:\\(?=(?:href|url|unicode|class|style|cssId|data|bbox|require|texttip|mathtip|toggle|mmlToken"
    r"|csname|includegraphics|htmlClass|htmlId|htmlStyle|htmlData|action|tooltip|enclose|xmlToken"
    r"|def|gdef|edef|xdef|let|futurelet|global|newcommand|renewcommand|providecommand"
    r"|newenvironment|renewenvironment|DeclareMathOperator|DeclarePairedDelimiter)(?![A-Za-z])))"
)
# What can begin a formula, before a renderer has taken backslashes off and after.
_MATHS = re.compile(r"\$|\\\\[(\[]|\\begin|&(?:dollar|\#0*36|\#x0*24)\b", re.IGNORECASE)
# Letters, digits and the backslash need no reference in honest prose; they can spell a macro.
_REFERENCE = (
    r"&(?=\#0{0,8}(?:4[89]|5[0-7]|6[5-9]|[78]\d|9[0-2]|9[7-9]|1[01]\d|12[0-2])(?!\d)"
    r"|\#[xX]0{0,8}(?:3[0-9]|4[1-9a-fA-F]|5[0-9aAcC]|6[1-9a-fA-F]|7[0-9aA])(?![0-9a-fA-F])"
    r"|bsol(?![A-Za-z0-9]))"
)
_TOKEN = re.compile(
    rf"(?P<macro>{_MACRO})"
    # A backslash before a macro's own escapes nothing here: a renderer may take it off first.
    rf"|(?P<escape>\\(?!{_MACRO})[!-/:-@\[-`{{-~])"
    r"|(?P<ticks>`+)"
    r"|(?P<tildes>~{3,}(?=[^\n]*mermaid))"
    r"|(?P<angle><)"
    r"|(?P<image>!\[)"
    r"|(?P<link>\]\()"
    r"|(?P<definition>\]:)"
    rf"|(?P<reference>{_REFERENCE})"
    r"|(?P<address>(?:https?|ftp)://|www\.)"
    r"|(?P<math>\${1,2}|\\begin\{[A-Za-z]*\*?\})",
    re.IGNORECASE,
)
_HAZARD = re.compile(
    rf"<|!\[|\]\(|\]:|{_MACRO}|{_REFERENCE}|(?:https?|ftp)://|www\.|`{{3}}|~{{3}}", re.IGNORECASE
)
_BRACKET = re.compile(r"\\[!-/:-@\[-`{-~]|`+|[\[\]]")
_TICKS = re.compile("`+")
_ODD_TICKS = re.compile(r"``|\\`|~`")
_REACHING = re.compile(r"[`*_~\[\]\\$|]")
_MATHS_MARK = re.compile(r"\$|\\\\[()\[\]]|\\(?:begin|end)\b")
_MACRO_NAME = re.compile(_MACRO)
_DIAGRAM = re.compile(r"`{3,}[^\n]*mermaid", re.IGNORECASE)
# No formula goes on past the next dollar, so an unclosed one costs only the way to it. One dollar
# opens a formula only next to something, and closes it likewise: `$5 and $6` is prose.
_FORMULA_ENDS = {
    1: re.compile(r"(?=\S)(?:[^$\\]|\\.)*(?<!\s)\$(?!\d)", re.DOTALL),
    2: re.compile(r"(?:[^$\\]|\\.)*\$\$", re.DOTALL),
}
_ENVIRONMENT_END = re.compile(r"\\end\{([A-Za-z]*\*?)\}")

# A destination is judged as it is written. It has to begin literally with its scheme, so that no
# entity, escape or space decoded later can turn it into another; and a host with a user name before
# it is a disguise.
_HOST = r"https://[^\s/?#@\\<>()\[\]`\"'|]+(?=[/?#)>\s]|\Z)"
_ADDRESSEE = r"mailto:[^\s\\<>()\[\]`\"'|:/]+"
_DESTINATION = re.compile(rf"\s*<?(?:{_HOST}|{_ADDRESSEE})", re.IGNORECASE)
_BARE_HOST = re.compile(r"https://([^\s/?#\\<>`]*)(?=[\s/?#<>`]|\Z)", re.IGNORECASE)
# GitHub's rules take all of this for a bare address. A backtick in it then begins no code, and a
# backslash at its end escapes no tag.
_BARE_ADDRESS = re.compile(r"[^\s<]*")
_SYNTAX_IN_ADDRESS = re.compile(r"[`$]|\\\\[(\[]|\\begin|\\\Z")
_TITLE = re.compile(r"\s+[\"'(]")
_AUTOLINK = re.compile(
    rf"<(?:{_HOST}[^\s<>`\\$]*|{_ADDRESSEE}|[A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+)>", re.IGNORECASE
)
_MARKUP_START = re.compile("<[A-Za-z/!?]")
# In a formula `a<b` stays; what a Markdown parser would take for a tag or an address does not.
_TAG_START = re.compile(
    r"<(?:[/!?]|[A-Za-z][A-Za-z0-9-]*(?:[\s/>]|\Z)|[A-Za-z][A-Za-z0-9+.-]*:|[^\s<>@]*@)"
)
_CELL = re.compile(r"(?:^|(?<=\|))(?:[^\\|]|\\.|\\\Z)*(?=\||\Z)", re.DOTALL)
_FENCE = re.compile("`{3,}|~{3,}")
_FENCED_UNDERLINE = re.compile(r"\n[ \t>]*(?:-+|=+)[ \t]*(?:\n|\Z)")
_MARGIN = re.compile("[ \t>]*(?=`{3}|~{3})")
# What follows a fence: a language, perhaps with options; no diagram, no quote, no tag, no entity.
_LANGUAGE = re.compile(r"(?!.*mermaid)[\w .,:+#=(){}\[\]/-]*", re.IGNORECASE | re.ASCII)
_ALLOWED_URL = re.compile(r"https://[^/?#@\\]+(?:[/?#]|\Z)|mailto:", re.IGNORECASE)
_SAFE_TOKENS = frozenset({"html_block", "html_inline", "image"})


def neutralise(text: str) -> str:
    """Markdown that shows what `text` shows and does nothing else.

    The result is the same when neutralised again. Prose, code, tables and formulas come through
    unchanged. A text that cannot be made safe by edits comes back as one fenced block.
    """
    text = plain_text(text)
    if _HAZARD.search(text) is None:
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
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
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
    if token.type in _SAFE_TOKENS:
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
        has_maths=_MATHS.search(text) is not None,
        is_neutral=all(_is_safe(token) for token in flat),
    )


def _edit(reading: _Reading) -> str:
    lines = reading.text.split("\n")
    edited: list[str] = []
    for span in _spans(reading.tokens, len(lines)):
        piece = "\n".join(lines[span.first : span.last])
        if span.kind == "fence":
            piece = _edit_fence(piece, span.info)
            if edited and _FENCED_UNDERLINE.search(piece) and _HAZARD.search(piece):
                piece = _apart(piece, from_line=edited[-1].rsplit("\n", 1)[-1])
        elif span.kind == "row":
            piece = "|".join(_Prose(cell, reading).edit() for cell in _cells(piece))
        elif span.kind != "code_block" or (edited and edited[-1].strip()):
            # Indented code right below a table is a row of it to some.
            piece = _Prose(piece, reading).edit()
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


class _Address(NamedTuple):
    """The run of characters that a bare address would take up; read once, however many begin."""

    end: int = 0
    syntax: int = -1
    """Where what must not be taken up stands last; `-1` if it does not."""
    bracket: int = -1
    """Where the last closing bracket stands."""


def _extent(pattern: re.Pattern[str], text: str, start: int = 0, end: int = -1) -> tuple[int, int]:
    """Where the first and the last match begin; after and before all text if there is none."""
    places = [
        match.start() for match in pattern.finditer(text, start, len(text) if end < 0 else end)
    ]
    return (places[0], places[-1]) if places else (len(text), -1)


def _literal(marks: str) -> str:
    """Marks that are shown, and mean nothing."""
    return "".join(f"\\{mark}" for mark in marks)


# -- text ----------------------------------------------------------------------------------------


class _Prose:
    """One reading of one piece of text, from left to right, past code and through maths."""

    def __init__(self, text: str, reading: _Reading) -> None:
        self._text = text
        self._defines = reading.defines
        self._has_maths = reading.has_maths
        self._math_end = 0
        self._address = _Address()

    def edit(self) -> str:
        """The text with everything defused that is not code."""
        text = self._text
        if _HAZARD.search(text) is None:
            return text
        out: list[str] = []
        at = 0
        while (match := _TOKEN.search(text, at)) is not None:
            out.append(text[at : match.start()])
            new, at = self._READERS[match.lastgroup or ""](self, match)
            out.append(new)
        out.append(text[at:])
        return "".join(out)

    # Each of these answers one token with what to write for it, and where to read on.

    def _read_macro(self, match: re.Match[str]) -> tuple[str, int]:
        # Where no formula can begin it is prose, such as a part of a path.
        return match[0] + (" " if self._has_maths else ""), match.end()

    def _read_escape(self, match: re.Match[str]) -> tuple[str, int]:
        return match[0], match.end()

    def _read_ticks(self, match: re.Match[str]) -> tuple[str, int]:
        end = self._code_end(match)
        if end is None:
            return (_literal(match[0]) if self._draws(match) else match[0]), match.end()
        if self._is_code_everywhere(match.start(), end) or not self._is_hazard(match.end(), end):
            return self._text[match.start() : end], end
        return _literal(match[0]), match.end()

    def _read_tildes(self, match: re.Match[str]) -> tuple[str, int]:
        return _literal(match[0]), match.end()

    def _read_angle(self, match: re.Match[str]) -> tuple[str, int]:
        start = match.start()
        link = _AUTOLINK.match(self._text, start)
        if link is not None:
            return link[0], link.end()
        if start < self._math_end:
            return ("< " if _TAG_START.match(self._text, start) else "<"), match.end()
        return ("&lt;" if _MARKUP_START.match(self._text, start) else "<"), match.end()

    def _read_image(self, match: re.Match[str]) -> tuple[str, int]:
        inside = match.end()
        if match.start() < self._math_end:
            return "! [", inside
        close = self._brackets.get(inside - 1)
        if close is not None:
            after = self._text[close + 1 : close + 3]
            if after[:1] == "(" or (after[:1] == "[" and after != "[]"):
                return ("[image" if close == inside else "[image: "), inside
        # Only a definition could still make an image of it: `![a][]` and `![a]`.
        return ("\\![" if self._defines else "!["), inside

    def _read_link(self, match: re.Match[str]) -> tuple[str, int]:
        address = self._destination(match)
        if address is not None:
            # Passed over, so that the address is not taken for a bare one.
            return match[0] + address[0], address.end()
        return ("] (" if match.start() < self._math_end else "]\\("), match.end()

    def _read_definition(self, match: re.Match[str]) -> tuple[str, int]:
        address = self._destination(match)
        if address is not None:
            return match[0] + address[0], address.end()
        # Renderers do not agree on where a definition can stand, so it may be one anywhere.
        return ("]:" if match.start() < self._math_end else "]\\:"), match.end()

    def _destination(self, opening: re.Match[str]) -> re.Match[str] | None:
        """The beginning of an address that a link may lead to, if it is one."""
        address = _DESTINATION.match(self._text, opening.end())
        return None if address is None or self._eats_syntax(address.end()) else address

    def _eats_syntax(self, start: int) -> bool:
        """Whether an address that goes on here takes up what code, maths or an escape rests on.

        A formula that is put back into an attribute could end it, so none is left in an address
        or in the title after it.
        """
        if start >= self._address.end:
            found = _BARE_ADDRESS.match(self._text, start)
            end = start if found is None else found.end()
            self._address = _Address(
                end=end,
                syntax=_extent(_SYNTAX_IN_ADDRESS, self._text, start, end)[1],
                bracket=self._text.rfind(")", start, end),
            )
        end, syntax, bracket = self._address
        if syntax >= start:
            return True
        titled = bracket < start and _TITLE.match(self._text, end) is not None
        return titled and self._maths[1] >= end

    def _read_reference(self, match: re.Match[str]) -> tuple[str, int]:
        return "&amp;", match.end()

    def _read_address(self, match: re.Match[str]) -> tuple[str, int]:
        found = match[0]
        host = _BARE_HOST.match(self._text, match.start())
        disguised = host is None or "@" in host[1]
        if not disguised and not self._eats_syntax(match.end()):
            return found, match.end()
        if found.endswith("."):
            return found[:-1] + "\\.", match.end()
        return found[:-2] + "\\//", match.end()

    def _read_math(self, match: re.Match[str]) -> tuple[str, int]:
        if match.start() >= self._math_end:
            self._math_end = self._formula_end(match)
        return match[0], match.end()

    def _draws(self, ticks: re.Match[str]) -> bool:
        """Whether backticks would open a diagram where a renderer takes them for a fence."""
        return _DIAGRAM.match(self._text, ticks.start()) is not None

    def _is_hazard(self, start: int, end: int) -> bool:
        """Whether a piece would do something if it were no code."""
        return _HAZARD.search(self._text, start, end) is not None

    def _is_code_everywhere(self, start: int, end: int) -> bool:
        """Whether all renderers agree that this is a code span.

        They do where single backticks pair up within their lines, and where there is nothing beside
        the span that could reach into it. Otherwise one or the other lets emphasis, a link, a list
        or a formula end inside of what the next takes for code.
        """
        code = self._text[start:end]
        first, last = self._reaching
        if "\n" not in code and first >= start and last < end:
            return True
        if not self._has_simple_code or "~" in code:
            return False
        first, last = self._maths
        return not (_MACRO_NAME.search(code) and (first < start or last >= end))

    @functools.cached_property
    def _reaching(self) -> tuple[int, int]:
        return _extent(_REACHING, self._text)

    @functools.cached_property
    def _maths(self) -> tuple[int, int]:
        return _extent(_MATHS, self._text)

    @functools.cached_property
    def _has_simple_code(self) -> bool:
        """Whether single backticks pair up within lines, with nothing of a formula in between."""
        lines = [line.split("`") for line in self._text.split("\n")]
        if _ODD_TICKS.search(self._text) or any(len(pieces) % 2 == 0 for pieces in lines):
            return False
        in_code = any(_MATHS_MARK.search(code) for pieces in lines for code in pieces[1::2])
        return not in_code or len(_MATHS_MARK.findall(self._text)) == 1

    def _code_end(self, ticks: re.Match[str]) -> int | None:
        """Where the code span that a run of backticks opens ends, if it opens one."""
        starts = self._runs.get(len(ticks[0]), [])
        following = bisect_right(starts, ticks.start())
        return starts[following] + len(ticks[0]) if following < len(starts) else None

    def _formula_end(self, opening: re.Match[str]) -> int:
        """Where the formula that begins here ends; here, if it never ends."""
        mark = opening[0]
        if mark.startswith("$"):
            closing = _FORMULA_ENDS[len(mark)].match(self._text, opening.end())
            return opening.start() if closing is None else closing.end()
        ends = self._environments.get(mark[len("\\begin{") : -1], [])
        following = bisect_right(ends, opening.end())
        return ends[following] if following < len(ends) else opening.start()

    @functools.cached_property
    def _runs(self) -> dict[int, list[int]]:
        """Where runs of backticks start, by their length."""
        runs: dict[int, list[int]] = {}
        for run in _TICKS.finditer(self._text):
            runs.setdefault(len(run[0]), []).append(run.start())
        return runs

    @functools.cached_property
    def _brackets(self) -> dict[int, int]:
        """Where each square bracket is closed."""
        pairs: dict[int, int] = {}
        opened: list[int] = []
        at = 0
        while (match := _BRACKET.search(self._text, at)) is not None:
            at = match.end()
            if match[0][0] == "`":
                at = self._code_end(match) or at
            elif match[0] == "[":
                opened.append(match.start())
            elif match[0] == "]" and opened:
                pairs[opened.pop()] = match.start()
        return pairs

    @functools.cached_property
    def _environments(self) -> dict[str, list[int]]:
        """Where TeX environments end, by their name."""
        ends: dict[str, list[int]] = {}
        for end in _ENVIRONMENT_END.finditer(self._text):
            ends.setdefault(end[1], []).append(end.end())
        return ends

    _READERS: ClassVar[dict[str, Callable[[_Prose, re.Match[str]], tuple[str, int]]]] = {
        "macro": _read_macro,
        "escape": _read_escape,
        "ticks": _read_ticks,
        "tildes": _read_tildes,
        "angle": _read_angle,
        "image": _read_image,
        "link": _read_link,
        "definition": _read_definition,
        "reference": _read_reference,
        "address": _read_address,
        "math": _read_math,
    }
