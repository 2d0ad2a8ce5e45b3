// One widget's line to its kernel: requests with fresh ids out, messages for this card in, and a watch
// that asks again when nothing is heard.

import type { BrowserMessage, KernelMessage } from "../protocol";
import type { WidgetModel } from "./afm";

const FIRST_PATIENCE = 2_000;
const PATIENCE = 5_000;
const MOST_PATIENCE = 60_000;

type Fields<Message> = Message extends BrowserMessage ? Omit<Message, "id" | "request"> : never;

export class Wire<Request extends BrowserMessage> {
  #model: WidgetModel;
  #take: (message: KernelMessage) => void;
  #lose: () => void;

  /** `lose` is called when the line is dead: its kernel has ended, or was restarted. */
  constructor(
    model: WidgetModel,
    take: (message: KernelMessage) => void,
    lose: () => void = () => undefined,
  ) {
    this.#model = model;
    this.#take = take;
    this.#lose = lose;
    model.on("msg:custom", this.#receive);
    // Told by the widget manager when a kernel restarts. A kernel that ends in another way takes its comms
    // with it, which shows at the next request.
    model.on("comm_live_update", this.#notice);
  }

  get id(): string {
    return String(this.#model.get("card_id") ?? "");
  }

  /** Send a request; returns its id, which a refusal names. */
  send(message: Fields<Request>): string {
    const request = freshId();
    try {
      this.#model.send({ ...message, id: this.id, request });
    } catch {
      this.#notice();
    }
    return request;
  }

  close(): void {
    this.#lose = () => undefined;
    this.#model.off("msg:custom", this.#receive);
    this.#model.off("comm_live_update", this.#notice);
  }

  // Later: whoever sends is in the midst of something.
  #notice = (): void => {
    setTimeout(() => this.#lose());
  };

  #receive = (content: unknown): void => {
    const message = content as KernelMessage | null;
    if (typeof message === "object" && message !== null && message.id === this.id) {
      this.#take(message);
    }
  };
}

/**
 * Asks when nothing has been heard for a while: the last message of a card may be the lost one, and then
 * no gap ever shows. Asks ever more rarely while nothing new comes of it.
 */
export class Watch {
  #ask: () => void;
  #patience = FIRST_PATIENCE;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #heardAt = performance.now();

  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Something new came. */
  heard(): void {
    this.#patience = PATIENCE;
    this.answered();
  }

  /** The kernel answered, though with nothing new. */
  answered(): void {
    this.#heardAt = performance.now();
    this.#start();
  }

  /** Ask now, and go on asking until there is an answer. */
  ask(): void {
    this.#ask();
    this.#start();
  }

  stop(): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }

  /** Seconds since anything was heard. */
  get silence(): number {
    return (performance.now() - this.#heardAt) / 1000;
  }

  #start(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#patience = Math.min(this.#patience * 2, MOST_PATIENCE);
      this.ask();
    }, this.#patience);
  }
}

function freshId(): string {
  // Not `randomUUID`: it is missing from pages served over plain HTTP.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
