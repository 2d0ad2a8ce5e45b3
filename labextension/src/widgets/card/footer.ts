// The last line of a card: what it is doing, which model, what it has cost, and Stop or Copy.

import type { Card, CardPhase } from "../../protocol";
import { copyText } from "../clipboard";
import { make, makeButton, setAttribute, setShown, setState, setText } from "../dom";
import { formatCount, formatDollars, formatSeconds } from "../figures";
import { isLive } from "./state";

const LABELS: { readonly [phase in CardPhase]: string } = {
  streaming: "",
  waiting: "",
  done: "",
  stopped: "stopped",
  failed: "failed",
};

const ENDINGS: { readonly [finish: string]: string } = {
  max_tokens: "cut off at the token limit",
  refusal: "the model refused",
  context_length_exceeded: "the context is full",
};

const SILENCE_WORTH_TELLING = 15;

export class Footer {
  readonly element: HTMLElement;
  #status = make("span", { class: "mnb-status", role: "status" });
  #model = make("span", { class: "mnb-model-name" });
  #figures = make("span", { class: "mnb-figures", "aria-live": "off" });
  #ending = make("span", { class: "mnb-ending" });
  #stop: HTMLButtonElement;
  #copy: HTMLButtonElement;
  #card: Card | null = null;
  #since = 0;

  constructor(stop: () => void) {
    this.#stop = makeButton("Stop", "mnb-stop", () => {
      this.#stop.disabled = true;
      stop();
    });
    this.#copy = makeButton("Copy", "mnb-quiet mnb-copy", () => {
      void copyText(replyText(this.#card), this.#copy);
    });
    const words = make(
      "div",
      { class: "mnb-foot-words" },
      this.#status,
      this.#model,
      this.#figures,
      this.#ending,
    );
    this.element = make("div", { class: "mnb-foot" }, words, this.#stop, this.#copy);
  }

  update(card: Card): void {
    if (card.elapsed !== this.#card?.elapsed || card.state !== this.#card.state) {
      this.#since = performance.now();
    }
    this.#card = card;
    const live = isLive(card);
    setState(this.#status, card.state, LABELS[card.state]);
    setText(this.#model, card.model);
    setText(this.#ending, card.finish === null ? "" : (ENDINGS[card.finish] ?? card.finish));
    setShown(this.#ending, card.finish !== null);
    setShown(this.#stop, live);
    setShown(this.#copy, !live && replyText(card) !== "");
    this.tick(0);
  }

  /** Move the seconds; `silence` is how long the kernel has said nothing. */
  tick(silence: number): void {
    const card = this.#card;
    if (card === null) {
      return;
    }
    const figures = describeUsage(card);
    if (card.cost !== null) {
      figures.push(formatDollars(card.cost));
    }
    figures.push(formatSeconds(this.#elapsed(card)));
    if (isLive(card) && silence > SILENCE_WORTH_TELLING) {
      figures.push(`no word from the kernel for ${formatSeconds(silence, false)}`);
    }
    setText(this.#figures, figures.join(" · "));
    setAttribute(this.#figures, "title", describeDetail(card));
  }

  /** A request to stop came back refused: it may be tried again. */
  rearm(): void {
    this.#stop.disabled = false;
  }

  #elapsed(card: Card): number {
    return isLive(card) ? card.elapsed + (performance.now() - this.#since) / 1000 : card.elapsed;
  }
}

/** The reply's text as it was written, for copying. */
export function replyText(card: Card | null): string {
  return (card?.blocks ?? [])
    .map((block) => (block.type === "text" ? block.text : ""))
    .filter((text) => text !== "")
    .join("\n\n");
}

function describeUsage(card: Card): string[] {
  if (card.usage === null) {
    return [];
  }
  const { input, output } = card.usage;
  return isLive(card)
    ? [`${formatCount(output)} tokens`]
    : [`${formatCount(input)} in`, `${formatCount(output)} out`];
}

function describeDetail(card: Card): string | null {
  if (card.usage === null) {
    return null;
  }
  const { input, output, cached, reasoning } = card.usage;
  const words = [`${formatCount(input)} tokens in`, `${formatCount(output)} tokens out`];
  if (cached > 0) {
    words.push(`${formatCount(cached)} read from the cache`);
  }
  if (reasoning > 0) {
    words.push(`${formatCount(reasoning)} spent on reasoning`);
  }
  return words.join(", ");
}
