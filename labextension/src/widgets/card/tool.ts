// One tool call on the page. It stands outside whatever holds the model's text, and says what it says in
// text nodes: a model can neither draw over it nor write into it.

import type { ToolBlock, ToolPhase } from "../../protocol";
import { showInvisible, showInvisibleLines } from "../../text/escape";
import { make, setAttribute, setNodes, setShown, setState, setText } from "../dom";
import { formatSeconds } from "../figures";
import { ApprovalView, type Decider } from "./approval";
import { describeArguments, makeArgumentRows } from "./arguments";

const LABELS: { readonly [phase in ToolPhase]: string } = {
  proposed: "proposed",
  auto_allowed: "allowed",
  auto_denied: "denied",
  pending: "waiting for you",
  approved: "approved",
  edited: "approved with changes",
  denied: "denied",
  expired: "expired",
  cancelled: "cancelled",
  running: "running",
  ok: "ran",
  error: "failed",
};

export class ToolView {
  readonly element: HTMLElement;
  #decider: Decider;
  #name = make("span", { class: "mnb-tool-name" });
  #words = make("span", { class: "mnb-tool-words" });
  #time = make("span", { class: "mnb-tool-time mnb-figures", "aria-live": "off" });
  #status = make("span", { class: "mnb-pill", role: "status" });
  #arguments = make("div", { class: "mnb-tool-arguments" });
  #reason = make("p", { class: "mnb-tool-reason" });
  #error = make("div", { class: "mnb-tool-error", role: "alert" });
  #result = make("pre", { class: "mnb-tool-result" });
  #approval: ApprovalView | null = null;
  #shownArguments: string | null = null;
  #runningSince: number | null = null;
  #who: string | null = null;

  constructor(decider: Decider) {
    this.#decider = decider;
    const head = make(
      "div",
      { class: "mnb-tool-head" },
      make("span", { class: "mnb-tool-title" }, this.#name, " ", this.#words),
      this.#time,
      this.#status,
    );
    this.element = make(
      "div",
      { class: "mnb-tool", role: "group", tabindex: -1 },
      head,
      this.#arguments,
      this.#reason,
      this.#error,
      this.#result,
    );
  }

  update(block: ToolBlock, decision: ToolPhase): void {
    const name = showInvisible(block.name);
    const pending = block.state === "pending";
    setAttribute(this.element, "aria-label", `Tool call ${name}`);
    setAttribute(this.element, "data-state", block.state);
    setText(this.#name, name);
    setState(this.#status, decision, LABELS[decision]);
    this.#who = describeWho(block);
    this.#showArguments(block, pending);
    this.#showOutcome(block);
    this.#showTime(block);
    this.#showApproval(block);
    this.#describe();
  }

  /** Show a refusal beside the buttons it answers, if it answers one of these. */
  refuse(request: string, reason: string): boolean {
    return this.#approval?.refuse(request, reason) ?? false;
  }

  /** Move what moves with time: the countdown, and the seconds a tool has been running. */
  tick(now: number): void {
    this.#approval?.tick(now);
    this.#describe();
    if (this.#runningSince !== null) {
      const seconds = (performance.now() - this.#runningSince) / 1000;
      setText(this.#time, `running ${formatSeconds(seconds)}`);
    }
  }

  close(): void {
    this.#approval?.close();
  }

  /** What is no news, for whoever asks: who decided, or when the question expires. */
  #describe(): void {
    const words = this.#approval?.deadline || this.#who;
    setAttribute(this.#status, "title", words);
    setAttribute(this.element, "aria-description", words);
  }

  #showArguments(block: ToolBlock, pending: boolean): void {
    const growing = block.state === "proposed";
    const words = growing || pending ? null : describeArguments(block.arguments);
    setNodes(this.#words, words ?? [pending ? describeSignature(block) : ""]);
    const shown = `${growing}|${block.arguments}`;
    setShown(this.#arguments, words === null && block.arguments !== "");
    if (shown === this.#shownArguments || words !== null) {
      return;
    }
    this.#shownArguments = shown;
    this.#arguments.replaceChildren(
      growing
        ? make("pre", { class: "mnb-raw" }, showInvisibleLines(block.arguments))
        : makeArgumentRows(block.arguments),
    );
  }

  #showOutcome(block: ToolBlock): void {
    const reason = block.reason ?? "";
    const words = showInvisibleLines(reason);
    setText(this.#reason, block.by === "person" && reason !== "" ? `“${words}”` : words);
    setShown(this.#reason, reason !== "" && block.state !== "pending");
    setText(this.#error, block.error === null ? "" : showInvisibleLines(block.error));
    // While it waits, the buttons tell what is wrong.
    setShown(this.#error, block.error !== null && block.state !== "pending");
    setText(this.#result, block.result === null ? "" : showInvisibleLines(block.result));
    setShown(this.#result, block.result !== null && block.result !== "");
  }

  #showTime(block: ToolBlock): void {
    const running = block.state === "running";
    this.#runningSince = running ? (this.#runningSince ?? performance.now()) : null;
    if (!running) {
      setText(this.#time, block.seconds === null ? "" : formatSeconds(block.seconds));
    }
  }

  #showApproval(block: ToolBlock): void {
    const approval = block.state === "pending" ? block.approval : null;
    if (approval === null) {
      const held = this.#approval?.element.contains(document.activeElement) ?? false;
      this.#approval?.close();
      this.#approval = null;
      if (held) {
        // The buttons are gone, and the reader is still here.
        this.element.focus({ preventScroll: true });
      }
      return;
    }
    if (this.#approval === null) {
      this.#approval = new ApprovalView(this.#decider);
      this.element.append(this.#approval.element);
    }
    this.#approval.update(block, approval);
  }
}

/** `(table: str, limit: int = 100)`: the name stands beside it already. */
function describeSignature(block: ToolBlock): string {
  const signature = showInvisible(block.signature ?? "");
  return signature.startsWith(`${block.name}(`) ? signature.slice(block.name.length) : signature;
}

function describeWho(block: ToolBlock): string | null {
  if (block.by === null) {
    return null;
  }
  return block.by === "timeout"
    ? "nobody answered in time"
    : `decided by ${showInvisible(block.by)}`;
}
