// A gather on the page: how far it is, what it costs, and what a person can do about it.

import type { ProgressMessage } from "../../protocol";
import { showInvisible } from "../../text/escape";
import { make, makeButton, setAttribute, setRootState, setShown, setState, setText } from "../dom";
import { RowGrid } from "./grid";
import { countEnded, describeProgress, describeSpending, isRunning } from "./state";

export interface ProgressActions {
  cancel(): void;
  pause(): void;
  resume(): void;
  retry(): void;
  limit(value: number): void;
}

const MOST_AT_ONCE = 10_000;
const LABELS = {
  running: "",
  paused: "paused",
  done: "",
  cancelled: "cancelled",
  failed: "failed",
};

export class ProgressView {
  readonly element: HTMLElement;
  #actions: ProgressActions;
  #message: ProgressMessage | null = null;
  #since = 0;
  #name = make("span", { class: "mnb-progress-name" });
  #words = make("span", { class: "mnb-figures mnb-progress-words" });
  #status = make("span", { class: "mnb-progress-state", role: "status" });
  #bar = make("div", { class: "mnb-bar", role: "progressbar", "aria-valuemin": 0 });
  #done = make("span", { class: "mnb-bar-done" });
  #failed = make("span", { class: "mnb-bar-failed" });
  #running = make("span", { class: "mnb-bar-running" });
  #grid = new RowGrid();
  #spending = make("span", { class: "mnb-figures mnb-spending" });
  #errors = make("ul", { class: "mnb-error-list" });
  #errorFold: HTMLDetailsElement;
  #alert = make("div", { class: "mnb-alert", role: "alert", hidden: true });
  #limit = make("input", {
    type: "number",
    class: "mnb-field mnb-limit",
    min: 1,
    max: MOST_AT_ONCE,
    step: 1,
    "aria-label": "At once",
  });
  #limitLabel = make(
    "label",
    { class: "mnb-limit-label" },
    make("span", {}, "At once"),
    this.#limit,
  );
  #retry: HTMLButtonElement;
  #pause: HTMLButtonElement;
  #cancel: HTMLButtonElement;

  constructor(actions: ProgressActions) {
    this.#actions = actions;
    this.#retry = makeButton("Retry failed", "", () => this.#ask(this.#retry, actions.retry));
    this.#pause = makeButton("Pause", "", () => this.#togglePause());
    this.#cancel = makeButton("Cancel", "mnb-cancel", () =>
      this.#ask(this.#cancel, actions.cancel),
    );
    this.#limit.addEventListener("change", () => this.#changeLimit());
    // Notebooks keep Enter from doing what it does in a field, which is to report the change.
    this.#limit.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) {
        event.preventDefault();
        event.stopPropagation();
        this.#changeLimit();
      }
    });
    this.#errorFold = make("details", { class: "mnb-errors" }, make("summary", {}), this.#errors);
    this.#bar.append(this.#done, this.#failed, this.#running);
    const words = make(
      "div",
      { class: "mnb-progress-head-words" },
      this.#name,
      this.#words,
      this.#status,
    );
    const buttons = make(
      "div",
      { class: "mnb-progress-buttons" },
      this.#retry,
      this.#pause,
      this.#cancel,
    );
    this.element = make(
      "div",
      { class: "mnb-root mnb-progress", role: "group", "aria-label": "Progress" },
      make("div", { class: "mnb-progress-head" }, words, buttons),
      this.#bar,
      this.#grid.element,
      make("div", { class: "mnb-progress-foot" }, this.#spending, this.#limitLabel),
      this.#errorFold,
      this.#alert,
    );
  }

  draw(message: ProgressMessage): void {
    if (message === this.#message) {
      return;
    }
    const before = this.#message;
    this.#message = message;
    this.#since = performance.now();
    const name = showInvisible(message.description) || "Progress";
    setAttribute(this.element, "aria-label", name);
    setText(this.#name, name);
    setState(this.#status, message.state, LABELS[message.state]);
    this.#drawBar(message, name);
    this.#grid.update(message.rows, message.errors);
    setText(this.#spending, showInvisible(describeSpending(message)));
    setShown(this.#spending, this.#spending.textContent !== "");
    this.#drawErrors(message, before);
    this.#drawButtons(message);
    setRootState(this.element, message.state);
    this.tick();
  }

  tick(): void {
    const message = this.#message;
    if (message !== null) {
      const moving = message.state === "running" ? (performance.now() - this.#since) / 1000 : 0;
      setText(this.#words, describeProgress(message, message.elapsed + moving));
    }
  }

  refuse(reason: string): void {
    setText(this.#alert, showInvisible(reason));
    setShown(this.#alert, true);
    this.#enableButtons();
  }

  #drawBar(message: ProgressMessage, name: string): void {
    const { total } = message;
    const ended = countEnded(message);
    const whole = Math.max(
      1,
      total ?? ended + message.cancelled + message.running + message.waiting,
    );
    setAttribute(this.#bar, "aria-label", name);
    setAttribute(this.#bar, "aria-valuemax", total);
    setAttribute(this.#bar, "aria-valuenow", total === null ? null : ended);
    setAttribute(this.#bar, "aria-valuetext", describeProgress(message, message.elapsed));
    this.#done.style.width = share(message.done, whole);
    this.#failed.style.width = share(message.failed, whole);
    this.#running.style.width = share(isRunning(message) ? message.running : 0, whole);
  }

  #drawErrors(message: ProgressMessage, before: ProgressMessage | null): void {
    setShown(this.#errorFold, message.errors.length > 0);
    if (JSON.stringify(message.errors) === JSON.stringify(before?.errors ?? [])) {
      return;
    }
    const summary = this.#errorFold.firstElementChild;
    if (summary !== null) {
      setText(summary, message.errors.length === 1 ? "1 error" : `${message.errors.length} errors`);
    }
    this.#errors.replaceChildren(
      ...message.errors.map(([index, text]) =>
        make(
          "li",
          {},
          make("span", { class: "mnb-figures mnb-muted" }, `Row ${index}`),
          ` ${showInvisible(text)}`,
        ),
      ),
    );
  }

  #drawButtons(message: ProgressMessage): void {
    const running = isRunning(message);
    setShown(this.#pause, running);
    setShown(this.#cancel, running);
    setShown(this.#retry, message.can_retry);
    setShown(this.#limitLabel, running && message.limit !== null);
    setText(this.#pause, message.state === "paused" ? "Resume" : "Pause");
    if (message.limit !== null && document.activeElement !== this.#limit) {
      this.#limit.value = String(message.limit);
    }
    this.#enableButtons();
  }

  #enableButtons(): void {
    for (const button of [this.#retry, this.#pause, this.#cancel]) {
      button.disabled = false;
    }
  }

  #ask(button: HTMLButtonElement, request: () => void): void {
    setShown(this.#alert, false);
    button.disabled = true;
    request();
  }

  #togglePause(): void {
    const paused = this.#message?.state === "paused";
    this.#ask(this.#pause, paused ? this.#actions.resume : this.#actions.pause);
  }

  #changeLimit(): void {
    const value = Math.round(Number(this.#limit.value));
    if (Number.isFinite(value) && value >= 1 && value <= MOST_AT_ONCE) {
      setShown(this.#alert, false);
      if (value !== this.#message?.limit) {
        this.#actions.limit(value);
      }
    } else {
      this.#limit.value = String(this.#message?.limit ?? 1);
    }
  }
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(3)}%`;
}
