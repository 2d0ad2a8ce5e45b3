// What a kernel session has spent, read from the messages that go by. Pure.

import { asData, asText, METADATA_KEY, RECORD_TYPE, readUsage } from "./record";

interface Spent {
  tokens: number;
  /** US dollars, `null` when no price is known. */
  cost: number | null;
}

export interface Totals extends Spent {
  /** How many replies have no known price. */
  unpriced: number;
}

/** Each run counts once, by the id of its card, however often its output is shown again. */
export class SessionSpending {
  readonly #runs: Map<string, Spent>;

  constructor(saved: unknown = []) {
    this.#runs = new Map(Array.isArray(saved) ? (saved as [string, Spent][]) : []);
  }

  /** Take a message of the kernel; says whether it changed anything. */
  take(type: string, content: unknown): boolean {
    if (type === "display_data" || type === "update_display_data" || type === "execute_result") {
      return this.#takeOutput(asData(content));
    }
    return type === "comm_msg" && this.#takeProgress(asData(asData(content)["data"]));
  }

  get totals(): Totals {
    let tokens = 0;
    let cost: number | null = null;
    let unpriced = 0;
    for (const run of this.#runs.values()) {
      tokens += run.tokens;
      if (run.cost === null) {
        unpriced += 1;
      } else {
        cost = (cost ?? 0) + run.cost;
      }
    }
    return { tokens, cost, unpriced };
  }

  /** What `new SessionSpending` takes to go on from here. */
  toJSON(): [string, Spent][] {
    return [...this.#runs];
  }

  #takeOutput(content: { readonly [name: string]: unknown }): boolean {
    const record = asData(asData(content["data"])[RECORD_TYPE]);
    const usage = readUsage(record["usage"]);
    const card = asText(asData(asData(content["metadata"])[METADATA_KEY])["card"]);
    if (usage === null || card === "") {
      return false;
    }
    return this.#put(card, usage.input + usage.output, record["cost"]);
  }

  #takeProgress(data: { readonly [name: string]: unknown }): boolean {
    const progress = asData(data["content"]);
    const { kind, id, tokens, cost } = progress;
    if (data["method"] !== "custom" || kind !== "progress" || typeof tokens !== "number") {
      return false;
    }
    return this.#put(asText(id), tokens, cost);
  }

  #put(id: string, tokens: number, price: unknown): boolean {
    const cost = typeof price === "string" && Number.isFinite(Number(price)) ? Number(price) : null;
    const before = this.#runs.get(id);
    this.#runs.set(id, { tokens, cost });
    return before?.tokens !== tokens || before.cost !== cost;
  }
}
