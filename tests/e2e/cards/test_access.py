"""Cards by keyboard, by screen reader, and by eye: names, focus, and the contrast of every text."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from conftest import Bench
else:
    Bench = Any

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEAST = 4.5
"""WCAG 2.1 AA, for text of any size."""

WAITING = 'await nb.run(call(("delete_rows", {"table": "orders"}), then="Deleted."));'

# Every text that is seen, with its colour over the colours behind it, both flattened.
CONTRASTS = """root => {
    const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const flatten = (colors) => {
        paint.globalCompositeOperation = "copy";
        paint.fillStyle = "#fff";
        paint.fillRect(0, 0, 1, 1);
        paint.globalCompositeOperation = "source-over";
        for (const color of colors) {
            paint.fillStyle = color;
            paint.fillRect(0, 0, 1, 1);
        }
        return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = ([r, g, b]) => {
        const part = (value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        };
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const behind = (element) => {
        const colors = [];
        for (let at = element; at !== null; at = at.parentElement) {
            colors.unshift(getComputedStyle(at).backgroundColor);
        }
        return colors;
    };
    const found = [];
    const look = (element, words, style, grounds) => {
        const [one, two] = [light(flatten([...grounds, style.color])), light(flatten(grounds))];
        const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
        found.push([words.slice(0, 30), Math.round(ratio * 100) / 100]);
    };
    for (const element of [root, ...root.querySelectorAll("*")]) {
        if (!element.checkVisibility({ visibilityProperty: true }) || element.disabled) continue;
        const style = getComputedStyle(element);
        const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
            .map((node) => node.data.trim()).join(" ").trim();
        if (own !== "" && style.fontSize !== "0px") look(element, own, style, behind(element));
        // A state is seen by its label.
        const label = element.dataset.label;
        if (label) {
            const after = getComputedStyle(element, "::after");
            look(element, label, after, [...behind(element), after.backgroundColor]);
        }
    }
    return found;
}"""


async def test_every_text_can_be_read_in_both_themes(bench: Bench) -> None:
    asking = await bench.run_one(WAITING)
    await expect(asking.button("Approve")).to_be_enabled()
    low: list[Any] = []
    for theme in ("light", "dark"):
        await bench.use_theme(theme)
        await bench.page.wait_for_timeout(300)  # colours fade over
        found = await asking.card.evaluate(CONTRASTS)
        assert {"delete_rows", "Deny", "waiting for you"} <= {words for words, _ in found}
        low += [(theme, *each) for each in found if each[1] < LEAST]
    await bench.use_theme("light")
    await asking.call().get_by_role("textbox", name="Reason").fill("Not now.")
    await asking.button("Deny").click()
    await asking.finish()
    failed = await bench.run_one('await nb.show(llm.Model("sandbox/flaky-500").stream_async("hi"))')
    await failed.finish()
    for theme in ("light", "dark"):
        await bench.use_theme(theme)
        await bench.page.wait_for_timeout(300)
        for cell in (asking, failed):
            found = await cell.card.evaluate(CONTRASTS)
            low += [(theme, *each) for each in found if each[1] < LEAST]
    await bench.use_theme("light")
    assert low == []


async def test_a_call_is_decided_by_keyboard_alone_and_the_focus_stays_in_it(bench: Bench) -> None:
    cell = await bench.run_one(WAITING)
    await expect(cell.button("Deny")).to_be_enabled()
    await cell.button("Deny").focus()
    order: list[str] = []
    for _ in range(5):
        order.append(
            await bench.page.evaluate(
                "() => document.activeElement.ariaLabel ?? document.activeElement.innerText.trim()"
            )
        )
        await bench.page.keyboard.press("Tab")
    assert order == ["Deny", "Approve", "Edit", "Always allow", "Reason"]
    await cell.button("Approve").focus()
    await bench.page.keyboard.press("Enter")
    await expect(cell.call().get_by_role("status")).to_have_text("pending")
    await bench.page.keyboard.press("Space")
    await expect(cell.call().get_by_role("status")).to_have_text("approved")
    await cell.finish()
    assert await bench.ask("ran") == [("orders", 100)]


async def test_what_assistive_technology_is_told(bench: Bench) -> None:
    cell = await bench.run_one(WAITING)
    await expect(cell.button("Approve")).to_be_enabled()
    await expect(cell.card).to_match_aria_snapshot(
        """
        - article "LLM response from sandbox/fast":
          - group "Tool call delete_rows":
            - status: pending
            - term: table
            - definition: /orders/
            - button "Deny"
            - button "Approve"
            - button "Edit"
            - button "Always allow"
            - textbox "Reason"
          - status: waiting
          - button "Stop"
        """
    )
    await expect(cell.call()).to_have_accessible_description(re.compile(r"expires at \d\d:\d\d"))
    # Nothing that moves with time is in a live region: it would be read out every second.
    moving = await cell.card.evaluate(
        """root => [...root.querySelectorAll("[role=status], [role=log], [role=alert]")]
            .filter((each) => /\\d+ s\\b/.test(each.innerText)).length"""
    )
    assert moving == 0
    await cell.button("Approve").click()
    await cell.finish()
