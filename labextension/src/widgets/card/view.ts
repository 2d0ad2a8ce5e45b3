// A card on the page: its blocks in order, and a footer. Drawing looks at what has changed only.

import type { Block, ErrorBlock, ThoughtBlock } from "../../protocol";
import { showInvisible, showInvisibleLines } from "../../text/escape";
import { make, setAttribute, setRootState, setShown, setText } from "../dom";
import { formatSeconds } from "../figures";
import type { Decider } from "./approval";
import { Footer } from "./footer";
import { type CardState, decisionOf, isLive } from "./state";
import { makeTextView, type TextView } from "./text";
import { ToolView } from "./tool";

export interface CardActions extends Decider {
  stop(): void;
}

interface Shown {
  block: Block | null;
  finished: boolean;
  key: string;
  element: HTMLElement;
  update(block: Block, finished: boolean, state: CardState, index: number): void;
  tool: ToolView | null;
}

export class CardView {
  readonly element: HTMLElement;
  #actions: CardActions;
  #footer: Footer;
  #note = make("p", { class: "mnb-note", hidden: true });
  #body = make("div", { class: "mnb-body" });
  #log = makeLog();
  #alert = make("div", { class: "mnb-alert", role: "alert", hidden: true });
  #shown: Shown[] = [];
  #state: CardState | null = null;

  constructor(actions: CardActions) {
    this.#actions = actions;
    this.#footer = new Footer(actions.stop);
    this.#body.append(this.#log);
    this.element = make(
      "div",
      { class: "mnb-root mnb-card", role: "article", "aria-label": "LLM response" },
      this.#note,
      this.#body,
      this.#alert,
      this.#footer.element,
    );
  }

  draw(state: CardState): void {
    const { card } = state;
    if (card === null || state === this.#state) {
      return;
    }
    this.#state = state;
    const model = showInvisible(card.model);
    setAttribute(
      this.element,
      "aria-label",
      model === "" ? "LLM response" : `LLM response from ${model}`,
    );
    setText(this.#note, showInvisible(card.note ?? ""));
    setShown(this.#note, card.note !== null && card.note !== "");
    this.#dropFrom(this.#firstMisfit(card.blocks, card.format));
    for (const [index, block] of card.blocks.entries()) {
      const finished = !isLive(card) || index < card.blocks.length - 1;
      const shown = this.#shown[index] ?? this.#add(block, card.format);
      if (shown.block !== block || shown.finished !== finished) {
        shown.update(block, finished, state, index);
        shown.block = block;
        shown.finished = finished;
      }
    }
    const last = card.blocks.at(-1);
    const writing = card.state === "streaming" && (last === undefined || last.type === "text");
    this.#log.classList.toggle("mnb-writing", writing);
    // Said when it is whole, not word by word.
    setAttribute(this.#log, "aria-busy", writing ? "true" : null);
    this.#footer.update(card);
    setRootState(this.element, card.state);
  }

  /** Move what moves with time. `now` is the kernel's clock, `silence` the seconds without a word. */
  tick(now: number, silence: number): void {
    this.#footer.tick(silence);
    for (const { tool } of this.#shown) {
      tool?.tick(now);
    }
  }

  /** Show that the kernel refused a request: beside its buttons, or below the reply. */
  refuse(request: string, reason: string): void {
    this.#footer.rearm();
    if (this.#shown.some(({ tool }) => tool?.refuse(request, reason) ?? false)) {
      return;
    }
    setText(this.#alert, showInvisibleLines(reason));
    setShown(this.#alert, true);
  }

  close(): void {
    this.#dropFrom(0);
    this.element.remove();
  }

  #firstMisfit(blocks: readonly Block[], format: string): number {
    const misfit = this.#shown.findIndex(({ key }, index) => key !== keyOf(blocks[index], format));
    return misfit < 0 ? this.#shown.length : misfit;
  }

  /** Take blocks off the page from an index on: a stream that starts over has fewer. */
  #dropFrom(index: number): void {
    for (const { element, tool } of this.#shown.splice(index)) {
      tool?.close();
      element.remove();
    }
    for (const run of [...this.#body.querySelectorAll(":scope > .mnb-run")]) {
      if (run !== this.#log && run.childElementCount === 0) {
        run.remove();
      }
    }
  }

  #add(block: Block, format: string): Shown {
    const shown = this.#makeShown(block, format);
    if (block.type === "text") {
      this.#openLog();
      this.#log.append(shown.element);
    } else {
      this.#body.append(shown.element);
    }
    this.#shown.push(shown);
    return shown;
  }

  /** The log is where text is being written: text after a tool call is a log of its own. */
  #openLog(): void {
    if (this.#log === this.#body.lastElementChild) {
      return;
    }
    if (this.#log.childElementCount > 0) {
      this.#log.removeAttribute("role");
      this.#log.removeAttribute("aria-live");
      this.#log.removeAttribute("aria-busy");
      this.#log.classList.remove("mnb-writing");
      this.#log = makeLog();
    }
    this.#body.append(this.#log);
  }

  #makeShown(block: Block, format: string): Shown {
    const key = keyOf(block, format);
    if (block.type === "tool") {
      const tool = new ToolView(this.#actions);
      return {
        block: null,
        finished: false,
        key,
        element: tool.element,
        tool,
        update: (now, _finished, state, index) => {
          if (now.type === "tool") {
            tool.update(now, decisionOf(state, index, now));
          }
        },
      };
    }
    const view = makeBlockView(block, format);
    return {
      block: null,
      finished: false,
      key,
      element: view.element,
      tool: null,
      update: view.update,
    };
  }
}

interface BlockView {
  element: HTMLElement;
  update(block: Block, finished: boolean): void;
}

function makeBlockView(block: Block, format: string): BlockView {
  if (block.type === "thought") {
    return makeThoughtView();
  }
  if (block.type === "error") {
    return makeErrorView();
  }
  const view: TextView = makeTextView(format as Parameters<typeof makeTextView>[0]);
  return {
    element: view.element,
    update: (now, finished) => {
      if (now.type === "text") {
        view.update(now.text, finished);
      }
    },
  };
}

function makeThoughtView(): BlockView {
  const summary = make("summary", {});
  const text = make("div", { class: "mnb-model mnb-plain", dir: "auto" });
  const element = make("details", { class: "mnb-thought" }, summary, text);
  return {
    element,
    update: (block, finished) => {
      const { seconds, text: words } = block as ThoughtBlock;
      const duration =
        seconds === null ? "Thought" : `Thought for ${formatSeconds(seconds, seconds < 1)}`;
      setText(summary, seconds === null && !finished ? "Thinking…" : duration);
      setText(text, words);
      // A saved thought has a time and no text: there is nothing to open.
      setAttribute(element, "data-empty", words === "" && finished);
      setAttribute(summary, "tabindex", words === "" && finished ? -1 : null);
    },
  };
}

function makeErrorView(): BlockView {
  const title = make("p", { class: "mnb-error-title" });
  const message = make("p", { class: "mnb-error-message" });
  return {
    element: make("div", { class: "mnb-error", role: "alert" }, title, message),
    update: (block) => {
      const error = block as ErrorBlock;
      setText(title, showInvisibleLines(error.title));
      setText(message, showInvisibleLines(error.message));
      setShown(message, error.message !== "");
    },
  };
}

function makeLog(): HTMLElement {
  return make("div", { class: "mnb-run", role: "log", "aria-live": "polite" });
}

function keyOf(block: Block | undefined, format: string): string {
  if (block === undefined) {
    return "";
  }
  return block.type === "tool" ? `tool ${block.call}` : `${block.type} ${format}`;
}
