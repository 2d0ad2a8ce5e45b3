import type { Approval, BrowserMessage, Card, KernelMessage, ToolBlock } from "../src/protocol";
import type { WidgetModel } from "../src/widgets/afm";

/** A kernel for one widget: keeps what the browser sends, and says what the test tells it to. */
export class FakeModel implements WidgetModel {
  readonly sent: BrowserMessage[] = [];
  readonly listeners = new Set<(content: unknown) => void>();
  /** Those that want to know when the line to the kernel is dead. */
  readonly mourners = new Set<(content: unknown) => void>();
  #dead = false;

  get(name: string): unknown {
    return name === "card_id" ? "card-1" : undefined;
  }

  send(content: unknown): void {
    if (this.#dead) {
      throw new Error("Cannot send");
    }
    this.sent.push(content as BrowserMessage);
  }

  on(event: string, callback: (content: unknown) => void): void {
    this.#of(event).add(callback);
  }

  off(event: string, callback: (content: unknown) => void): void {
    this.#of(event).delete(callback);
  }

  /** End the kernel; the page is only told when it was a restart. */
  end({ told }: { told: boolean }): void {
    this.#dead = true;
    for (const mourner of told ? this.mourners : []) {
      mourner(undefined);
    }
  }

  #of(event: string): Set<(content: unknown) => void> {
    return event === "msg:custom" ? this.listeners : this.mourners;
  }

  deliver(message: KernelMessage): void {
    for (const listener of this.listeners) {
      listener(structuredClone(message));
    }
  }

  /** What was sent of one kind. */
  sentOf<Kind extends BrowserMessage["kind"]>(
    kind: Kind,
  ): Extract<BrowserMessage, { kind: Kind }>[] {
    return this.sent.filter(
      (message): message is Extract<BrowserMessage, { kind: Kind }> => message.kind === kind,
    );
  }
}

export function makeCard(fields: Partial<Card> = {}): Card {
  return {
    state: "streaming",
    model: "openai/gpt-5-mini",
    note: null,
    blocks: [],
    usage: null,
    cost: null,
    started: Date.now() / 1000,
    elapsed: 0,
    finish: null,
    format: "markdown",
    ...fields,
  };
}

export function makeTool(fields: Partial<ToolBlock> = {}): ToolBlock {
  return {
    type: "tool",
    call: "call_1",
    name: "delete_rows",
    arguments: '{"limit":500,"table":"orders_2024"}',
    state: "proposed",
    signature: "delete_rows(table: str, limit: int = 100)",
    approval: null,
    reason: null,
    error: null,
    result: null,
    seconds: null,
    by: null,
    ...fields,
  };
}

export function makeApproval(fields: Partial<Approval> = {}): Approval {
  return { id: "approval-1", digest: "digest-1", schema: null, expires: 0, queue: 0, ...fields };
}
