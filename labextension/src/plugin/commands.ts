// Commands for what is on the page: approve or deny a waiting call, stop what is live. They press the
// card's own buttons, so that what a button refuses (it is not armed yet, it has been pressed) they
// refuse as well.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";

import { LIVENESS_EVENT } from "../widgets/dom";
import { findFocusedCall, findLiveButtons, press } from "./calls";

const CATEGORY = "LLM";

function addCommands(app: JupyterFrontEnd, notebooks: INotebookTracker): string[] {
  const call = () => findFocusedCall(notebooks.activeCell?.node);
  const live = () => findLiveButtons(notebooks.currentWidget?.node);
  const decide = (id: string, label: string, caption: string, selector: string) => {
    app.commands.addCommand(id, {
      label,
      caption,
      isEnabled: () => call() !== null,
      execute: () => {
        const found = call();
        if (found !== null) {
          press(found, selector);
        }
      },
    });
  };
  decide(
    "mirascope-nb:approve",
    "Approve Tool Call",
    "Let the waiting tool call of this cell run",
    ".mnb-approve",
  );
  decide(
    "mirascope-nb:deny",
    "Deny Tool Call",
    "Refuse the waiting tool call of this cell",
    ".mnb-deny",
  );
  app.commands.addCommand("mirascope-nb:stop", {
    label: (args) => (args["toolbar"] === true ? "Stop reply" : "Stop LLM Replies"),
    caption: "Stop the LLM replies of this notebook",
    isEnabled: () => live().length > 0,
    isVisible: (args) => args["toolbar"] !== true || live().length > 0,
    execute: () => {
      for (const button of live()) {
        button.click();
      }
    },
  });
  document.addEventListener(LIVENESS_EVENT, () => {
    app.commands.notifyCommandChanged("mirascope-nb:stop");
  });
  notebooks.currentChanged.connect(() => app.commands.notifyCommandChanged("mirascope-nb:stop"));
  return ["mirascope-nb:approve", "mirascope-nb:deny", "mirascope-nb:stop"];
}

export const commands: JupyterFrontEndPlugin<void> = {
  id: "mirascope-nb:commands",
  description: "Commands and shortcuts to approve, deny and stop.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette],
  activate: (app, notebooks: INotebookTracker, palette: ICommandPalette | null) => {
    for (const command of addCommands(app, notebooks)) {
      palette?.addItem({ command, category: CATEGORY });
    }
  },
};
