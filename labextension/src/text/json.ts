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
  return layOut(text, (token) => token);
}

/** A value for reading: strings decoded, with what cannot be seen in them written out. */
export function showJson(text: string): string {
  if (!isJson(text)) {
    return showInvisible(text);
  }
  return layOut(text, showToken);
}

/** A value on one line, for reading. */
export function showJsonInline(text: string): string {
  if (!isJson(text)) {
    return showInvisible(text);
  }
  const scanner = new Scanner(text);
  let line = "";
  for (let token = scanner.next(); token !== null; token = scanner.next()) {
    line += token === "," || token === ":" ? `${token} ` : showToken(token);
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

function showToken(token: string): string {
  if (!token.startsWith('"')) {
    return token;
  }
  const text = JSON.parse(token) as string;
  const spelled = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `"${showInvisible(spelled)}"`;
}

function layOut(text: string, show: (token: string) => string): string {
  const scanner = new Scanner(text);
  let out = "";
  let depth = 0;
  let opened = false;
  const newline = () => `\n${"  ".repeat(depth)}`;
  for (let token = scanner.next(); token !== null; token = scanner.next()) {
    if (token === "}" || token === "]") {
      depth -= 1;
      out += opened ? token : newline() + token;
      opened = false;
      continue;
    }
    if (opened) {
      out += newline();
      opened = false;
    }
    if (token === "{" || token === "[") {
      depth += 1;
      opened = true;
      out += token;
    } else if (token === ",") {
      out += token + newline();
    } else if (token === ":") {
      out += ": ";
    } else {
      out += show(token);
    }
  }
  return out;
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
