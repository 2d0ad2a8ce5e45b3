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
  kind: "comment" | "magic" | "option" | "name";
}

const NAME =
  /(?<!\{)\{([^\W\d]\w*)(?:\.[^\W\d]\w*|\[[^\]{}\n]*\])*(?:![rsa])?(?::[^{}\n]*)?\}(?!\})/g;

/** Where the line of a cell's `%%llm` begins and ends; `null` for a cell that is no prompt. */
export function findHead(source: string): { from: number; to: number } | null {
  const found = CELL.exec(source);
  if (found === null) {
    return null;
  }
  const to = source.indexOf("\n", found[0].length);
  return { from: found[0].length - "%%llm".length, to: to < 0 ? source.length : to };
}

/** What is no Markdown in a prompt cell: comments above it, the magic, its options, and inserted names. */
export function findSpans(source: string): Span[] {
  const head = findHead(source);
  if (head === null) {
    return [];
  }
  const spans: Span[] = [];
  const add = (kind: Span["kind"], start: number, end: number, pattern: RegExp) => {
    for (const { 0: text, index } of source.slice(start, end).matchAll(pattern)) {
      spans.push({ from: start + index, to: start + index + text.length, kind });
    }
  };
  add("comment", 0, head.from, /^[ \t]*#.*$/gm);
  add("magic", head.from, head.to, /^%%llm/g);
  add("option", head.from, head.to, /(?<=\s)--?[A-Za-z][\w-]*/g);
  add("name", head.to, source.length, NAME);
  return spans;
}
