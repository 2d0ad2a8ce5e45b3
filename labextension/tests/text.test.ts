import { describe, expect, test } from "vitest";

import { showInvisible, showInvisibleLines } from "../src/text/escape";
import {
  isExact,
  layOutJson,
  type Piece,
  readMembers,
  showJson,
  showJsonInline,
} from "../src/text/json";
import { formatCount, formatDollars, formatRate, formatSeconds } from "../src/widgets/figures";

describe("what cannot be seen", () => {
  test.each([
    ["a\u202eb", "a\\u{202e}b"],
    ["a\u200bb\u200d\ufeff", "a\\u{200b}b\\u{200d}\\u{feff}"],
    ["\u0000\u001b[2J\u007f\u0085", "\\u{0}\\u{1b}[2J\\u{7f}\\u{85}"],
    ["a\u00adb\u2066c\u2069", "a\\u{ad}b\\u{2066}c\\u{2069}"],
    ["\u{e0041}tag", "\\u{e0041}tag"],
    ["\u3164\u115f\u2800", "\\u{3164}\\u{115f}\\u{2800}"],
    ["line\nnext\tcolumn", "line\\u{a}next\\u{9}column"],
    ["\ud800", "\\u{d800}"],
    ["a b\u00a0c\u3000", "a b\\u{a0}c\\u{3000}"],
  ])("%j is written out", (text, shown) => {
    expect(showInvisible(text)).toBe(shown);
  });

  test.each(["Tokyo 東京", "naïve", "مرحبا", "שלום", "🌧", "ﬁ e\u0301"])(
    "%j stays as it is",
    (text) => {
      expect(showInvisible(text)).toBe(text);
    },
  );

  test("lines and tabs stay in a box of their own", () => {
    expect(showInvisibleLines("a\n\tb\r\u202e")).toBe("a\n\tb\\u{d}\\u{202e}");
  });
});

describe("JSON by its spelling", () => {
  test("members keep the spelling of their values", () => {
    expect(
      readMembers('{"id": 9007199254740993, "x":1.0 , "o":{"a":[1,2]},"s":"a,}\\" b"}'),
    ).toEqual([
      { name: "id", raw: "9007199254740993" },
      { name: "x", raw: "1.0" },
      { name: "o", raw: '{"a":[1,2]}' },
      { name: "s", raw: '"a,}\\" b"' },
    ]);
  });

  test.each(["", "[1]", '"a"', '{"a":', "{a:1}", "nonsense"])("%j has no members", (text) => {
    expect(readMembers(text)).toBeNull();
  });

  test("an empty object has none either, but is an object", () => {
    expect(readMembers("{}")).toEqual([]);
  });

  test("laying out changes nothing but the space between", () => {
    const text = '{"b":[1,{"c":1e400}],"a":"x\\u202e","e":{},"f":[]}';
    expect(layOutJson(text)).toBe(
      '{\n  "b": [\n    1,\n    {\n      "c": 1e400\n    }\n  ],\n  "a": "x\\u202e",\n  "e": {},\n  "f": []\n}',
    );
    expect(JSON.stringify(JSON.parse(layOutJson(text)))).toBe(JSON.stringify(JSON.parse(text)));
  });

  test("what is shown is decoded, and what hides is written out", () => {
    const text = (pieces: Piece[]) => pieces.map((piece) => piece.text).join("");
    expect(text(showJsonInline('{"k":"caf\\u00e9 \\u202e \\"q\\" \\\\ \\n","n":12}'))).toBe(
      '{"k": "café \\u{202e} \\"q\\" \\\\ \\n", "n": 12}',
    );
    expect(text(showJson("[true,null]"))).toBe("[\n  true,\n  null\n]");
    expect(text(showJson("{broken \u202e"))).toBe("{broken \\u{202e}");
  });

  test("a value is exact when JavaScript's numbers can hold it", () => {
    expect(isExact({ a: [1, 2.5, "x", null, true] })).toBe(true);
    expect(isExact([2 ** 53])).toBe(false);
    expect(isExact(Number.POSITIVE_INFINITY)).toBe(false);
  });
});

describe("figures", () => {
  test.each([
    [0.04, "0.0 s"],
    [1.96, "1.9 s"],
    [9.99, "9.9 s"],
    [12.7, "12 s"],
    [185, "3 min 05 s"],
    [7800, "2 h 10 min"],
    [-3, "0.0 s"],
  ])("%d seconds are %s", (seconds, shown) => {
    expect(formatSeconds(seconds)).toBe(shown);
  });

  test.each([
    ["0", "$0"],
    ["0.000312", "$0.00031"],
    ["0.021", "$0.021"],
    ["0.30", "$0.3"],
    ["1.005", "$1.00"],
    ["12.5", "$12.50"],
    ["1E-9", "$0.000000001"],
  ])("%s dollars are %s", (cost, shown) => {
    expect(formatDollars(cost)).toBe(shown);
  });

  test("counts are grouped, and rates are told in the unit that fits", () => {
    expect(formatCount(81204)).toBe("81,204");
    expect(formatRate(21.4)).toBe("21/s");
    expect(formatRate(1.44)).toBe("1.4/s");
    expect(formatRate(0.2)).toBe("12/min");
  });
});
