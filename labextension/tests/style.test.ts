import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

const STATIC = join(import.meta.dirname, "..", "..", "mirascope_nb", "widgets", "static");

function readRules(name: string): CSSRule[] {
  const style = document.createElement("style");
  style.textContent = readFileSync(join(STATIC, name), "utf8");
  document.head.append(style);
  const rules = [...(style.sheet?.cssRules ?? [])];
  style.remove();
  return rules;
}

/** Style rules, also those inside of media queries. */
function flatten(rules: Iterable<CSSRule>): CSSStyleRule[] {
  return [...rules].flatMap((rule) => {
    if ("selectorText" in rule) {
      return [rule as CSSStyleRule];
    }
    return rule.constructor.name === "CSSMediaRule" ? flatten((rule as CSSMediaRule).cssRules) : [];
  });
}

describe.each(["card.css", "progress.css"])("%s", (name) => {
  test("styles what is ours and nothing else on the page", () => {
    const rules = flatten(readRules(name));
    expect(rules.length).toBeGreaterThan(30);
    for (const { selectorText } of rules) {
      for (const selector of selectorText.split(/,(?![^(]*\))/)) {
        expect(selector.trim()).toMatch(/^\.mnb-/);
      }
    }
  });

  test("fetches nothing", () => {
    expect(readFileSync(join(STATIC, name), "utf8")).not.toMatch(/url\(|@import/);
  });
});

test("a model's text stays in its box", () => {
  const model = flatten(readRules("card.css")).find(
    ({ selectorText }) => selectorText === ".mnb-model",
  );
  expect(model?.cssText).toMatch(/contain: ?paint/);
  expect(model?.cssText).toMatch(/isolation: ?isolate/);
  expect(model?.cssText).toMatch(/overflow: ?hidden/);
});

test.each(["card.js", "progress.js"])("%s imports and fetches nothing", (name) => {
  const code = readFileSync(join(STATIC, name), "utf8");
  expect(code).not.toMatch(/\bimport\s*[({"']|\bfrom\s*"|\bfetch\(|XMLHttpRequest|\beval\(/);
});
