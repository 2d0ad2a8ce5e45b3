// Saved replies as cards, with no kernel: the record's decisions and figures around the text beside it.

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { type IRenderMime, IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";

import { settledState } from "../widgets/card/state";
import { CardView } from "../widgets/card/view";
import { RECORD_TYPE, readRecord } from "./record";

/** Before `text/markdown`, which every such output has as well. */
const RANK = 40;

const NO_KERNEL = {
  stop: () => undefined,
  decide: () => "",
  edit: () => "",
  always: () => "",
};

class RecordRenderer extends Widget implements IRenderMime.IRenderer {
  #view: CardView | null = null;

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const saved = readRecord(model.data[RECORD_TYPE], model.metadata, model.data["text/markdown"]);
    this.#view?.close();
    this.#view = null;
    if (saved === null) {
      this.node.textContent = "This reply was saved by another version of mirascope_nb.";
      return;
    }
    this.node.replaceChildren();
    this.#view = new CardView(NO_KERNEL);
    this.#view.draw(settledState(saved.card, saved.decisions));
    this.node.append(this.#view.element);
  }

  override dispose(): void {
    this.#view?.close();
    super.dispose();
  }
}

export const records: JupyterFrontEndPlugin<void> = {
  id: "mirascope-nb:records",
  description: "Shows saved replies as cards.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (_app, registry: IRenderMimeRegistry) => {
    registry.addFactory(
      {
        // Everything in a card is made by us, whoever wrote the notebook.
        safe: true,
        mimeTypes: [RECORD_TYPE],
        createRenderer: () => new RecordRenderer(),
      },
      RANK,
    );
  },
};
