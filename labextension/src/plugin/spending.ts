// What a kernel session has spent. The kernel counts, and tells a page that opens a comm; the page counts
// nothing itself, so that the figure is the one of `%llm cost`.

import type { Kernel, KernelMessage } from "@jupyterlab/services";

import { formatCount, formatDollars } from "../widgets/figures";
import { asData, asText, METADATA_KEY, RECORD_TYPE } from "./record";

/** The name of the comm, as in `mirascope_nb/spending/meter.py`. */
export const TARGET = "mirascope_nb.spending";

const LOADING = /^\s*%(?:re)?load_ext\s+mirascope_nb\b/m;

export interface Totals {
  tokens: number;
  /** US dollars, `null` when no price is known. */
  cost: string | null;
  /** How many replies have no known price. */
  unpriced: number;
}

/** The figures of a message of the kernel; `null` for what is none. */
export function readTotals(data: unknown): Totals | null {
  const { tokens, cost, unpriced } = asData(data);
  if (typeof tokens !== "number" || typeof unpriced !== "number") {
    return null;
  }
  const known = typeof cost === "string" && Number.isFinite(Number(cost));
  return { tokens, cost: known ? cost : null, unpriced };
}

/** `81,204 tokens · $0.021`; empty while nothing has been spent. */
export function describeTotals({ tokens, cost, unpriced }: Totals): string {
  if (tokens === 0) {
    return "";
  }
  const price = cost === null ? "" : ` · ${unpriced > 0 ? "over " : ""}${formatDollars(cost)}`;
  return `${formatCount(tokens)} tokens${price}`;
}

/** Tells from the messages of a kernel whether it counts, and so can be asked. */
export class Signs {
  /** The cell that loads the extension, while it runs. */
  #loading = "";

  /** Take a message; says whether it shows that the kernel counts. */
  take(type: string, content: unknown, parent: string): boolean {
    const fields = asData(content);
    switch (type) {
      case "execute_input":
        this.#loading = LOADING.test(asText(fields["code"])) ? parent : this.#loading;
        return false;
      case "status":
        if (
          this.#loading === "" ||
          this.#loading !== parent ||
          fields["execution_state"] !== "idle"
        ) {
          return false;
        }
        this.#loading = "";
        return true;
      case "display_data":
      case "update_display_data": {
        // Of a card: a response that is only displayed comes from a kernel that need not count.
        const card = asData(asData(fields["metadata"])[METADATA_KEY])["card"];
        return RECORD_TYPE in asData(fields["data"]) && asText(card) !== "";
      }
      case "comm_open":
        return asText(asData(asData(asData(fields["data"])["state"]))["card_id"]) !== "";
      default:
        return false;
    }
  }
}

type Connection = Pick<Kernel.IKernelConnection, "id" | "handleComms" | "createComm">;

/** The figures of one kernel, from when it is first asked. */
export class KernelSpending {
  readonly #changed: () => void;
  #comm: Kernel.IComm | null = null;
  totals: Totals | null = null;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Ask the kernel to tell, unless it does already. */
  ask(kernel: Connection): void {
    if ((this.#comm !== null && !this.#comm.isDisposed) || !kernel.handleComms) {
      return;
    }
    const comm = kernel.createComm(TARGET);
    comm.onMsg = ({ content }: KernelMessage.ICommMsgMsg) => {
      this.totals = readTotals(content.data) ?? this.totals;
      this.#changed();
    };
    comm.onClose = () => {
      if (this.#comm === comm) {
        this.#comm = null;
      }
    };
    this.#comm = comm;
    comm.open();
  }

  /** The kernel has begun anew and knows of nothing. */
  forget(): void {
    this.#comm = null;
    this.totals = null;
    this.#changed();
  }
}
