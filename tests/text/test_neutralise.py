"""Neutral Markdown: nothing active survives, nothing ordinary changes."""

import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mirascope_nb.text import close_fence, code_fence, neutralise
from mirascope_nb.text.neutralise import is_neutral

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.md"))

TAGS = {
    *("p", "em", "strong", "s", "code", "pre", "br", "hr", "blockquote", "ul", "ol", "li", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}
ALIGNMENTS = {"text-align:left", "text-align:right", "text-align:center"}


def render(markdown: str) -> str:
    """What a renderer makes of it that trusts its input."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.validateLink = lambda url: True
    return str(parser.render(markdown))


class Audit(HTMLParser):
    """Collects whatever is not on the list of harmless things."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()):
                self.found.append(f"<{tag} {name}>")
            elif name == "style" and value not in ALIGNMENTS:
                self.found.append(f"style={value}")
            elif name == "href" and urlsplit(value or "").scheme not in ("https", "mailto"):
                self.found.append(f"href={value}")
            elif name == "class" and "mermaid" in (value or "").lower():
                self.found.append(f"class={value}")

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.found.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.found.append("instruction")


def active(markdown: str) -> list[str]:
    audit = Audit()
    audit.feed(render(markdown))
    return audit.found


def test_the_audit_finds_what_it_is_for() -> None:
    assert active("<b onclick=x>![a](https://b/c)[d](javascript:e)") == [
        *("<b>", "<b onclick>", "<img>", "<img src>", "<img alt>", "href=javascript:e")
    ]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_ordinary_replies_come_through_unchanged(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert neutralise(text) == text
    assert active(text) == []


@pytest.mark.parametrize(
    ("written", "saved"),
    [
        ("Hi <b>x</b>, `<b>`", "Hi &lt;b>x&lt;/b>, `<b>`"),
        ("List<String> <!-- c -->", "List&lt;String> &lt;!-- c -->"),
        ("![a](https://x/y.png)", "[image: a](https://x/y.png)"),
        ("![](https://x/y.png)", "[image](https://x/y.png)"),
        ("![a](data:image/png;base64,A)", "[image: a]\\(data:image/png;base64,A)"),
        ("![a](attachment:b.png)", "[image: a]\\(attachment:b.png)"),
        ("[a](javascript:alert(1))", "[a]\\(javascript:alert(1))"),
        ("[a](&#106;avascript:x)", "[a]\\(&amp;#106;avascript:x)"),
        ("[a]( <JaVaScRiPt:x>)", "[a]\\( &lt;JaVaScRiPt:x>)"),
        ("[a](command:run)", "[a]\\(command:run)"),
        ("[a](./other.ipynb)", "[a]\\(./other.ipynb)"),
        ("[a](https://good.com@evil.com)", "[a]\\(https:\\//good.com@evil.com)"),
        ("<javascript:x> <https://a.b>", "&lt;javascript:x> <https://a.b>"),
        ("see http://a.b and www.a.b", "see http:\\//a.b and www\\.a.b"),
        ("[a]: javascript:x\n\n[a]", "[a]\\: javascript:x\n\n[a]"),
        ("![a]\n\n[a]: https://x/y.png", "\\![a]\n\n[a]: https://x/y.png"),
        ("```mermaid\ngraph TD\n```", "```text\ngraph TD\n```"),
        ("> 1. ~~~ Mermaid x\n>    a\n>    ~~~", "> 1. ~~~text\n>    a\n>    ~~~"),
        ("$\\href{javascript:x}{y}$", "$\\ href{javascript:x}{y}$"),
        ("\\$\\\\href{javascript:x}{y}\\$", "\\$\\\\ href{javascript:x}{y}\\$"),
        ("$\\style{a}{b} \\class [x]{y}$", "$\\ style{a}{b} \\ class [x]{y}$"),
        ("$\\def\\frac#1{x} \\let\\a\\b$", "$\\ def\\frac#1{x} \\ let\\a\\b$"),
        ("$\\href\\y{x}\\data$ C:\\url", "$\\ href\\y{x}\\ data$ C:\\ url"),
        ("&#36;&#92;href{x}{y} \\h&#x72;ef", "&#36;&amp;#92;href{x}{y} \\h&amp;#x72;ef"),
        ("$a<b and c>d$", "$a< b and c>d$"),
        ("$f[x](y)$", "$f[x] (y)$"),
        ("| a | `<b>` |\n|---|---|\n| <i> | ![x](y) |", None),
    ],
)
def test_what_could_act_is_defused_and_still_reads_the_same(
    written: str, saved: str | None
) -> None:
    result = neutralise(written)
    if saved is not None:
        assert result == saved
    assert active(result) == []
    assert not result.startswith("```text\n" + written[:1])


def test_code_is_found_by_its_block_and_not_by_its_look() -> None:
    assert neutralise("- a\n\n        <b>") == "- a\n\n        <b>"
    assert neutralise("text\n    <b>") == "text\n    &lt;b>"
    assert neutralise("` <b> ``") == "` &lt;b> ``"
    assert neutralise("`` <b> ` ``") == "`` <b> ` ``"
    assert neutralise("\\`<b>`") == "\\`&lt;b>`"
    # The tag would have won over the code span that begins in it.
    assert neutralise('<a title="`">`<b>') == '&lt;a title="`">`&lt;b>'


def test_a_text_that_edits_cannot_save_is_shown_as_code() -> None:
    # What is a link to one renderer is code to another, and each edit makes it the other's.
    text = "[a ``](https://a.b)<b>``"
    assert neutralise(text) == code_fence(text)


@pytest.mark.parametrize(
    ("written", "saved"),
    [
        # GitHub's bare addresses take up a backtick, a backslash, or a formula's dollar.
        ("https://a.b/`<img src=x>`", "https:\\//a.b/`<img src=x>`"),
        ("https://a.b/\\<img src=x>", "https:\\//a.b/\\<img src=x>"),
        ('https://a.b/$x" onclick="y$', 'https:\\//a.b/$x" onclick="y$'),
        ("xhttps://u:p@a.b", "xhttps:\\//u:p@a.b"),
        # Strikethrough, emphasis and links end inside of code, or take up its backtick.
        ("~~`<b>~~`", "~~\\`&lt;b>~~`"),
        ("~`<b>`", "~\\`&lt;b>`"),
        ("*a ``<b>*``", "*a \\`\\`&lt;b>*``"),
        # A formula does so too.
        ("$$ a `b$$ <b>`", "$$ a \\`b$$ &lt;b>`"),
        ("$ `\\href{x}{y}` $", "$ \\`\\ href{x}{y}` $"),
        # A list or a table begins for one where for another a code span goes on.
        ("`a\n* \n<b>`", "\\`a\n* \n&lt;b>`"),
        ("|a|b|\n|-|-|\n|`x\\\\|<b>`|", "|a|b|\n|-|-|\n|`x\\\\|&lt;b>`|"),
        ("|a|b|\n|-|-|\n\t<b>", "|a|b|\n|-|-|\n\t&lt;b>"),
        # A heading that begins before a fence ends in it.
        ("a\n```\n---\n<b>\n```", "a\n\n```\n---\n<b>\n```"),
        ("> a\n> ```\n> ---\n> <b>", "> a\n>\n> ```\n> ---\n> <b>"),
        # A definition with an unbalanced bracket, and a fence behind a check box.
        ("[r]: javascript:a)\n\n[r]", "[r]\\: javascript:a)\n\n[r]"),
        ("- [ ] ~~~mermaid\n  x", "- [ ] \\~\\~\\~mermaid\n  x"),
    ],
)
def test_what_renderers_read_differently_is_safe_in_all_of_them(written: str, saved: str) -> None:
    assert neutralise(written) == saved
    assert neutralise(saved) == saved


def test_code_that_every_renderer_agrees_on_stays() -> None:
    for text in (
        "Use `<b>` and `*`, or *both* of `a<b>` and [this](https://a.b).",
        "It costs $5 for `List<int>`.",
        "For $O(n)$ take `List<int>`.",
    ):
        assert neutralise(text) == text


def test_control_characters_and_terminal_sequences_are_taken_out() -> None:
    assert neutralise("a\x1b[31mb\x00\u202ec\r\nd\u2028e") == "abc\nd\ne"


def test_a_fence_in_a_fallback_is_longer_than_any_in_the_text() -> None:
    assert code_fence("a ``` b ```` c") == "`````text\na ``` b ```` c\n`````\n"


def test_an_open_fence_is_closed() -> None:
    assert close_fence("a\n\n````py\nb\n```") == "a\n\n````py\nb\n```\n````"
    assert close_fence("~~~\nb\n~~~") == "~~~\nb\n~~~"
    assert close_fence("~~~\nb\n~~~\n\nc") == "~~~\nb\n~~~\n\nc"
    assert close_fence("```") == "```\n```"


PIECES = st.sampled_from(
    [
        *("<", ">", "&lt;", "</", "<!--", "-->", "<?", "?>", "<![CDATA[", "]]>", "<script>", "<b "),
        *(
            '"',
            "'",
            "=",
            "`",
            "``",
            "```",
            "~~~",
            "$",
            "$$",
            "\\",
            "\\(",
            "\\[",
            "[",
            "]",
            "(",
            ")",
        ),
        *(
            "![",
            "](",
            "][",
            "]:",
            "]: ",
            "[a]",
            "[a]: ",
            "!",
            "|",
            "---",
            "===",
            "\n",
            "\n\n",
            "    ",
        ),
        *(
            "\t",
            "> ",
            "- ",
            "1. ",
            "# ",
            "*",
            "_",
            " ",
            "a",
            "b",
            "https://a.b",
            "javascript:",
            "//",
        ),
        *("data:x", "mailto:a@b", "http://", "www.", "a@b.c", "&#60;", "&#x6a;", "&bsol;", "&Tab;"),
        *(
            "\\href{",
            "}",
            "\\begin{a}",
            "\\end{a}",
            "mermaid",
            "```mermaid\n",
            "text",
            ":",
            "\u00a0",
        ),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=400, deadline=None)
@example("[a]:\n> javascript:x\n\n[a]")
@example("- ```\n<b>")
@example("<a`b@c.d`>")
@example("[`](`<b>)")
def test_nothing_active_is_ever_left_and_a_second_pass_changes_nothing(text: str) -> None:
    result = neutralise(text)
    assert active(result) == []
    assert is_neutral(result)
    assert neutralise(result) == result


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_at_all_is_made_neutral(text: str) -> None:
    result = neutralise(text)
    assert active(result) == []
    assert neutralise(result) == result


@pytest.mark.parametrize(
    "piece",
    [
        *("<", "![", "[a](", "`", "``a`", "$", "$$", "\\begin{a}", "[", "](", "a\n", "> ", "<!--"),
        *("&#92;", "[a]: b\n", "*a", "| a ", "<a@", "https://", "\\"),
    ],
)
def test_the_work_grows_with_the_length_and_no_faster(piece: str) -> None:
    def seconds(count: int) -> float:
        text = piece * count
        best = float("inf")
        for _ in range(2):
            start = time.perf_counter()
            neutralise(text)
            best = min(best, time.perf_counter() - start)
        return best

    small, large = seconds(1_000), seconds(4_000)
    # Four times the text; sixteen times the work would be quadratic.
    assert large < 30 * small + 0.05


@pytest.mark.parametrize(
    "info",
    [
        'html"><img src=x onerror=pwn()>',
        'js" onmouseover="pwn()',
        "js' onmouseover='pwn()",
        "js&quot; onmouseover=&#34;pwn()",
        'js\\" onmouseover=pwn()',
        "a`b",
    ],
)
def test_what_follows_a_fence_cannot_leave_the_attribute_it_is_written_into(info: str) -> None:
    assert neutralise(f"~~~{info}\nx\n~~~") == "~~~text\nx\n~~~"


@pytest.mark.parametrize(
    "info",
    ["", "python", "c++", "c#", "{code-block} python", "python title=a.py [3]", "objective-c"],
)
def test_the_language_of_a_fence_stays(info: str) -> None:
    assert neutralise(f"```{info}\n<x>\n```") == f"```{info}\n<x>\n```"
