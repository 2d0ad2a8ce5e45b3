"""Characters that hide, made visible or taken out.

A name or an argument is *escaped*: a person who approves it must see every character of it. A reply
is *stripped* of what acts on a screen instead of showing on it: terminal sequences, control
characters and the controls that reorder text. Joiners and marks that ordinary writing needs, such
as those of Persian or of emoji, stay in a reply.
"""

from __future__ import annotations

import re

# Unicode's control, format and separator characters, its fillers and blanks that print nothing,
# variation selectors and tags (which can spell a hidden message), surrogates, private use and
# noncharacters. The plain space is the one blank that may stand for itself.
_INVISIBLE_RANGES = (
    (0x0000, 0x001F),
    (0x007F, 0x00A0),
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x0600, 0x0605),
    (0x061C, 0x061C),
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x115F, 0x1160),
    (0x1680, 0x1680),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2000, 0x200F),
    (0x2028, 0x202F),
    (0x205F, 0x206F),
    (0x2800, 0x2800),
    (0x3000, 0x3000),
    (0x3164, 0x3164),
    (0xD800, 0xF8FF),
    (0xFDD0, 0xFDEF),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0xFFFE, 0xFFFF),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),
    (0x16FE4, 0x16FE4),
    (0x1BCA0, 0x1BCA3),
    (0x1D159, 0x1D159),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
    (0xF0000, 0x10FFFF),
)
_INVISIBLE = re.compile(
    "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _INVISIBLE_RANGES) + "]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# ECMA-48: a control sequence, a string such as a title or a hyperlink, or a two-character escape.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-Z\\^-~]"
)
_OPEN_ANSI = re.compile(
    r"(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*\x1b?"
    r"|\x1b[ -/]*)$"
)
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029]")
# What moves the cursor or overrides the reading order. A tab and a line feed are layout and stay,
# and so do the marks that Arabic and Hebrew prose needs, which override nothing.
_ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_MAX_HELD = 256


def is_invisible(character: str) -> bool:
    """Whether a character shows nothing of its own, or is no character at all."""
    return _INVISIBLE.fullmatch(character) is not None


def escape_invisible(text: str) -> str:
    r"""Show every hidden character as an escape such as `\u202e`; all else is unchanged."""
    if text.isascii() and text.isprintable():
        return text
    return _INVISIBLE.sub(_escape, text)


def well_formed(text: str) -> str:
    """Join surrogate pairs and replace lone halves, so that the text can be sent as UTF-8.

    JSON lets a server send half a character; Python keeps it, and no encoder takes it.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def plain_text(text: str) -> str:
    """Text without terminal sequences, control characters and controls of direction."""
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_ENDS.sub("\n", well_formed(text))
    return _ACTING.sub("", _ANSI.sub("", text))


def one_line(text: str, *, limit: int = 200) -> str:
    """Text as a single line of at most `limit` characters, nothing hidden in it."""
    line = escape_invisible(" ".join(plain_text(text).split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


class TerminalFilter:
    """Makes a stream of text safe to write to a terminal, piece by piece.

    A sequence may be cut between two pieces, so an unfinished one is held until the next; one that
    goes on for too long is written without the characters that would make it act.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """What of the text so far can be written."""
        text, self._held = self._held + piece, ""
        cut = self._unfinished(text)
        if len(text) - cut <= _MAX_HELD:
            text, self._held = text[:cut], text[cut:]
        return plain_text(text)

    def flush(self) -> str:
        """What was held at the end."""
        text, self._held = self._held, ""
        return plain_text(text)

    def _unfinished(self, text: str) -> int:
        """Where an unfinished sequence, line end or character begins; the length for none."""
        open_ansi = _OPEN_ANSI.search(text, max(0, len(text) - _MAX_HELD - 1))
        if open_ansi is not None:
            return open_ansi.start()
        if text and (text[-1] == "\r" or "\ud800" <= text[-1] <= "\udbff"):
            return len(text) - 1
        return len(text)


def printable(text: str) -> str:
    """A whole text as it may be written to a terminal."""
    return plain_text(text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    short = _SHORT.get(character)
    if short is not None:
        return short
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004 - the widths of Python's own escapes
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
