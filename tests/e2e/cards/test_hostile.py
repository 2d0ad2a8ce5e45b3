"""Hostile text in every field: nothing runs and nothing is fetched, wherever it is shown."""

import json
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from nbconvert.exporters.html import HTMLExporter
from playwright.async_api import Browser, Page, Route, expect

if TYPE_CHECKING:
    from conftest import Bench
else:
    Bench = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE: dict[str, str] = runpy.run_path(str(Path(__file__).with_name("corpus.py")))["HOSTILE"]
RECORD = "application/vnd.mirascope-nb.run+json"

# What of a page's outputs is neither ours nor harmless, as far as its elements tell.
AUDIT = r"""selector => {
    const banned = new Set(["script", "iframe", "frame", "object", "embed", "form", "meta", "base",
        "link", "style", "video", "audio", "source", "svg", "math", "img", "template", "marquee"]);
    const ours = (element) => /(^|\s)mnb-/.test(element.getAttribute("class") ?? "");
    const found = [];
    for (const root of document.querySelectorAll(selector)) {
        for (const element of root.querySelectorAll("*")) {
            const tag = element.localName;
            if (element.closest("mjx-container") !== null) continue;
            if (banned.has(tag)) found.push(element.outerHTML.slice(0, 200));
            if (["button", "input", "textarea", "select"].includes(tag) && !ours(element)
                && element.closest(".jp-CodeMirrorEditor") === null) found.push(`<${tag}>`);
            for (const { name, value } of element.attributes) {
                if (/^on|^srcdoc$|^formaction$|^data-commandlinker/.test(name)
                    || /url\(|position:|opacity:/.test(name === "style" ? value : "")
                    || (name === "id" && /pwned|jupyterapp/.test(value))) {
                    found.push(`<${tag} ${name}="${value}">`);
                }
            }
            // JupyterLab itself makes links of the addresses in plain text, as in a traceback.
            if (element.closest(".jp-RenderedText") !== null) continue;
            if (element.hasAttribute("href") || element.hasAttribute("xlink:href")) {
                const href = element.getAttribute("href") ?? element.getAttribute("xlink:href");
                if (!/^(https:|mailto:|#)/.test(href)) found.push(`<${tag} href="${href}">`);
            }
        }
        for (const element of root.querySelectorAll("mjx-container *")) {
            for (const name of ["href", "xlink:href", "src"]) {
                const value = element.getAttribute(name);
                if (value !== null && !value.startsWith("#")) found.push(`math ${name}=${value}`);
            }
            if (/url\(/.test(element.getAttribute("style") ?? "")) found.push("math style");
        }
    }
    return found;
}"""
# JupyterLab shows no more than 50 outputs of a cell.
SHOW = """
part = list(HOSTILE.items())[{first}:{first} + 40]
async def hostile(text):
    yield llm.ThoughtStartChunk()
    yield llm.ThoughtChunk(delta=text)
    yield llm.ThoughtEndChunk()
    yield llm.TextStartChunk()
    for at in range(0, len(text), 7):
        yield llm.TextChunk(delta=text[at:at + 7])
    await gate("shown{first}")
    yield llm.TextEndChunk()

replies = await asyncio.gather(*(
    nb.show(stream([], chunks=hostile(text), model=text), title=text) for _, text in part
))
print([reply.text() for reply in replies] == [text for _, text in part])
"""

TOOLS = """
every = "\\n\\n".join(HOSTILE.values())
class Hostile(Exception):
    pass

@llm.tool
def bad_result(text: str) -> str:
    "Return it."
    ran.append(text == every)
    return text

@llm.tool
def bad_error(text: str) -> str:
    "Raise it."
    raise Hostile(text)

sandbox.clear()
sandbox.reply(every, tools=[
    ("bad_result", {"text": every, every: every}), ("bad_result", {"text": every}),
    ("bad_error", {"text": every}), ("delete_rows", {"table": every}), (every[:200], {every: 1}),
])
sandbox.reply(every)
await nb.run(llm.Model("sandbox/fast").stream_async(
    "Go on.", tools=[bad_result, bad_error, delete_rows]));
"""

FAIL = """
sandbox.clear(); sandbox.fail(400, message="\\n\\n".join(HOSTILE.values()))
await nb.show(llm.Model("sandbox/fast").stream_async("hi"))
"""

GATHER = """
async def fail(text):
    raise ValueError(text)
await nb.gather(*map(fail, HOSTILE.values()), return_exceptions=True, description=HOSTILE["bidi"]
                + HOSTILE["image handler"]);
"""


async def expect_clean(bench: Bench) -> None:
    assert await bench.page.evaluate(AUDIT, ".jp-OutputArea-output, .mnb-root") == []
    await bench.expect_nothing_ran()


