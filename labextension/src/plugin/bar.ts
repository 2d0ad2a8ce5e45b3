// A finished progress bar as it is saved in a notebook, and where it may still be retried. A notebook may
// come from anywhere, so nothing about it is taken for granted.

import type { ProgressMessage, ProgressPhase } from "../protocol";
import { asData, asList, asNumber, asText, asTextOrNull, isOneOf, METADATA_KEY } from "./record";

export const BAR_TYPE = "application/vnd.mirascope-nb.progress+json";

const ENDS: readonly ProgressPhase[] = ["done", "cancelled", "failed"];
const MOST_ROWS = 500;
const MOST_ERRORS = 50;

/** The bar of a saved record; `null` for data that is no record this extension can read. */
export function readBar(data: unknown, metadata: unknown): ProgressMessage | null {
  const record = asData(data);
  const state = record["state"];
  if (record["schema_version"] !== 1 || !isOneOf(ENDS, state)) {
    return null;
  }
  const rows = asText(record["rows"]);
  return {
    kind: "progress",
    id: "",
    seq: 0,
    final: true,
    description: asText(record["description"]),
    total: asNumber(record["total"]),
    done: asNumber(record["done"]) ?? 0,
    failed: asNumber(record["failed"]) ?? 0,
    running: 0,
    waiting: 0,
    cancelled: asNumber(record["cancelled"]) ?? 0,
    elapsed: asNumber(asData(asData(metadata)[METADATA_KEY])["elapsed"]) ?? 0,
    rate: null,
    left: null,
    tokens: asNumber(record["tokens"]),
    cost: asTextOrNull(record["cost"]),
    projected: null,
    limit: null,
    waiting_for: null,
    state,
    // Only a kernel that answers can retry anything.
    can_retry: false,
    rows: /^[.rdfc]+$/.test(rows) && rows.length <= MOST_ROWS ? rows : null,
    errors: asList(record["errors"])
      .slice(0, MOST_ERRORS)
      .map((each): [number, string] => {
        const [index, text] = asList(each);
        return [asNumber(index) ?? 0, asText(text)];
      }),
  };
}

/** The comm behind a bar, and the bar's id; `null` where none was left open. */
export function readLive(metadata: unknown): { comm: string; card: string } | null {
  const live = asData(asData(asData(metadata)[METADATA_KEY])["live"]);
  const found = { comm: asText(live["comm"]), card: asText(live["card"]) };
  return found.comm !== "" && found.card !== "" ? found : null;
}
