// Deciding a tool call. Nothing here runs anything: a click sends a request that names the approval and
// the digest of the arguments on show, and the kernel obeys it or refuses it.
//
//   arming --half a second--> armed --click--> sent --the kernel's word--> gone, armed or refused
//
// The buttons arm anew whenever other arguments are shown, so that a click meant for one call, or for
// the notebook, cannot land on another.

import type { Approval, Scope, ToolBlock } from "../../protocol";
import { showInvisible, showInvisibleLines } from "../../text/escape";
import { isExact, readMembers } from "../../text/json";
import { make, makeButton, setAttribute, setShown, setText } from "../dom";
import { formatClock, formatSeconds } from "../figures";
import { makeShortValue } from "./arguments";
import { ArgumentEditor } from "./editor";

export const ARMING_MILLISECONDS = 500;
const ANSWER_MILLISECONDS = 5_000;
/** An end that is further off is no news: it is in the description, for whoever asks. */
const SECONDS_WORTH_SHOWING = 60;

/** What a person's decision is sent by; each returns the id of the request. */
export interface Decider {
  decide(approval: Approval, decision: "approve" | "deny", reason: string | null): string;
  edit(approval: Approval, argumentsText: string): string;
  always(approval: Approval, scope: Scope): string;
}

export class ApprovalView {
  readonly element: HTMLElement;
  /** When the question expires, in words. */
  deadline = "";
  #decider: Decider;
  #block: ToolBlock | null = null;
  #approval: Approval | null = null;
  #shown = "";
  #error: string | null = null;
  #request: string | null = null;
  #arming: ReturnType<typeof setTimeout> | null = null;
  #answering: ReturnType<typeof setTimeout> | null = null;
  #typed = false;
  #editor: ArgumentEditor | null = null;

