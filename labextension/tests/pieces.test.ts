import { describe, expect, test } from "vitest";

import { PieceCutter } from "../src/markdown/pieces";

const DOCUMENT = `# Title

A paragraph
of two lines.

- one

  more of one
- two

\`\`\`python
x = 1

y = 2
\`\`\`
after the fence

> quote

~~~
tilde \`\`\`

~~~

1. first
   \`\`\`
   nested

   fence
   \`\`\`

last`;

function cut(text: string, size: number): { pieces: string[]; rest: string } {
  const cutter = new PieceCutter();
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) {
    pieces.push(...cutter.feed(text.slice(at, at + size)));
  }
  return { pieces, rest: cutter.textFrom(cutter.pieceStart) };
}

describe("cutting a growing text", () => {
  test("pieces and the rest are the whole text, but for blank lines", () => {
    const { pieces, rest } = cut(DOCUMENT, DOCUMENT.length);
    const inked = (text: string) => text.replace(/\n+/g, "\n");
    expect(inked(pieces.join("") + rest)).toBe(inked(DOCUMENT));
  });

  test.each([1, 2, 3, 7, 50])("the same pieces come of chunks of %d characters", (size) => {
    expect(cut(DOCUMENT, size)).toEqual(cut(DOCUMENT, DOCUMENT.length));
  });

  test("a fence is one piece, blank lines and all", () => {
    const { pieces } = cut(DOCUMENT, 5);
    expect(pieces).toContain("```python\nx = 1\n\ny = 2\n```\n");
    expect(pieces).toContain("~~~\ntilde ```\n\n~~~\n");
  });

  test("what is indented after a blank line stays with what it belongs to", () => {
    const { pieces } = cut(DOCUMENT, 5);
    expect(pieces).toContain("- one\n\n  more of one\n- two\n\n");
    expect(pieces).toContain("1. first\n   ```\n   nested\n\n   fence\n   ```\n\n");
  });

  test("a paragraph is finished when the first character of the next one comes", () => {
    const cutter = new PieceCutter();
    expect(cutter.feed("one\n\n")).toEqual([]);
    expect(cutter.feed("t")).toEqual(["one\n\n"]);
    expect(cutter.feed("wo\n\n")).toEqual([]);
    expect(cutter.textFrom(cutter.tail.start)).toBe("two\n\n");
  });

  test("the tail of an open fence is its content, without its first line", () => {
    const cutter = new PieceCutter();
    cutter.feed("```py");
    expect(cutter.tail.fenced).toBe(false);
    cutter.feed("thon\nx = ");
    expect(cutter.tail.fenced).toBe(true);
    expect(cutter.textFrom(cutter.tail.start)).toBe("x = ");
  });

  test("inline code that looks like a fence is none", () => {
    expect(cut("```a``` b\n\nnext\n", 3).pieces).toEqual(["```a``` b\n\n"]);
  });
});
