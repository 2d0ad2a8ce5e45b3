// Tokens and cost of the kernel session in the status bar, for the notebook in front.

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { IStatusBar } from "@jupyterlab/statusbar";
import { Widget } from "@lumino/widgets";

import { describeTotals, KernelSpending, Signs } from "./spending";

/** Under this name and a kernel's id the browser's tab remembers that the kernel counts. */
const COUNTS = "mirascope-nb:counts:";

class UsageItem extends Widget {
  #kernels = new Map<string, KernelSpending>();
  #front: NotebookPanel | null = null;

  constructor() {
    super();
    this.addClass("mnb-usage");
    this.addClass("mnb-figures");
    this.#show();
  }

  /** Listen to a notebook's kernel, for as long as the notebook is open. */
  follow({ sessionContext }: NotebookPanel): void {
    const signs = new Signs();
    const ask = () => {
      const kernel = sessionContext.session?.kernel;
      if (kernel) {
        this.#of(kernel.id).ask(kernel);
      }
    };
    sessionContext.iopubMessage.connect((_context, { header, parent_header, content }) => {
      const parent = "msg_id" in parent_header ? parent_header.msg_id : "";
      if (signs.take(header.msg_type, content, parent)) {
        ask();
      }
    });
    sessionContext.statusChanged.connect((_context, status) => {
      const id = sessionContext.session?.kernel?.id;
      if (id !== undefined && (status === "restarting" || status === "autorestarting")) {
        remember(id, false);
        this.#of(id).forget();
      }
    });
    const arrived = () => {
      const id = sessionContext.session?.kernel?.id;
      if (id !== undefined && isRemembered(id)) {
        ask();
      }
      this.#show();
    };
    sessionContext.kernelChanged.connect(arrived);
    arrived();
  }

  /** Tell the figures of this notebook. */
  front(panel: NotebookPanel | null): void {
    this.#front = panel;
    this.#show();
  }

  #of(id: string): KernelSpending {
    let known = this.#kernels.get(id);
    if (known === undefined) {
      known = new KernelSpending(() => {
        remember(id, this.#kernels.get(id)?.totals !== null);
        this.#show();
      });
      this.#kernels.set(id, known);
    }
    return known;
  }

  #show(): void {
    const id = this.#front?.sessionContext.session?.kernel?.id;
    const totals = id === undefined ? null : (this.#kernels.get(id)?.totals ?? null);
    this.node.textContent = totals === null ? "" : describeTotals(totals);
    this.node.title = "LLM tokens and cost of this kernel session; `%llm cost` lists them by model";
    this.setHidden(this.node.textContent === "");
  }
}

function remember(kernel: string, counts: boolean): void {
  try {
    if (counts) {
      sessionStorage.setItem(COUNTS + kernel, "1");
    } else {
      sessionStorage.removeItem(COUNTS + kernel);
    }
  } catch {
    // A full or forbidden store costs a reloaded page its figure until the next reply, nothing else.
  }
}

function isRemembered(kernel: string): boolean {
  try {
    return sessionStorage.getItem(COUNTS + kernel) !== null;
  } catch {
    return false;
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
