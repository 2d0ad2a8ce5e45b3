// A call's arguments, each on a row of its own, built from text only.

import { showInvisible, showInvisibleLines } from "../../text/escape";
import { type Piece, readMembers, showJson, showJsonInline } from "../../text/json";
import { make } from "../dom";

const SHORT = 72;

/** Every argument with its value. A text of several lines keeps its lines, in a box of its own. */
export function makeArgumentRows(text: string): HTMLElement {
  const members = readMembers(text);
  if (members === null) {
    return make("pre", { class: "mnb-raw" }, showInvisibleLines(text));
  }
  if (members.length === 0) {
    return make("div", { class: "mnb-raw mnb-muted" }, "no arguments");
  }
  const list = make("dl", { class: "mnb-arguments" });
  for (const { name, raw } of members) {
    list.append(make("dt", {}, showInvisible(name)), make("dd", {}, makeValue(raw)));
  }
  return list;
}

/** The arguments in a few words, `city="Tokyo"`; `null` when they do not fit. */
export function describeArguments(text: string): Node[] | null {
  const members = readMembers(text);
  if (members === null) {
    return null;
  }
  const pieces = members.flatMap(({ name, raw }, index) => [
    { text: index > 0 ? ", " : "", quoted: false },
    { text: showInvisible(name), quoted: true },
    { text: "=", quoted: false },
    ...showJsonInline(raw),
  ]);
  return lengthOf(pieces) <= SHORT ? makeNodes(pieces) : null;
}

/** A value in at most so many characters. */
export function makeShortValue(raw: string, limit: number): Node[] {
  const pieces = showJsonInline(raw);
  if (lengthOf(pieces) <= limit) {
    return makeNodes(pieces);
  }
  const cut: Piece[] = [];
  let left = limit;
  for (const { text, quoted } of pieces) {
    cut.push({ text: text.slice(0, left), quoted });
    left = Math.max(0, left - text.length);
  }
  return makeNodes([...cut, { text: "…", quoted: false }]);
}

function makeValue(raw: string): Node {
  if (raw.startsWith('"')) {
    const value = JSON.parse(raw) as string;
    if (value.includes("\n")) {
      return make("pre", { class: "mnb-lines" }, showInvisibleLines(value));
    }
  }
  const shaped = raw.startsWith("{") || raw.startsWith("[");
  const pieces = shaped && raw.length > SHORT ? showJson(raw) : showJsonInline(raw);
  return make(shaped ? "pre" : "span", shaped ? { class: "mnb-lines" } : {}, ...makeNodes(pieces));
}

/** Each string stands for itself: two names in Hebrew keep the order in which the list has them. */
function makeNodes(pieces: readonly Piece[]): Node[] {
  const nodes: Node[] = [];
  let run = "";
  for (const { text, quoted } of pieces) {
    if (!quoted) {
      run += text;
      continue;
    }
    nodes.push(document.createTextNode(run), make("bdi", {}, text));
    run = "";
  }
  return [...nodes, document.createTextNode(run)];
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + text.length, 0);
}
