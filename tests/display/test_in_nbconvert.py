"""Saved Markdown in nbconvert, which reads it with a parser of its own and lets HTML through."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from mirascope_nb.text import neutralise

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
TAGS = {
    *("p", "em", "strong", "del", "code", "pre", "br", "hr", "blockquote", "ul", "ol", "li", "a"),
    *("table", "thead", "tbody", "tr", "th", "td", "div", "span", "section", "sup", *HEADINGS),
}
ATTRIBUTES = {
    "a": {"href", "title", "class"},
    "code": {"class"},
    "div": {"class"},
    "span": {"class"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
    # The heading's own words, for the link beside it.
    **{heading: {"id"} for heading in HEADINGS},
}
ALIGNMENTS = {f"text-align:{side}" for side in ("left", "right", "center")}


class Audit(HTMLParser):
    """Collects whatever could act."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            written = (value or "").replace(" ", "")
            if name not in ATTRIBUTES.get(tag, set()):
                self.found.append(f"<{tag} {name}={value}>")
            elif name == "style" and written not in ALIGNMENTS:
                self.found.append(f"style={value}")
            elif name == "class" and "mermaid" in written.lower():
                self.found.append(f"class={value}")
            elif name == "href" and not _leads_out(written):
                self.found.append(f"href={value}")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}")


def _leads_out(address: str) -> bool:
    """Whether a link leads to where a link may: a place of the page, a host, or a mailbox."""
    return address.startswith("#") or urlsplit(address).scheme in {"https", "mailto"}


def active(markdown: str) -> list[str]:
    """What of the page that nbconvert makes of it could act."""
    audit = Audit()
    audit.feed(markdown2html_mistune(markdown))
    audit.close()
    return audit.found


@pytest.mark.parametrize(
    "text",
    [
        "<b onclick=x>",
        "[a](javascript:x)",
        "![a](https://evil.example/i.png)",
        "```mermaid\ngraph\n```",
        "<!-- x -->",
    ],
)
def test_the_audit_finds_what_it_is_for(text: str) -> None:
    assert active(text) != []
    assert active(neutralise(text)) == []


PIECES = [
    *("<", ">", "</", "<!--", "-->", "<?", "<![CDATA[", "<script>", "<b ", "<a@b.c>", "&lt;"),
    *('"', "'", "=", "`", "``", "```", "~~~", "~~", "$", "$$", "\\", "\\(", "\\)", "\\[", "\\]"),
    *("[", "]", "(", ")", "![", "](", "][", "]:", "[a]", "[a]: ", "[^1]", "[^1]: ", "!", "|"),
    *("---", "===", "\n", "\n\n", "\n\n\n", "    ", "\t", "> ", "- ", "1. ", "# ", "* ", "+ "),
    *("*", "_", "__", " ", "  ", "a", "b", "https://a.b", "http://", "www.a.b", "javascript:"),
    *("//", "data:x", "mailto:a@b", "a@b.c", "&#60;", "&#x6a;", "&bsol;", "&Tab;", "&NewLine;"),
    *("\\href{", "}", "\\begin{a}", "\\end{a}", "mermaid", "```mermaid\n", "~~~ mermaid\n", ":"),
    *("| a | b |\n| - | :-: |\n", "\n| ", "\u00a0", "\u2028", "\x0c", "\r", "attachment:a"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
@example("a|b\n-|-\n`|<b>`|c")
@example("$`$<b>`")
@example("\\begin{a}<b>\\end{a}")
@example("[a]: <javascript:x>\n[a]")
@example("- a\n\n        <b>")
def test_nothing_active_is_left_in_what_nbconvert_makes_of_it(text: str) -> None:
    assert active(neutralise(text)) == []


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_at_all_is_neutral_in_nbconvert(text: str) -> None:
    assert active(neutralise(text)) == []
