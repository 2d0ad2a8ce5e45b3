import { describe, expect, test } from "vitest";

import { layOutValues, readPartial } from "../src/markdown/values";
import { makeTextView } from "../src/widgets/card/text";
import cases from "./fixtures/values.json";

describe("values of a structured reply", () => {
  test.each(cases)("$name is laid out as in the saved output", ({ text, markdown }) => {
    expect(layOutValues(text)).toBe(markdown);
  });

  test.each(cases)("$name can be read at every length", ({ text }) => {
    for (let length = 0; length <= text.length; length += 1) {
      expect(() => layOutValues(text.slice(0, length))).not.toThrow();
    }
  });

  test.each([
    ["{", {}],
    ['{"na', {}],
    ['{"name"', {}],
    ['{"name":', {}],
    ['{"name": "A', { name: "A" }],
    ['{"name": "A\\', { name: "A" }],
    ['{"name": "A\\u00', { name: "A" }],
    ['{"name": "A", ', { name: "A" }],
    ['{"name": "A", "age": 3', { name: "A", age: 3 }],
    ['{"name": "A", "ok": tr', { name: "A" }],
    ['{"list": [1, 2', { list: [1, 2] }],
    ['{"list": [{"a": 1}, {"b', { list: [{ a: 1 }, {}] }],
    ['{"a": "}"} and words', { a: "}" }],
  ])("%j is %j so far", (text, value) => {
    expect(readPartial(text)).toEqual(value);
  });

  test("fill in on the card", () => {
    const view = makeTextView("values");
    view.update('{"title": "Du', false);
    expect(view.element.querySelector("td:last-child")?.textContent).toBe("Du");
    expect(view.element.classList.contains("mnb-growing")).toBe(true);
    view.update('{"title": "Dune", "year": 1965}', true);
    expect([...view.element.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual([
      "title",
      "Dune",
      "year",
      "1965",
    ]);
    expect(view.element.classList.contains("mnb-growing")).toBe(false);
  });

  test("never become markup", () => {
    const view = makeTextView("values");
    view.update(
      '{"a": "<img src=x onerror=alert(1)> [x](javascript:alert(1)) ![y](http://z/q)"}',
      true,
    );
    expect(view.element.querySelector("img, a, script, button")).toBeNull();
    expect(view.element.textContent).toContain("<img src=x onerror=alert(1)>");
  });

  test("leave words as Markdown, and JSON that broke off as it is", () => {
    const view = makeTextView("values");
    view.update("I will **look** that up.", true);
    expect(view.element.querySelector("strong")?.textContent).toBe("look");
    const other = makeTextView("values");
    other.update("{]", true);
    expect(other.element.textContent).toContain("{]");
  });
});
