"""The JupyterLab extension in each front end it is for."""

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Locator, expect

if TYPE_CHECKING:
    from tests.e2e.plugin.conftest import Notebook
else:
    Notebook = Any

PROMPT = """\
# to compare
%%llm sandbox/fast -s "Be brief." --temperature 0.2
# Heading
Say **bold words** and `code` about {topic} in *Lima*.

- for x in range(3): not Python
"""


async def style_of(cell: Locator, text: str, name: str) -> str:
    """A style of the innermost piece of a cell's editor that has this text."""
    return await cell.locator(".cm-content").evaluate(
        """(content, [text, name]) => {
            const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                if (node.data.includes(text)) {
                    return getComputedStyle(node.parentElement)[name];
                }
            }
            return `no ${text}`;
        }""",
        [text, name],
    )


async def test_the_page_has_nothing_to_complain_of(loaded: Notebook) -> None:
    cell = await loaded.run("%%llm sandbox/fast\nHi")
    await expect(cell.get_by_role("article")).to_contain_text("Hello!")
    await loaded.run("await nb.gather(*[llm.Model('sandbox/fast').call_async('Hi')] * 1);")
    # What a front end says of itself without the extension too; the last is Notebook 7.6's own.
    known = re.compile(
        r"favicon|Failed to load resource|ERR_INTERNET_DISCONNECTED|source map"
        r"|^Cannot read properties of undefined \(reading 'schema'\)$"
    )
    told = [error for error in loaded.errors if not known.search(error)]
    assert told == [], "\n".join(told)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_prompt_is_highlighted_as_markdown(notebook: Notebook, theme: str) -> None:
    await notebook.use_theme(theme)
    prompt = await notebook.write(PROMPT)
    python = await notebook.write("# Heading\nfor x in range(3): **bold** + {topic}")
    await expect(prompt.locator(".mnb-cm-comment")).to_have_text("# to compare")
    assert await style_of(prompt, "to compare", "fontWeight") in ("400", "normal")
    await expect(prompt.locator(".mnb-cm-magic")).to_have_text("%%llm")
    await expect(prompt.locator(".mnb-cm-option")).to_have_text(["-s", "--temperature"])
    await expect(prompt.locator(".mnb-cm-name")).to_have_text("{topic}")
    # The language is loaded when the first prompt is seen.
    await expect(prompt.locator(".cm-line", has_text="Heading").locator("span")).not_to_have_count(
        0
    )
    base = await style_of(prompt, "words about", "color")
    assert await style_of(prompt, "bold words", "fontWeight") == "700"
    assert await style_of(prompt, "Lima", "fontStyle") == "italic"
    assert await style_of(prompt, "Heading", "fontWeight") == "700"
    assert await style_of(prompt, "{topic}", "color") != base
    # `for` is a word of prose there, and a keyword in a Python cell.
    assert await style_of(prompt, "for x in range", "fontWeight") in ("400", "normal")
    assert await style_of(python, "for", "fontWeight") == "700"
    await expect(python.locator(".mnb-cm-magic, .mnb-cm-name")).to_have_count(0)
    await notebook.screenshot(f"prompt-{theme}", of=prompt)


async def test_the_language_follows_the_first_line(notebook: Notebook) -> None:
    cell = await notebook.write("for x in y: pass")
    assert await style_of(cell, "for", "fontWeight") == "700"
    await cell.locator(".cm-content").click()
    await notebook.page.keyboard.press("ControlOrMeta+Home")
    await notebook.page.keyboard.type("%%llm\n")
    await expect(cell.locator(".mnb-cm-magic")).to_have_count(1)
    await expect(cell.locator(".cm-line", has_text="for").locator("span")).to_have_count(0)
    await cell.locator(".cm-line").first.click()
    await notebook.page.keyboard.press("Home")
    await notebook.page.keyboard.type("#")
    await expect(cell.locator(".mnb-cm-magic")).to_have_count(0)
    await expect(cell.locator(".cm-line", has_text="for").locator("span")).not_to_have_count(0)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("%%llm --app", ["--approve"]),
        ("%%llm -f m", ["markdown", "math"]),
        ("%llm doc", ["doctor"]),
        ("%%llm -m sandbox/ech", ["sandbox/echo"]),
        ("%%llm openai/gpt-5-mi", ["openai/gpt-5-mini"]),
    ],
)
async def test_the_line_is_completed(loaded: Notebook, typed: str, offered: list[str]) -> None:
    cell = await loaded.write("")
    await cell.locator(".cm-content").click()
    await loaded.page.keyboard.type(typed)
    editor, items = cell.locator(".cm-content"), loaded.page.locator(".jp-Completer-item")
    # The kernel has a second to answer, and may still be busy with what it needs for that.
    async with asyncio.timeout(30):
        while True:
            await loaded.command("completer:invoke-notebook")
            # One that is alone is taken at once.
            if offered[0] in await editor.inner_text() or await items.count():
                break
            await asyncio.sleep(0.5)
    if len(offered) == 1 and not await items.count():
        return
    labels = await items.all_inner_texts()
    for each in offered:
        assert any(each in label for label in labels), labels
    await loaded.screenshot("completion")


