// Completion on a magic line: options, their values, subcommands, and the models that this notebook has
// named already. It needs no kernel, so it works while a cell runs; what an idle kernel knows comes on top.

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import {
  type CompletionHandler,
  type ICompletionContext,
  type ICompletionProvider,
  ICompletionProviderManager,
} from "@jupyterlab/completer";
import { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";

import { findHead, type MagicLine, readMagicLine } from "./magic";
import { offerAt } from "./offers";
import { asData, asText, RECORD_TYPE } from "./record";

/** The models that a notebook's cells ask for, and those that have answered in it. */
function modelsIn(panel: NotebookPanel | null): Set<string> {
  const models = new Set<string>();
  for (const cell of panel?.content.model?.cells ?? []) {
    const source = cell.sharedModel.getSource();
    const head = findHead(source);
    for (const word of head === null ? [] : source.slice(head.from, head.to).split(/\s+/)) {
      if (/^[\w.-]+\/[\w./:@-]+$/.test(word)) {
        models.add(word);
      }
    }
    const { outputs } = cell.sharedModel.toJSON() as { outputs?: unknown };
    for (const output of Array.isArray(outputs) ? outputs : []) {
      const asked = asText(asData(asData(asData(output)["data"])[RECORD_TYPE])["asked"]);
      if (asked !== "") {
        models.add(asked);
      }
    }
  }
  return models;
}

class MagicCompletion implements ICompletionProvider {
  readonly identifier = "mirascope-nb:completion";
  readonly rank = 600;

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    return this.#lineIn(context) !== null;
  }

  async fetch(
    request: CompletionHandler.IRequest,
    context: ICompletionContext,
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    const line = this.#lineIn(context);
    if (line === null) {
      return { start: request.offset, end: request.offset, items: [] };
    }
    const models = modelsIn(context.widget instanceof NotebookPanel ? context.widget : null);
    const items = offerAt(line, models);
    return { start: request.offset - line.word.length, end: request.offset, items };
  }

  #lineIn({ editor }: ICompletionContext): MagicLine | null {
    if (editor === null || editor === undefined) {
      return null;
    }
    const cursor = editor.getCursorPosition();
    return readMagicLine((editor.getLine(cursor.line) ?? "").slice(0, cursor.column));
  }
}

export const completion: JupyterFrontEndPlugin<void> = {
  id: "mirascope-nb:completion",
  description: "Completes the options and models of %%llm and %llm.",
  autoStart: true,
  requires: [ICompletionProviderManager, INotebookTracker],
  activate: (_app, manager: ICompletionProviderManager) => {
    manager.registerProvider(new MagicCompletion());
  },
};
