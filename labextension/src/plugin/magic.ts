// What a `%%llm` cell or a `%llm` line looks like, for highlighting and completion. Pure.

const CELL = /^(?:[ \t]*(?:#.*)?\n)*[ \t]*%%llm(?=[\s;]|$)/;
const LINE = /^[ \t]*(?:[\w.]+[ \t]*=[ \t]*)?(%%?llm)(?=[ \t])/;

/** Whether a cell's source is a prompt: below comments and empty lines it begins with `%%llm`. */
export function isPromptCell(source: string): boolean {
  return CELL.test(source);
}

export interface MagicLine {
  magic: "%%llm" | "%llm";
  /** The words that are complete, before the cursor. */
  words: readonly string[];
  /** The word that the cursor is in or behind. */
  word: string;
  /** Where that word begins in the line. */
  start: number;
}

/** The magic line that ends at the cursor; `null` when it is none. */
export function readMagicLine(before: string): MagicLine | null {
  const found = LINE.exec(before);
  if (found === null) {
    return null;
  }
  const rest = before.slice(found[0].length);
  const word = /\S*$/.exec(rest)?.[0] ?? "";
  const words = rest
    .slice(0, rest.length - word.length)
    .split(/\s+/)
    .filter(Boolean);
  return { magic: found[1] as MagicLine["magic"], words, word, start: before.length - word.length };
}

export interface Span {
  from: number;
  to: number;
  kind: "magic" | "option" | "name";
}

const NAME =
  /(?<!\{)\{([^\W\d]\w*)(?:\.[^\W\d]\w*|\[[^\]{}\n]*\])*(?:![rsa])?(?::[^{}\n]*)?\}(?!\})/g;

/** What stands out in a prompt cell beside its Markdown: the magic, its options, and inserted names. */
export function findSpans(source: string): Span[] {
  const head = CELL.exec(source);
  if (head === null) {
    return [];
  }
  const lineStart = source.lastIndexOf("\n", head[0].length - 1) + 1;
  const found = source.indexOf("\n", head[0].length);
  const lineEnd = found < 0 ? source.length : found;
  const magicStart = source.indexOf("%%llm", lineStart);
  const spans: Span[] = [{ from: magicStart, to: magicStart + "%%llm".length, kind: "magic" }];
  const line = source.slice(0, lineEnd);
  for (const option of line.slice(magicStart).matchAll(/(?<=\s)--?[A-Za-z][\w-]*/g)) {
    const from = magicStart + option.index;
    spans.push({ from, to: from + option[0].length, kind: "option" });
  }
  for (const name of source.slice(lineEnd).matchAll(NAME)) {
    const from = lineEnd + name.index;
    spans.push({ from, to: from + name[0].length, kind: "name" });
  }
  return spans;
}