@pytest.mark.parametrize("first", [0, 40])
async def test_hostile_text_stays_text_while_it_is_live(bench: Bench, first: int) -> None:
    await bench.ask("0", code=f"HOSTILE = json.loads({json.dumps(HOSTILE)!r})")
    count = min(40, len(HOSTILE) - first)
    cell = await bench.run_one(SHOW.replace("{first}", str(first)))
    await expect(cell.card.locator(".mnb-status[data-state=streaming]")).to_have_count(count)
    await expect_clean(bench)
    bench.open_gate(f"shown{first}")
    await cell.finish()
    await expect(cell.card.locator(".mnb-status[data-state=done]")).to_have_count(count)
    assert await cell.printed() == "True\n"
    await expect_clean(bench)


async def test_hostile_text_stays_text_in_tool_calls_and_approvals(bench: Bench) -> None:
    cell = await bench.run_one(TOOLS)
    for tool, answer in (("bad_result", "Approve"), ("bad_error", "Approve")):
        button = cell.button(answer, tool).last
        await expect(button).to_be_enabled()
        await expect_clean(bench)
        # Nothing lies over what a person clicks.
        await button.scroll_into_view_if_needed()
        assert await button.evaluate(
            """button => {
                const { left, top, width, height } = button.getBoundingClientRect();
                return document.elementFromPoint(left + width / 2, top + height / 2) === button;
            }"""
        )
        await button.click()
    call = cell.call("delete_rows")
    await expect(call).to_contain_text("safe \\u{202e}gnp.exe\\u{202c}")
    await expect(call).to_contain_text("zero\\u{200b}width")
    await call.get_by_role("textbox", name="Reason").fill(" ".join(HOSTILE.values())[:3000])
    await cell.button("Deny").click()
    await cell.finish(within=30)
    await expect(cell.state).to_have_text("done")
    assert await bench.ask("ran") == [True]
    await expect_clean(bench)


async def test_hostile_text_stays_text_in_errors_and_progress(bench: Bench) -> None:
    failed = await bench.run_one(FAIL)
    await failed.finish()
    await expect(failed.state).to_have_text("failed")
    gather = await bench.run_one(GATHER)
    await gather.finish()
    await expect(gather.output).to_contain_text("pwn")
    await expect_clean(bench)


async def test_hostile_text_stays_text_when_it_is_saved(bench: Bench, chrome: Browser) -> None:
    """The last of the module: it loads the page anew."""
    saved = await bench.save()
    await bench.reload(kernel=False)
    cards = bench.page.locator(".jp-Notebook .mnb-card .mnb-status[data-state=done]")
    await expect(cards).to_have_count(len(HOSTILE) + 1)
    await expect_clean(bench)

    # As whoever has not installed the extension sees it: the Markdown alone.
    outputs = [output for cell in saved["cells"] for output in cell["outputs"] if "data" in output]
    records = [output for output in outputs if output["data"].pop(RECORD, None)]
    assert len(records) == len(HOSTILE) + 2
    plain = bench.server.root / f"plain-{bench.name}"
    plain.write_text(json.dumps(saved), encoding="utf-8")
    await bench.reload(kernel=False)
    await bench.open(plain.name)
    await expect(bench.page.locator(".jp-RenderedMarkdown:visible")).to_have_count(len(records))
    await expect_clean(bench)

    await _check_html(chrome, plain, saved)


async def _check_html(chrome: Browser, path: Path, saved: dict[str, Any]) -> None:
    """What nbconvert makes of it asks for nothing that an empty notebook would not ask for."""
    asked: list[set[str]] = []
    contents: dict[str, dict[str, Any]] = {"empty": {**saved, "cells": []}, "full": saved}
    for name, content in contents.items():
        source = path.with_name(f"{name}.ipynb")
        source.write_text(json.dumps(content), encoding="utf-8")
        html, _ = HTMLExporter().from_filename(str(source))
        target = path.with_name(f"{name}.html")
        target.write_text(html, encoding="utf-8")
        page = await chrome.new_page()
        asked.append(await _open_offline(page, target))
        if name == "full":
            found = await page.evaluate(AUDIT, ".jp-RenderedMarkdown, .jp-RenderedText")
            assert found == []
            assert await page.evaluate("() => window.pwned") == []
        await page.close()
    assert asked[1] <= asked[0]


async def _open_offline(page: Page, path: Path) -> set[str]:
    """Open a file and return the addresses it asks for, none of which it gets."""
    asked: set[str] = set()

    async def refuse(route: Route) -> None:
        if urlsplit(route.request.url).scheme == "file" and route.request.url.endswith(path.name):
            await route.continue_()
            return
        asked.add(route.request.url)
        await route.abort()

    await page.route("**/*", refuse)
    await page.add_init_script("window.pwned = []; window.pwn = (name) => window.pwned.push(name);")
    await page.goto(path.as_uri(), wait_until="load")
    return asked
