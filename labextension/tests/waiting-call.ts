// A card with one call that waits for a person, as the page of a running cell has it.

import { afterEach, beforeEach, vi } from "vitest";

import type { Approval, Card, ToolBlock } from "../src/protocol";
import widget from "../src/widgets/card";
import { FakeModel, makeApproval, makeCard, makeTool } from "./fake-model";

/** Milliseconds after which the buttons are armed. */
export const ARMED = 600;

export class WaitingCall {
  readonly model = new FakeModel();
  readonly page = document.createElement("div");
  #close: () => void;
  #seq = 0;

  constructor() {
    this.page.className = "jp-Cell";
    document.body.append(this.page);
    this.#close = widget.render({ model: this.model, el: this.page });
  }

  close(): void {
    this.#close();
    this.page.remove();
  }

  ask(
    fields: Partial<ToolBlock> = {},
    approval: Partial<Approval> = {},
    card: Partial<Card> = {},
  ): void {
    this.#seq += 1;
    this.model.deliver({
      kind: "snapshot",
      id: "card-1",
      seq: this.#seq,
      final: false,
      card: makeCard({
        state: "waiting",
        blocks: [makeTool({ state: "pending", approval: makeApproval(approval), ...fields })],
        ...card,
      }),
    });
    vi.advanceTimersByTime(20);
  }

  /** Change fields of the call. */
  set(fields: { [field: string]: unknown }): void {
    this.#seq += 1;
    this.model.deliver({ kind: "delta", id: "card-1", seq: this.#seq, ops: [["set", 0, fields]] });
    vi.advanceTimersByTime(20);
  }

  refuse(request: string | undefined, reason: string): void {
    this.model.deliver({ kind: "refused", id: "card-1", request: request ?? "", reason });
  }

  get group(): HTMLElement {
    return this.page.querySelector<HTMLElement>("[role=group]") as HTMLElement;
  }

  button(name: string): HTMLButtonElement {
    const buttons = [...this.group.querySelectorAll("button")];
    return buttons.find((one) => one.textContent === name) as HTMLButtonElement;
  }

  field(name: string): HTMLTextAreaElement {
    const selector = `[aria-label="${name}"]`;
    return this.group.querySelector<HTMLTextAreaElement>(selector) as HTMLTextAreaElement;
  }

  write(name: string, value: string): void {
    this.field(name).value = value;
    this.field(name).dispatchEvent(new Event("input"));
  }

  /** What its alerts say. */
  get alerts(): string {
    const alerts = [...this.group.querySelectorAll("[role=alert]:not([hidden])")];
    return alerts.map((one) => one.textContent).join("");
  }
}

/** A fresh call for each test of a file, on a clock that the test moves. */
export function useWaitingCall(): { readonly call: WaitingCall } {
  const holder = { call: null as unknown as WaitingCall };
  beforeEach(() => {
    vi.useFakeTimers();
    holder.call = new WaitingCall();
  });
  afterEach(() => {
    holder.call.close();
    vi.useRealTimers();
  });
  return holder;
}
