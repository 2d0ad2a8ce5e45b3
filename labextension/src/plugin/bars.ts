// Finished progress bars, drawn from what is saved. Where the kernel that ran one is still there, its comm
// is asked for the bar's state; if it answers, and offers a retry, so does the bar.

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker } from "@jupyterlab/notebook";
import { type IRenderMime, IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import { Widget } from "@lumino/widgets";

import type { ProgressMessage, ProgressRequest } from "../protocol";
import type { WidgetModel } from "../widgets/afm";
import { newer } from "../widgets/progress/state";
import { ProgressView } from "../widgets/progress/view";
import { Wire } from "../widgets/wire";
import { BAR_TYPE, readBar, readLive } from "./bar";

/** Before `text/plain`, which every such output has as well. */
const RANK = 40;

type FindKernel = (node: HTMLElement) => Kernel.IKernelConnection | null;

/** The kernel's end of a widget, without the widget. */
class CommModel implements WidgetModel {
  #kernel: Kernel.IKernelConnection;
  #comm: string;
  #card: string;
  #listeners = new Set<(content: unknown) => void>();

  constructor(kernel: Kernel.IKernelConnection, comm: string, card: string) {
    this.#kernel = kernel;
    this.#comm = comm;
    this.#card = card;
    kernel.iopubMessage.connect(this.#hear);
  }

  get(name: string): unknown {
    return name === "card_id" ? this.#card : undefined;
  }

  send(content: unknown): void {
    const message = KernelMessage.createMessage<KernelMessage.ICommMsgMsg<"shell">>({
      msgType: "comm_msg",
      channel: "shell",
      username: this.#kernel.username,
      session: this.#kernel.clientId,
      content: {
        comm_id: this.#comm,
        data: { method: "custom", content: content as object } as never,
      },
    });
    this.#kernel.sendShellMessage(message, false, true);
  }

  on(event: string, callback: (content: unknown) => void): void {
    if (event === "msg:custom") {
      this.#listeners.add(callback);
    }
  }

  off(_event: string, callback: (content: unknown) => void): void {
    this.#listeners.delete(callback);
    this.#kernel.iopubMessage.disconnect(this.#hear);
  }

  #hear = (_: unknown, message: KernelMessage.IIOPubMessage): void => {
    if (!KernelMessage.isCommMsgMsg(message) || message.content.comm_id !== this.#comm) {
      return;
    }
    for (const listener of this.#listeners) {
      listener(message.content.data["content"]);
    }
  };
}

class BarRenderer extends Widget implements IRenderMime.IRenderer {
  #findKernel: FindKernel;
  #view: ProgressView | null = null;
  #bar: ProgressMessage | null = null;
  #live: { comm: string; card: string } | null = null;
  #wire: Wire<ProgressRequest> | null = null;

  constructor(findKernel: FindKernel) {
    super();
    this.#findKernel = findKernel;
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.#close();
    this.#bar = readBar(model.data[BAR_TYPE], model.metadata);
    this.#live = readLive(model.metadata);
    if (this.#bar === null) {
      this.node.textContent = "This progress bar was saved by another version of mirascope_nb.";
      return;
    }
    const send = (kind: "cancel" | "pause" | "resume" | "retry") => () => {
      this.#wire?.send({ kind });
    };
    this.#view = new ProgressView({
      cancel: send("cancel"),
      pause: send("pause"),
      resume: send("resume"),
      retry: send("retry"),
      limit: (value) => {
        this.#wire?.send({ kind: "limit", value });
      },
    });
    this.#view.draw(this.#bar);
    this.node.replaceChildren(this.#view.element);
    this.#connect();
  }

  override dispose(): void {
    this.#close();
    super.dispose();
  }

  protected override onAfterAttach(): void {
    this.#connect();
  }

  /** Ask the kernel, once it is known which notebook this is in. */
  #connect(): void {
    const kernel = this.isAttached ? this.#findKernel(this.node) : null;
    if (kernel === null || this.#live === null || this.#wire !== null) {
      return;
    }
    const model = new CommModel(kernel, this.#live.comm, this.#live.card);
    this.#wire = new Wire(model, (message) => {
      if (message.kind === "refused") {
        this.#view?.refuse(message.reason);
      } else if (message.kind === "progress") {
        this.#bar = newer(this.#bar, message);
        this.#view?.draw(this.#bar);
      }
    });
    this.#wire.send({ kind: "resync" });
  }

  #close(): void {
    this.#wire?.close();
    this.#wire = null;
    this.#view?.element.remove();
    this.#view = null;
  }
}

export const bars: JupyterFrontEndPlugin<void> = {
  id: "mirascope-nb:bars",
  description: "Shows finished progress bars, and retries what failed.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (_app, registry: IRenderMimeRegistry, notebooks: INotebookTracker | null) => {
    const findKernel: FindKernel = (node) =>
      notebooks?.find((panel) => panel.node.contains(node))?.sessionContext.session?.kernel ?? null;
    registry.addFactory(
      { safe: true, mimeTypes: [BAR_TYPE], createRenderer: () => new BarRenderer(findKernel) },
      RANK,
    );
  },
};
