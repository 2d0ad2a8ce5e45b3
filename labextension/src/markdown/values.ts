// Structured replies as tables, while they arrive: as `mirascope_nb/display/values.py` lays out the whole one.
// Both are held to `tests/fixtures/values.json`.

import { showInvisible } from "../text/escape";

const MAX_ROWS = 50;
const MAX_COLUMNS = 8;
const MAX_CELL = 300;
const MAX_DEPTH = 3;

type Members = { readonly [name: string]: unknown };

/** A reply's JSON as Markdown, as far as it has come; `null` if there is none in it yet. */
export function layOutValues(text: string): string | null {
  const start = text.search(/[{[]/);
  const value = start < 0 ? undefined : readPartial(text.slice(start));
  if (typeof value !== "object" || value === null) {
    return null;
  }
  return block(unwrapped(value), []).join("\n").trim() || null;
}

/** The value of JSON that is still being written: what is open is closed, what is half said left out. */
export function readPartial(text: string): unknown {
  const closers: string[] = [];
  let inString = false;
  // The text up to here, and what closes it, is JSON whatever follows.
  let safe = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (inString) {
      if (character === "\\") {
        at += 1;
      } else if (character === '"') {
        inString = false;
      }
    } else if (character === '"') {
      inString = true;
    } else if (character === "{" || character === "[") {
      closers.unshift(character === "{" ? "}" : "]");
      safe = text.slice(0, at + 1) + closers.join("");
    } else if (character === "}" || character === "]") {
      closers.shift();
      safe = text.slice(0, at + 1) + closers.join("");
      if (closers.length === 0) {
        return parse(safe);
      }
    } else if (character === ",") {
      safe = text.slice(0, at) + closers.join("");
    }
  }
  // An escape of which half has come is no character yet.
  const whole = inString ? `${text.replace(/\\(?:u[\da-fA-F]{0,3})?$/, "")}"` : text;
  return parse(whole + closers.join("")) ?? parse(safe);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What stands for a plain type: providers take objects only, so it comes as `{"output": …}`. */
function unwrapped(value: object): unknown {
  return isMembers(value) && Object.keys(value).join() === "output" ? value["output"] : value;
}

function block(value: unknown, path: readonly string[]): string[] {
  if (isMembers(value)) {
    return object(value, path);
  }
  if (!Array.isArray(value)) {
    return [cell(value)];
  }
  if (value.length === 0 || !value.every((item) => isMembers(item) && isFull(item))) {
    const items = value.slice(0, MAX_ROWS).map((item) => `- ${cell(item)}`);
    return [...items, ...more(value.length)];
  }
  const names = [...new Set(value.flatMap((row) => Object.keys(row)))];
  const isFlat = !value.some((row) => Object.values(row).some(isDeep));
  if (isFlat && names.length <= MAX_COLUMNS) {
    return table(value, names);
  }
  const rows = value.slice(0, MAX_ROWS).flatMap((row, index) => {
    const here = [...path, String(index + 1)];
    return ["", caption(here), "", ...object(row, here)];
  });
  return [...rows.slice(1), ...more(value.length)];
}

function object(members: Members, path: readonly string[]): string[] {
  const isBelow = (value: unknown) => path.length < MAX_DEPTH && isDeep(value);
  const all = Object.entries(members);
  const beside = all.filter(([, value]) => !isBelow(value));
  const lines = beside.map(([name, value]) => `| ${named(name)} | ${cell(value)} |`);
  const below = all.flatMap(([name, value]) => {
    const here = [...path, name];
    return isBelow(value) ? ["", caption(here), "", ...block(value, here)] : [];
  });
  return [...(beside.length > 0 ? ["| field | value |", "|:--|:--|"] : []), ...lines, ...below];
}

/** The way to a value that follows below: `**home.address**`. */
function caption(path: readonly string[]): string {
  return `**${path.map(named).join(".")}**`;
}

function named(name: string): string {
  return escaped(name) || '""';
}

function table(rows: readonly Members[], names: readonly string[]): string[] {
  return [
    `| ${names.map(named).join(" | ")} |`,
    `|${names.map(() => ":--").join("|")}|`,
    ...rows.slice(0, MAX_ROWS).map((row) => {
      // Own names only: a model may well call a column `constructor`.
      const cells = names.map((name) => (Object.hasOwn(row, name) ? cell(row[name]) : ""));
      return `| ${cells.join(" | ")} |`;
    }),
    ...more(rows.length),
  ];
}

function more(count: number): string[] {
  return count > MAX_ROWS ? ["", `*and ${(count - MAX_ROWS).toLocaleString("en-US")} more*`] : [];
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFull(members: Members): boolean {
  return Object.keys(members).length > 0;
}

/** Whether a value has a shape of its own, and so no place in a cell. */
function isDeep(value: unknown): boolean {
  return Array.isArray(value)
    ? value.some((item) => typeof item === "object" && item !== null)
    : isMembers(value) && isFull(value);
}

function cell(value: unknown): string {
  return escaped(plain(value));
}

function plain(value: unknown): string {
  if (typeof value === "string") {
    return value;
  }
  if (value === null) {
    return "";
  }
  if (typeof value === "boolean") {
    return value ? "yes" : "no";
  }
  return Array.isArray(value) && !isDeep(value)
    ? value.map(plain).join(", ")
    : JSON.stringify(value);
}

function escaped(text: string): string {
  const line = showInvisible(text.trim().split(/\s+/).join(" "));
  const cut = line.length <= MAX_CELL ? line : `${line.slice(0, MAX_CELL - 1).trimEnd()}…`;
  return cut.replace(/[\\`*_[\]#|~$<>&]/g, "\\$&");
}