async def test_the_status_bar_says_what_the_session_has_spent(loaded: Notebook) -> None:
    if not loaded.is_lab:
        pytest.skip("Notebook has no status bar")
    item = loaded.page.locator(".mnb-usage")
    await loaded.run("%%llm sandbox/fast\nHi")
    await loaded.run("llm.Model('sandbox/fast').call('What is the capital of Peru?').usage")
    cell = await loaded.run(
        "cost = %llm cost\n"
        "print('spent', sum(int(row[2]) + int(row[3]) for row in cost.rows), 'tokens')"
    )
    text = await cell.locator(".jp-OutputArea-output").inner_text()
    spent = text.removeprefix("spent ").strip()
    assert int(spent.split()[0]) > 30
    await expect(item).to_have_text(spent)
    await loaded.screenshot("status-bar", of=loaded.page.locator("#jp-bottom-panel"))
    await loaded.command("docmanager:save")
    await loaded.open()
    await expect(item).to_have_text(spent)
    await loaded.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    await expect(item).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_saved_replies_are_cards_with_no_kernel(loaded: Notebook, theme: str) -> None:
    await loaded.use_theme(theme)
    await loaded.run(
        "%%llm sandbox/fast -t get_weather --approve allow\nWhat is the weather in Paris?"
    )
    await loaded.run(
        '%%llm sandbox/fast --schema "name, age int, city"\nAda Lovelace, 36, lives in London.'
    )
    await loaded.run("%%llm sandbox/flaky-429\nHi")
    await loaded.command("docmanager:save")
    await loaded.command("notebook:shutdown-kernel")
    await loaded.open()
    cards = loaded.page.get_by_role("article", name=re.compile("^LLM response"))
    await expect(cards).to_have_count(3)
    await expect(cards.nth(0)).to_contain_text("22 °C and sunny")
    await expect(cards.nth(0).get_by_role("group", name="Tool call get_weather")).to_be_visible()
    await expect(cards.nth(0).get_by_role("status").last).to_have_text("done")
    await expect(cards.nth(1).get_by_role("table")).to_contain_text("Ada Lovelace")
    await expect(cards.nth(2).get_by_role("status").last).to_have_text("failed")
    await expect(cards.get_by_role("button", name="Stop")).to_have_count(0)
    await expect(loaded.page.get_by_text("model not found")).to_have_count(0)
    await cards.nth(0).scroll_into_view_if_needed()
    await loaded.screenshot(f"records-{theme}")


@pytest.mark.parametrize(
    ("keys", "outcome"), [("Alt+Shift+A", "22 °C and sunny"), ("Alt+Shift+D", "denied")]
)
async def test_a_waiting_call_is_decided_by_a_shortcut(
    loaded: Notebook, keys: str, outcome: str
) -> None:
    cell = await loaded.begin("%%llm sandbox/fast -t get_weather\nWhat is the weather in Paris?")
    call = cell.get_by_role("group", name="Tool call get_weather")
    await expect(call.get_by_role("button", name="Approve")).to_be_enabled()
    await cell.locator(".jp-InputPrompt").click()
    await loaded.page.keyboard.press("Escape")
    await loaded.page.keyboard.press(keys)
    await expect(cell.get_by_role("status").last).to_have_text("done")
    await expect(cell).to_contain_text(outcome)


async def test_a_reply_is_stopped_by_a_shortcut_and_by_the_toolbar(loaded: Notebook) -> None:
    button = loaded.page.locator(".jp-NotebookPanel-toolbar, .jp-Toolbar").get_by_role(
        "button", name="Stop reply"
    )
    for stop in ("shortcut", "toolbar"):
        cell = await loaded.begin("%%llm sandbox/slow\nTell me about turtles")
        await expect(cell.get_by_role("button", name="Stop")).to_be_visible()
        if stop == "shortcut":
            await cell.locator(".jp-InputPrompt").click()
            await loaded.page.keyboard.press("Alt+Shift+S")
        else:
            await expect(button).to_be_visible()
            await loaded.screenshot("stop", of=loaded.page.locator(".jp-NotebookPanel-toolbar"))
            await button.click()
        await expect(cell.get_by_role("status").last).to_have_text("stopped")
    await expect(button).to_be_hidden()
