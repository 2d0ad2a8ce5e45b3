// One tool call on the page. It stands outside whatever holds the model's text, and says what it says in
// text nodes: a model can neither draw over it nor write into it.

import type { ToolBlock, ToolPhase } from "../../protocol";
import { showInvisible, showInvisibleLines } from "../../text/escape";
import { make, setAttribute, setShown, setState, setText } from "../dom";
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
      { class: "mnb-tool", role: "group" },
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
    setAttribute(this.#status, "title", describeWho(block));
    this.#showArguments(block, pending);
    this.#showOutcome(block);
    this.#showTime(block);
    this.#showApproval(block);
  }

  /** Show a refusal beside the buttons it answers, if it answers one of these. */
  refuse(request: string, reason: string): boolean {
    return this.#approval?.refuse(request, reason) ?? false;
  }

  /** Move what moves with time: the countdown, and the seconds a tool has been running. */
  tick(now: number): void {
    this.#approval?.tick(now);
    if (this.#runningSince !== null) {
      setText(this.#time, formatSeconds((performance.now() - this.#runningSince) / 1000));
    }
  }

  close(): void {
    this.#approval?.close();
  }

  #showArguments(block: ToolBlock, pending: boolean): void {
    const growing = block.state === "proposed";
    const words = growing || pending ? null : describeArguments(block.arguments);
    setText(this.#words, pending ? describeSignature(block) : (words ?? ""));
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
    setText(this.#reason, reason === "" ? "" : `“${showInvisibleLines(reason)}”`);
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
      this.#approval?.close();
      this.#approval = null;
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
