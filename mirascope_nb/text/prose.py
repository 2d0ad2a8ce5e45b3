"""The text inside a block of Markdown, with everything defused that is not code.

A piece is read once from left to right, token by token: past code spans, through formulas, and past
addresses that may stay. `neutralise` says what is done to each, and proves the result.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import ClassVar, NamedTuple

# What links, styles, names or loads; and what defines, which counts for every formula of the page.
_MACRO = (
    r"(?-i:\\(?=(?:href|url|unicode|class|style|cssId|data|bbox|require|texttip|mathtip|toggle|mmlToken"
    r"|csname|includegraphics|htmlClass|htmlId|htmlStyle|htmlData|action|tooltip|enclose|xmlToken"
    r"|def|gdef|edef|xdef|let|futurelet|global|newcommand|renewcommand|providecommand"
    r"|newenvironment|renewenvironment|DeclareMathOperator|DeclarePairedDelimiter)(?![A-Za-z])))"
)
# What can begin a formula, before a renderer has taken backslashes off and after.
MATHS = re.compile(r"\$|\\\\[(\[]|\\begin|&(?:dollar|\#0*36|\#x0*24)\b", re.IGNORECASE)
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
HAZARD = re.compile(
    rf"<|!\[|\]\(|\]:|{_MACRO}|{_REFERENCE}|(?:https?|ftp)://|www\.|`{{3}}|~{{3}}", re.IGNORECASE
)
_BRACKET = re.compile(r"\\[!-/:-@\[-`{-~]|`+|[\[\]]")
TICKS = re.compile("`+")
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


class Prose:
    """One reading of one piece of text, from left to right, past code and through maths."""

    def __init__(self, text: str, *, defines: bool, has_maths: bool) -> None:
        """Take a piece of Markdown in which no block begins or ends.

        Args:
            text: The piece.
            defines: Whether links may be defined anywhere in the whole text.
            has_maths: Whether a formula can begin anywhere in the whole text.
        """
        self._text = text
        self._defines = defines
        self._has_maths = has_maths
        self._math_end = 0
        self._address = _Address()

    def edit(self) -> str:
        """The text with everything defused that is not code."""
        text = self._text
        if HAZARD.search(text) is None:
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
        return HAZARD.search(self._text, start, end) is not None

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
        return _extent(MATHS, self._text)

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
        for run in TICKS.finditer(self._text):
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

    _READERS: ClassVar[dict[str, Callable[[Prose, re.Match[str]], tuple[str, int]]]] = {
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
