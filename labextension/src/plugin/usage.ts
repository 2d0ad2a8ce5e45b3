// Tokens and cost of the kernel session in the status bar, for the notebook in front.

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { IStatusBar } from "@jupyterlab/statusbar";
import { Widget } from "@lumino/widgets";

import { formatCount, formatDollars } from "../widgets/figures";
import { SessionSpending } from "./spending";

const STORE = "mirascope-nb:spending:";

/** What is known of one kernel; it survives a reload of the page, and goes with the browser's tab. */
class KernelSpending {
  readonly #key: string;
  readonly spending: SessionSpending;

  constructor(kernelId: string) {
    this.#key = STORE + kernelId;
    this.spending = new SessionSpending(load(this.#key));
  }

  save(): void {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(this.spending));
    } catch {
      // A full or forbidden store costs the figure its memory, nothing else.
    }
  }

  forget(): void {
    sessionStorage.removeItem(this.#key);
  }
}

class UsageItem extends Widget {
  #kernels = new Map<string, KernelSpending>();
  #front: NotebookPanel | null = null;

  constructor() {
    super();
    this.addClass("mnb-usage");
    this.addClass("mnb-figures");
  }

  /** Listen to a notebook's kernel, for as long as the notebook is open. */
  follow({ sessionContext }: NotebookPanel): void {
    sessionContext.iopubMessage.connect((_context, message) => {
      const kernel = this.#kernelOf(sessionContext.session?.kernel?.id);
      if (kernel?.spending.take(message.header.msg_type, message.content) === true) {
        kernel.save();
        this.#show();
      }
    });
    sessionContext.statusChanged.connect((_context, status) => {
      const id = sessionContext.session?.kernel?.id;
      if (status === "restarting" && id !== undefined) {
        this.#kernelOf(id)?.forget();
        this.#kernels.delete(id);
        this.#show();
      }
    });
    sessionContext.kernelChanged.connect(() => this.#show());
  }

  /** Tell the figures of this notebook. */
  front(panel: NotebookPanel | null): void {
    this.#front = panel;
    this.#show();
  }

  #kernelOf(id: string | undefined): KernelSpending | null {
    if (id === undefined) {
      return null;
    }
    const known = this.#kernels.get(id) ?? new KernelSpending(id);
    this.#kernels.set(id, known);
    return known;
  }

  #show(): void {
    const kernel = this.#kernelOf(this.#front?.sessionContext.session?.kernel?.id);
    const { tokens, cost, unpriced } = kernel?.spending.totals ?? {
      tokens: 0,
      cost: null,
      unpriced: 0,
    };
    const price =
      cost === null ? "" : ` · ${unpriced > 0 ? "over " : ""}${formatDollars(String(cost))}`;
    this.node.textContent = tokens === 0 ? "" : `${formatCount(tokens)} tokens${price}`;
    this.node.title = "Tokens and cost of LLM calls in this kernel session";
    this.setHidden(tokens === 0);
  }
}

function load(key: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "[]");
  } catch {
    return [];
  }
}

export const usage: JupyterFrontEndPlugin<void> = {
  id: "mirascope-nb:usage",
  description: "Shows the tokens and cost of the kernel session in the status bar.",
  autoStart: true,
  requires: [INotebookTracker],
  // Notebook 7 has no status bar.
  optional: [IStatusBar],
  activate: (_app, notebooks: INotebookTracker, statusBar: IStatusBar | null) => {
    if (statusBar === null) {
      return;
    }
    const item = new UsageItem();
    statusBar.registerStatusItem("mirascope-nb:usage", { item, align: "right", rank: 50 });
    notebooks.forEach((panel) => {
      item.follow(panel);
    });
    notebooks.widgetAdded.connect((_tracker, panel) => item.follow(panel));
    notebooks.currentChanged.connect((_tracker, panel) => item.front(panel));
    item.front(notebooks.currentWidget);
  },
};
