// A code block with a button of ours that copies it.

import { copyText } from "../widgets/clipboard";

/** A block of code, shown as text. */
export function makeCodeBlock(text: string): HTMLElement {
  const frame = document.createElement("div");
  frame.className = "mnb-code";
  const block = document.createElement("pre");
  const code = document.createElement("code");
  code.textContent = text;
  block.append(code);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "mnb-icon-button mnb-code-copy";
  // Not "Copy": that is the name of the button that copies the whole reply.
  button.setAttribute("aria-label", "Code to clipboard");
  button.title = "Copy this code";
  button.addEventListener("click", () => {
    void copyText(text.replace(/\n$/, ""), button);
  });
  frame.append(block, button);
  return frame;
}