  #deny = makeButton("Deny", "mnb-deny", () => this.#decide("deny"));
  #approve = makeButton("Approve", "mnb-primary mnb-approve", () => this.#decide("approve"));
  #edit = makeButton("Edit", "mnb-quiet mnb-edit", () => this.#openEditor());
  #always = makeButton("Always allow", "mnb-quiet mnb-always", () => this.#toggleMenu());
  #reason = make("input", {
    class: "mnb-field mnb-reason",
    type: "text",
    placeholder: "Reason",
    "aria-label": "Reason",
    autocomplete: "off",
    maxlength: 4000,
  });
  #menu = make("div", {
    class: "mnb-menu",
    role: "menu",
    "aria-label": "Always allow",
    hidden: true,
  });
  #alert = make("div", { class: "mnb-alert", role: "alert" });
  #note = make("div", { class: "mnb-approval-note mnb-figures" });
  #row = make("div", { class: "mnb-approval-row" });

  constructor(decider: Decider) {
    this.#decider = decider;
    this.#always.append(make("span", { class: "mnb-caret-down", "aria-hidden": "true" }));
    setAttribute(this.#always, "aria-haspopup", "menu");
    setAttribute(this.#always, "aria-expanded", "false");
    this.#row.append(this.#deny, this.#approve, this.#edit, this.#always, this.#reason);
    this.element = make(
      "div",
      { class: "mnb-approval", tabindex: -1 },
      this.#row,
      this.#menu,
      this.#note,
      this.#alert,
    );
    // Enter belongs to the notebook's habits; what lets a tool run is clicked, or pressed with Space.
    this.#approve.addEventListener("keydown", refuseEnter);
    this.#menu.addEventListener("keydown", refuseEnter);
    this.#menu.addEventListener("keydown", (event) => this.#moveInMenu(event));
    document.addEventListener("keydown", this.#notice, true);
  }

  update(block: ToolBlock, approval: Approval): void {
    const shown = `${approval.id} ${approval.digest} ${block.arguments}`;
    this.#block = block;
    this.#approval = approval;
    this.#showNote();
    if (shown === this.#shown) {
      this.#showError(block.error);
      return;
    }
    this.#error = block.error;
    this.#shown = shown;
    this.#settle("");
    this.#closeEditor();
    this.#closeMenu();
    this.#arm();
  }

  /** Show why a request of these buttons was refused; says whether it was one of these. */
  refuse(request: string, reason: string): boolean {
    if (request !== this.#request) {
      return false;
    }
    if (this.#editor === null) {
      this.#settle(showInvisibleLines(reason));
      this.#enable(true);
    } else {
      this.#settle("");
      this.#editor.refuse(showInvisibleLines(reason));
    }
    return true;
  }

  /** Edited arguments that cannot be used are an error of the call as well. */
  #showError(error: string | null): void {
    if (error === this.#error) {
      return;
    }
    this.#error = error;
    if (error !== null && this.#editor !== null) {
      this.#settle("");
      this.#editor.refuse(showInvisibleLines(error));
    }
  }

  /** Move the countdown; `now` is the kernel's time in seconds since the epoch. */
  tick(now: number): void {
    if (this.#approval !== null) {
      this.#showNote(now);
    }
  }

  close(): void {
    for (const timer of [this.#arming, this.#answering]) {
      if (timer !== null) {
        clearTimeout(timer);
      }
    }
    document.removeEventListener("keydown", this.#notice, true);
    this.element.remove();
  }

  #notice = (): void => {
    this.#typed = true;
  };

  #arm(): void {
    this.#enable(false);
    this.#typed = false;
    if (this.#arming !== null) {
      clearTimeout(this.#arming);
    }
    this.#arming = setTimeout(() => {
      this.#arming = null;
      this.#enable(true);
      // Somebody who is typing keeps the focus: the next space would be taken for an answer.
      if (!this.#typed && focusIsInCellOf(this.element)) {
        this.#deny.focus({ preventScroll: true });
      }
    }, ARMING_MILLISECONDS);
  }

  #enable(enabled: boolean): void {
    const held = this.#row.contains(document.activeElement);
    for (const button of [this.#deny, this.#approve, this.#edit, this.#always]) {
      button.disabled = !enabled;
    }
    // A button that is disabled loses the focus, and with it the reader's place on the page.
    if (!enabled && held && document.activeElement !== this.#reason) {
      this.element.focus({ preventScroll: true });
    } else if (enabled && document.activeElement === this.element) {
      this.#deny.focus({ preventScroll: true });
    }
  }

  #decide(decision: "approve" | "deny"): void {
    const reason = this.#reason.value.trim();
    this.#send((approval) =>
      this.#decider.decide(approval, decision, reason === "" ? null : reason),
    );
  }

  #send(request: (approval: Approval) => string): void {
    if (this.#approval === null || this.#arming !== null || this.#request !== null) {
      return;
    }
    this.#settle("");
    this.#closeMenu();
    this.#enable(false);
    this.#request = request(this.#approval);
    this.#answering = setTimeout(() => {
      const words = "The kernel has not answered yet.";
      if (this.#editor === null) {
        this.#settle(words);
        this.#enable(true);
      } else {
        this.#settle("");
        this.#editor.refuse(words);
      }
    }, ANSWER_MILLISECONDS);
  }

  /** End the wait for an answer. */
  #settle(words: string): void {
    this.#request = null;
    if (this.#answering !== null) {
      clearTimeout(this.#answering);
      this.#answering = null;
    }
    setText(this.#alert, words);
    setShown(this.#alert, words !== "");
  }

  #showNote(now = Date.now() / 1000): void {
    const words: string[] = [];
    const approval = this.#approval;
    if (approval !== null && approval.queue > 0) {
      words.push(`${approval.queue} more waiting`);
    }
    if (approval !== null && Number.isFinite(approval.expires) && approval.expires > 0) {
      const left = approval.expires - now;
      if (left < SECONDS_WORTH_SHOWING) {
        words.push(`expires in ${formatSeconds(left, false)}`);
      }
      // In whole minutes by the reader's own clock, so that it stays the same from tick to tick.
      this.deadline = `expires at ${formatClock(Date.now() + left * 1000)}`;
    }
    setText(this.#note, words.join(" · "));
    setShown(this.#note, words.length > 0);
  }

  // -- Always allow -------------------------------------------------------------------------------

  #toggleMenu(): void {
    if (this.#menu.hidden) {
      this.#openMenu();
    } else {
      this.#closeMenu();
    }
  }

  #openMenu(): void {
    this.#menu.replaceChildren(
      this.#makeItem({ argument: null, value: null }, ["this tool, any arguments"]),
      ...this.#offerScopes(),
    );
    setShown(this.#menu, true);
    setAttribute(this.#always, "aria-expanded", "true");
    (this.#menu.firstElementChild as HTMLElement | null)?.focus();
  }

  #offerScopes(): HTMLElement[] {
    const items: HTMLElement[] = [];
    for (const { name, raw } of readMembers(this.#block?.arguments ?? "") ?? []) {
      const value: unknown = JSON.parse(raw);
      if (isExact(value)) {
        items.push(
          this.#makeItem({ argument: name, value }, [
            `this tool with ${showInvisible(name)} = `,
            ...makeShortValue(raw, 60),
          ]),
        );
      }
    }
    return items;
  }

  #makeItem(scope: Scope, words: readonly (Node | string)[]): HTMLElement {
    const item = make(
      "button",
      { type: "button", class: "mnb-menu-item", role: "menuitem" },
      ...words,
    );
    item.addEventListener("click", () => {
      this.#send((approval) => this.#decider.always(approval, scope));
    });
    return item;
  }

  #closeMenu(): void {
    const held = this.#menu.contains(document.activeElement);
    setShown(this.#menu, false);
    setAttribute(this.#always, "aria-expanded", "false");
    if (held) {
      this.#always.focus();
    }
  }

  #moveInMenu(event: KeyboardEvent): void {
    const items = [...this.#menu.children] as HTMLElement[];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      this.#closeMenu();
    } else if (step !== undefined) {
      items[(at + step + items.length) % items.length]?.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // -- Edit ---------------------------------------------------------------------------------------

  #openEditor(): void {
    const block = this.#block;
    const approval = this.#approval;
    if (block === null || approval === null || this.#request !== null) {
      return;
    }
    this.#closeMenu();
    this.#settle("");
    this.#editor = new ArgumentEditor(block.arguments, approval.schema, {
      save: (text) => this.#send((now) => this.#decider.edit(now, text)),
      discard: () => {
        this.#closeEditor();
        this.#edit.focus();
      },
    });
    setShown(this.#row, false);
    this.#row.before(this.#editor.element);
    this.#editor.focus();
  }

  #closeEditor(): void {
    if (this.#editor?.element.contains(document.activeElement) === true) {
      this.element.focus({ preventScroll: true });
    }
    this.#editor?.element.remove();
    this.#editor = null;
    setShown(this.#row, true);
  }
}

function refuseEnter(event: KeyboardEvent): void {
  if (event.key === "Enter") {
    event.preventDefault();
    event.stopPropagation();
  }
}

function focusIsInCellOf(element: HTMLElement): boolean {
  const cell = element.closest(".jp-Cell, .cell, .cell-output");
  return cell?.contains(document.activeElement) ?? false;
}
