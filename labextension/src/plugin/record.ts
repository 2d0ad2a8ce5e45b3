// A run record as it is saved in a notebook, and the card it stands for. `run-record.schema.json` beside
// `mirascope_nb/display/record.py` is the published schema. A notebook may come from anywhere, so nothing
// about a record is taken for granted: what is missing or of another type is left out.

import type { Block, Card, CardPhase, TokenUsage, ToolBlock, ToolPhase } from "../protocol";

export const RECORD_TYPE = "application/vnd.mirascope-nb.run+json";
/** Under this name, what differs from run to run stands in the metadata of an output. */
export const METADATA_KEY = "mirascope_nb";

const PHASES: readonly CardPhase[] = ["done", "stopped", "failed"];
const TOOL_PHASES: readonly ToolPhase[] = [
  "proposed",
  "auto_allowed",
  "auto_denied",
  "pending",
  "approved",
  "edited",
  "denied",
  "expired",
  "cancelled",
  "running",
  "ok",
  "error",
];

interface Data {
  readonly [name: string]: unknown;
}

export interface SavedCard {
  card: Card;
  /** How each tool call was decided, by block index. */
  decisions: Map<number, ToolPhase>;
}

/** The card of a saved record; `null` for data that is no record this extension can read. */
export function readRecord(data: unknown, metadata: unknown, markdown: unknown): SavedCard | null {
  const record = asData(data);
  if (record["schema_version"] !== 1) {
    return null;
  }
  const timing = asData(asData(metadata)[METADATA_KEY]);
  const timings = asList(timing["blocks"]);
  const lines = asText(markdown).split("\n");
  const decisions = new Map<number, ToolPhase>();
  const blocks: Block[] = [];
  for (const [index, saved] of asList(record["blocks"]).entries()) {
    const block = readBlock(asData(saved), asData(timings[index]), lines, index);
    if (block === null) {
      continue;
    }
    const decision = asData(saved)["decision"];
    if (block.type === "tool" && isOneOf(TOOL_PHASES, decision)) {
      decisions.set(blocks.length, decision);
    }
    blocks.push(block);
  }
  const state = record["state"];
  const ended = isOneOf(PHASES, state);
  return {
    card: {
      state: ended ? state : "stopped",
      model: asText(asData(record["answered"])["model"]) || asText(record["asked"]),
      note: asTextOrNull(record["note"]),
      blocks,
      usage: readUsage(record["usage"]),
      cost: asTextOrNull(record["cost"]),
      started: asNumber(timing["started"]) ?? 0,
      elapsed: asNumber(timing["elapsed"]) ?? 0,
      finish: ended ? asTextOrNull(record["finish"]) : "the kernel ended before the reply did",
      // The Markdown beside the record already holds source as fenced code.
      format: "markdown",
    },
    decisions,
  };
}

/** The tokens of a record, as far as they are known. */
export function readUsage(value: unknown): TokenUsage | null {
  const { input, output, cached, reasoning } = asData(value);
  const known = { input: asNumber(input), output: asNumber(output) };
  if (known.input === null || known.output === null) {
    return null;
  }
  return {
    input: known.input,
    output: known.output,
    cached: asNumber(cached) ?? 0,
    reasoning: asNumber(reasoning) ?? 0,
  };
}

function readBlock(
  saved: Data,
  timing: Data,
  lines: readonly string[],
  index: number,
): Block | null {
  switch (saved["type"]) {
    case "text": {
      const [first, end] = asList(saved["lines"]).map(asNumber);
      return { type: "text", text: lines.slice(first ?? 0, end ?? 0).join("\n") };
    }
    case "thought":
      return { type: "thought", text: "", seconds: asNumber(timing["seconds"]) };
    case "error":
      return { type: "error", title: asText(saved["title"]), message: asText(saved["message"]) };
    case "tool":
      return readTool(saved, timing, index);
    default:
      return null;
  }
}

function readTool(saved: Data, timing: Data, index: number): ToolBlock {
  const state = saved["state"];
  return {
    type: "tool",
    call: asText(timing["id"]) || String(index),
    name: asText(saved["name"]),
    arguments: asText(saved["arguments"]),
    // Nobody can decide here any more.
    state: isOneOf(TOOL_PHASES, state) && state !== "pending" ? state : "cancelled",
    signature: null,
    approval: null,
    reason: asTextOrNull(saved["reason"]),
    error: asTextOrNull(saved["error"]),
    result: asTextOrNull(saved["result"]),
    seconds: asNumber(timing["seconds"]),
    by: asTextOrNull(saved["by"]),
  };
}

export function asData(value: unknown): Data {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Data)
    : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : Array.isArray(value) ? value.join("") : "";
}

export function asTextOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export function asNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function isOneOf<Word extends string>(
  words: readonly Word[],
  value: unknown,
): value is Word {
  return (words as readonly unknown[]).includes(value);
}
