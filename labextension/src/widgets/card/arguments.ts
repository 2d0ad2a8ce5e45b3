// A call's arguments, each on a row of its own, built from text only.

import { showInvisible, showInvisibleLines } from "../../text/escape";
import { readMembers, showJson, showJsonInline } from "../../text/json";
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
export function describeArguments(text: string): string | null {
  const members = readMembers(text);
  if (members === null) {
    return null;
  }
  const words = members
    .map(({ name, raw }) => `${showInvisible(name)}=${showJsonInline(raw)}`)
    .join(", ");
  return words.length <= SHORT ? words : null;
}

function makeValue(raw: string): HTMLElement | string {
  if (raw.startsWith('"')) {
    const value = JSON.parse(raw) as string;
    if (value.includes("\n")) {
      return make("pre", { class: "mnb-lines" }, showInvisibleLines(value));
    }
  }
  return raw.startsWith("{") || raw.startsWith("[")
    ? make("pre", { class: "mnb-lines" }, raw.length <= SHORT ? showJsonInline(raw) : showJson(raw))
    : showJsonInline(raw);
}
