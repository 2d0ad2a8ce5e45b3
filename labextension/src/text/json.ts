// JSON read by its spelling. Arguments are shown and edited as the kernel wrote them: going through
// `JSON.parse` would change large whole numbers, and what a person approves must be what runs.

import { showInvisible } from "./escape";

export interface Member {
  name: string;
  /** The value's own spelling. */
  raw: string;
}

/** The members of an object, in order; `null` when the text is no complete JSON object. */
export function readMembers(text: string): Member[] | null {
  if (!isJson(text)) {
    return null;
  }
  const scanner = new Scanner(text);
  if (scanner.next() !== "{") {
    return null;
  }
  const members: Member[] = [];
  for (let token = scanner.next(); token !== null && token !== "}"; token = scanner.next()) {
    if (token === ",") {
      continue;
    }
    scanner.next();
    members.push({ name: JSON.parse(token) as string, raw: scanner.value() });
  }
  return members;
}

/** Whether the text is JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON laid out over lines, every number and string spelled as it was. */
export function layOutJson(text: string): string {
  if (!isJson(text)) {
    return text;
  }
  return [...layOut(text, plain)].map((piece) => piece.text).join("");
}

/** A part of a value as it is shown. */
export interface Piece {
  text: string;
  /** Whether it is a string: what is written in it from right to left must not carry others along. */
  quoted: boolean;
}

/** A value for reading: strings decoded, with what cannot be seen in them written out. */
export function showJson(text: string): Piece[] {
  return isJson(text) ? [...layOut(text, showToken)] : [plain(showInvisible(text))];
}

/** A value on one line, for reading. */
export function showJsonInline(text: string): Piece[] {
  if (!isJson(text)) {
    return [plain(showInvisible(text))];
  }
  const scanner = new Scanner(text);
  const line: Piece[] = [];
  for (let token = scanner.next(); token !== null; token = scanner.next()) {
    line.push(token === "," || token === ":" ? plain(`${token} `) : showToken(token));
  }
  return line;
}

/** Whether a parsed value survives the trip through JavaScript numbers. */
export function isExact(value: unknown): boolean {
  if (typeof value === "number") {
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  }
  return typeof value !== "object" || value === null || Object.values(value).every(isExact);
}

function plain(text: string): Piece {
  return { text, quoted: false };
}

function showToken(token: string): Piece {
  if (!token.startsWith('"')) {
    return plain(token);
  }
  const text = JSON.parse(token) as string;
  const spelled = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return { text: `"${showInvisible(spelled)}"`, quoted: true };
}

function* layOut(text: string, show: (token: string) => Piece): Generator<Piece> {
  const scanner = new Scanner(text);
  let depth = 0;
  let opened = false;
  const newline = () => plain(`\n${"  ".repeat(depth)}`);
  for (let token = scanner.next(); token !== null; token = scanner.next()) {
    if (token === "}" || token === "]") {
      depth -= 1;
      if (!opened) {
        yield newline();
      }
      yield plain(token);
      opened = false;
      continue;
    }
    if (opened) {
      yield newline();
      opened = false;
    }
    if (token === "{" || token === "[") {
      depth += 1;
      opened = true;
      yield plain(token);
    } else if (token === ",") {
      yield plain(token);
      yield newline();
    } else if (token === ":") {
      yield plain(": ");
    } else {
      yield show(token);
    }
  }
}

/** Tokens of a text that is known to be JSON. */
class Scanner {
  #text: string;
  #at = 0;
  #pattern = /\s*([{}[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+)/y;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string | null {
    this.#pattern.lastIndex = this.#at;
    const found = this.#pattern.exec(this.#text);
    if (found === null) {
      return null;
    }
    this.#at = this.#pattern.lastIndex;
    return found[1] ?? null;
  }

  /** The whole of the next value, as it is spelled. */
  value(): string {
    let depth = 0;
    let start = -1;
    do {
      const token = this.next();
      if (token === null) {
        break;
      }
      if (start < 0) {
        start = this.#at - token.length;
      }
      if (token === "{" || token === "[") {
        depth += 1;
      } else if (token === "}" || token === "]") {
        depth -= 1;
      }
    } while (depth > 0);
    return start < 0 ? "" : this.#text.slice(start, this.#at);
  }
}
