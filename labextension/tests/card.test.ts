import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Block, Card, Op } from "../src/protocol";
import widget from "../src/widgets/card";
import { FakeModel, makeApproval, makeCard, makeTool } from "./fake-model";

let model: FakeModel;
let page: HTMLElement;
let close: () => void;
let seq = 0;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  page = document.createElement("div");
  document.body.append(page);
  seq = 0;
  close = widget.render({ model, el: page });
});

afterEach(() => {
  close();
  page.remove();
  vi.useRealTimers();
});

function show(card: Partial<Card>, final = false): void {
  seq += 1;
  model.deliver({ kind: "snapshot", id: "card-1", seq, final, card: makeCard(card) });
  vi.advanceTimersByTime(20);
}

function change(...ops: Op[]): void {
  seq += 1;
  model.deliver({ kind: "delta", id: "card-1", seq, ops });
  vi.advanceTimersByTime(20);
}

function get(selector: string): HTMLElement {
  const found = page.querySelector<HTMLElement>(selector);
  if (found === null) {
    throw new Error(`nothing on the page is ${selector}`);
  }
  return found;
}

const log = () => get('[role="log"]');
const status = () => get(".mnb-foot [role=status]").textContent;
const button = (name: string) =>
  [...page.querySelectorAll("button")].find(
    (one) => one.textContent === name && one.closest("[hidden]") === null,
  );
const text = (words: string): Block => ({ type: "text", text: words });

describe("a card that mounts", () => {
  test("asks for everything at once, since what was sent before is lost", () => {
    expect(model.sent).toEqual([
      {
        kind: "resync",
        id: "card-1",
        request: expect.stringMatching(/^[0-9a-f]{24}$/),
        have: null,
      },
    ]);
  });

  test("goes on asking, ever more rarely, until it is answered", () => {
    vi.advanceTimersByTime(2_000);
    expect(model.sentOf("resync")).toHaveLength(2);
    vi.advanceTimersByTime(4_000);
    expect(model.sentOf("resync")).toHaveLength(3);
    show({ state: "done" }, true);
    vi.advanceTimersByTime(600_000);
    expect(model.sentOf("resync")).toHaveLength(3);
  });

  test("takes no message for another card", () => {
    model.deliver({
      kind: "snapshot",
      id: "other",
      seq: 1,
      final: false,
      card: makeCard({ note: "no" }),
    });
    vi.advanceTimersByTime(300);
    expect(page.textContent).not.toContain("no");
  });

  test("is an article with a log and a status that is no part of the log", () => {
    show({ blocks: [text("hello")] });
    expect(get("[role=article]").getAttribute("aria-label")).toBe(
      "LLM response from openai/gpt-5-mini",
    );
    expect(log().getAttribute("aria-live")).toBe("polite");
    // Busy while it is written, so that it is said when it is whole.
    expect(log().getAttribute("aria-busy")).toBe("true");
    expect(log().textContent).toBe("hello");
    expect(log().querySelector("[role=status]")).toBeNull();
    expect(status()).toBe("streaming");
  });

  test("leaves nothing behind when it goes", () => {
    show({ blocks: [makeTool({ state: "pending", approval: makeApproval() })] });
    close();
    expect(model.listeners.size + model.mourners.size).toBe(0);
    expect(page.childElementCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a card that streams", () => {
  test("shows the end exactly, however many deltas there were", () => {
    show({ blocks: [text("")] });
    const words = Array.from({ length: 3_000 }, (_, index) => `w${index} `);
    for (const word of words) {
      seq += 1;
      model.deliver({ kind: "delta", id: "card-1", seq, ops: [["append", 0, word]] });
    }
    seq += 1;
    const whole = words.join("");
    model.deliver({
      kind: "snapshot",
      id: "card-1",
      seq,
      final: true,
      card: makeCard({ state: "done", blocks: [text(whole)] }),
    });
    expect(log().textContent?.trim()).toBe(whole.trim());
    expect(status()).toBe("done");
  });

  test("touches the page once for many deltas between two frames", () => {
    show({ blocks: [text("")] });
    const changes: MutationRecord[] = [];
    const watch = new MutationObserver(() => undefined);
    watch.observe(page, { subtree: true, characterData: true, childList: true });
    for (let index = 0; index < 500; index += 1) {
      seq += 1;
      model.deliver({ kind: "delta", id: "card-1", seq, ops: [["append", 0, "x"]] });
    }
    expect(watch.takeRecords()).toEqual([]);
    vi.advanceTimersByTime(20);
    changes.push(...watch.takeRecords().filter(({ target }) => log().contains(target)));
    watch.disconnect();
    expect(changes).toHaveLength(1);
    expect(log().textContent).toBe("x".repeat(500));
  });

  test("draws also where there are no frames, as on a hidden page", () => {
    show({ blocks: [text("")] });
    const frames = vi.spyOn(globalThis, "requestAnimationFrame").mockReturnValue(1);
    change(["append", 0, "hidden"]);
    expect(log().textContent).toBe("");
    vi.advanceTimersByTime(250);
    expect(log().textContent).toBe("hidden");
    frames.mockRestore();
  });

  test("renders a paragraph when it is finished, and shows the rest as it was written", () => {
    show({ blocks: [text("**one**\n\n**tw")] });
    expect(page.querySelectorAll("strong")).toHaveLength(1);
    expect(log().textContent).toContain("**tw");
    change(["append", 0, "o**"], ["card", { state: "done" }]);
    expect(page.querySelectorAll("strong")).toHaveLength(2);
    expect(log().textContent).not.toContain("**");
  });

  test("renders the whole again where the whole means more", () => {
    show({ blocks: [text("see [a]\n\nmore\n\n")] });
    expect(page.querySelector("a")).toBeNull();
    change(["append", 0, "[a]: https://example.org\n"], ["card", { state: "done" }]);
    expect(page.querySelector("a")?.href).toBe("https://example.org/");
  });

  test("keeps the very elements of finished paragraphs to the end", () => {
    show({ blocks: [text("one\n\ntwo\n\nthr")] });
    const first = get(".mnb-markdown p");
    change(["append", 0, "ee"], ["card", { state: "done" }]);
    expect(get(".mnb-markdown p")).toBe(first);
    expect(page.querySelectorAll(".mnb-markdown p")).toHaveLength(3);
  });

  test.each(["text", "json", "html", "code"] as const)("shows %s as it was written", (format) => {
    const source = "<b>x</b> **y**\n\n{}";
    show({ format, state: "done", blocks: [text(source)] });
    expect(log().textContent).toBe(source);
    expect(log().querySelector("b, strong")).toBeNull();
  });

  test("asks for a resync on a gap, once, and shows what comes of it", () => {
    show({ blocks: [text("a")] });
    const asked = model.sent.length;
    seq += 1;
    change(["append", 0, "c"]);
    change(["append", 0, "d"]);
    expect(model.sent.slice(asked)).toEqual([
      { kind: "resync", id: "card-1", request: expect.any(String), have: 1 },
    ]);
    show({ blocks: [text("abcd")] });
    expect(log().textContent).toBe("abcd");
  });

  test("asks when nothing is heard, for the last message may be the lost one", () => {
    show({ blocks: [text("a")] });
    change(["append", 0, "b"]);
    const asked = model.sent.length;
    vi.advanceTimersByTime(5_000);
    expect(model.sent.slice(asked)).toMatchObject([{ kind: "resync", have: 2 }]);
  });

  test("says so when the kernel is not heard for long", () => {
    show({ blocks: [text("a")] });
    vi.advanceTimersByTime(20_000);
    expect(get(".mnb-foot").textContent).toContain("no word from the kernel for");
    change(["append", 0, "b"]);
    expect(get(".mnb-foot").textContent).not.toContain("no word");
  });

  test("starts over when the kernel does", () => {
    show({ blocks: [text("one"), makeTool(), text("two")] });
    show({ note: "tried again", blocks: [text("fresh")] });
    expect(get(".mnb-body").textContent).toBe("fresh");
    expect(page.querySelectorAll("[role=log]")).toHaveLength(1);
    expect(get(".mnb-note").textContent).toBe("tried again");
  });

  test("counts its seconds by itself", () => {
    show({ elapsed: 1 });
    vi.advanceTimersByTime(1_590);
    expect(get(".mnb-foot").textContent).toContain("2.5 s");
    change(["card", { state: "done", elapsed: 2.7 }]);
    vi.advanceTimersByTime(5_000);
    expect(get(".mnb-foot").textContent).toContain("2.7 s");
  });

  test("stops when asked to", () => {
    show({});
    expect(button("Copy")).toBeUndefined();
    button("Stop")?.click();
    expect(model.sentOf("stop")).toHaveLength(1);
    expect(button("Stop")?.disabled).toBe(true);
    change(["card", { state: "stopped" }]);
    expect(button("Stop")).toBeUndefined();
    expect(status()).toBe("stopped");
  });

  test("shows a refusal as an alert", () => {
    show({});
    button("Stop")?.click();
    const [stop] = model.sentOf("stop");
    model.deliver({
      kind: "refused",
      id: "card-1",
      request: stop?.request ?? "",
      reason: "this card has ended\u202e",
    });
    expect(get(".mnb-card > [role=alert]").textContent).toBe("this card has ended\\u{202e}");
    expect(button("Stop")?.disabled).toBe(false);
  });
});

describe("what a card holds", () => {
  test("a thought is folded away, with its time", () => {
    show({ blocks: [{ type: "thought", text: "hm", seconds: null }] });
    expect(get("summary").textContent).toBe("Thinking…");
    change(["set", 0, { seconds: 3.2 }], ["block", 1, text("so")]);
    expect(get("summary").textContent).toBe("Thought for 3 s");
    expect(get("details").hasAttribute("open")).toBe(false);
    expect(log().textContent).not.toContain("hm");
  });

  test("text after a tool call is the log, and there is never more than one", () => {
    show({ blocks: [text("before"), makeTool({ state: "ok" }), text("after")] });
    expect(page.querySelectorAll("[role=log]")).toHaveLength(1);
    expect(log().textContent).toBe("after");
    const order = [...get(".mnb-body").children].map((one) => one.textContent?.slice(0, 6));
    expect(order).toEqual(["before", "delete", "after"]);
  });

  test("a tool call stands outside what holds the model's text", () => {
    show({ blocks: [text("x"), makeTool({ state: "pending", approval: makeApproval() })] });
    const group = get('[role=group][aria-label="Tool call delete_rows"]');
    expect(group.closest(".mnb-model, [role=log]")).toBeNull();
  });

  test("arguments are shown as they arrive", () => {
    show({ blocks: [makeTool({ arguments: '{"table": "ord' })] });
    expect(get(".mnb-tool-arguments").textContent).toBe('{"table": "ord');
    change(["append", 0, 'ers"}']);
    expect(get(".mnb-tool-arguments").textContent).toBe('{"table": "orders"}');
  });

  test("a call that has ended tells its decision, time, result and error", () => {
    const ended = { state: "ok", by: "person", seconds: 0.1, result: "72°F\n\u202e" } as const;
    show({ state: "done", blocks: [makeTool(ended)] });
    expect(get(".mnb-tool [role=status]").textContent).toBe("approved");
    expect(get(".mnb-tool-time").textContent).toBe("0.1 s");
    expect(get(".mnb-tool-result").textContent).toBe("72°F\n\\u{202e}");
    show({ state: "done", blocks: [makeTool({ state: "error", error: "KeyError: 'a'" })] });
    expect(get(".mnb-tool [role=alert]").textContent).toBe("KeyError: 'a'");
    expect(get(".mnb-tool [role=status]").textContent).toBe("error");
  });

  test("a denial tells its reason", () => {
    show({
      state: "done",
      blocks: [makeTool({ state: "denied", reason: "Not before Monday.", by: "person" })],
    });
    expect(get(".mnb-tool-reason").textContent).toBe("“Not before Monday.”");
    // In quotation marks is what somebody has said.
    show({
      state: "done",
      blocks: [makeTool({ state: "expired", reason: "left", by: "timeout" })],
    });
    expect(get(".mnb-tool-reason").textContent).toBe("left");
  });

  test("an error is an alert of cause and remedy, as text", () => {
    show({
      state: "failed",
      blocks: [{ type: "error", title: "<b>401</b>", message: "Set the key." }],
    });
    expect(get(".mnb-error[role=alert]").textContent).toBe("<b>401</b>Set the key.");
    expect(status()).toBe("failed");
  });

  test("the footer tells tokens, cost and why it ended early", () => {
    show({
      state: "done",
      elapsed: 4.2,
      usage: { input: 412, output: 96, cached: 200, reasoning: 5 },
      cost: "0.0003",
      finish: "max_tokens",
    });
    const foot = get(".mnb-foot").textContent;
    expect(foot).toContain("412 in · 96 out · $0.0003 · 4.2 s");
    expect(foot).toContain("cut off at the token limit");
  });

  test("copying takes the text as it was written", async () => {
    const written: string[] = [];
    vi.stubGlobal("navigator", {
      clipboard: { writeText: async (words: string) => written.push(words) },
    });
    show({ state: "done", blocks: [text("**a**"), makeTool({ state: "ok" }), text("b")] });
    button("Copy")?.click();
    await vi.advanceTimersByTimeAsync(1);
    expect(written).toEqual(["**a**\n\nb"]);
    expect(button("Copy")?.dataset["copied"]).toBe("yes");
    vi.unstubAllGlobals();
  });
});

describe("a card whose kernel has ended", () => {
  const pending = () =>
    makeTool({ state: "pending", approval: makeApproval({ expires: Date.now() / 1000 + 300 }) });

  test("is over: nothing can be decided or stopped any more, and what came is kept", () => {
    show({ state: "waiting", blocks: [text("before"), pending(), makeTool({ state: "ok" })] });
    model.end({ told: true });
    vi.advanceTimersByTime(20);
    expect(status()).toBe("stopped");
    expect(get(".mnb-ending").textContent).toBe("the kernel ended before the reply did");
    expect(log().textContent.trim()).toBe("before");
    const states = [...page.querySelectorAll<HTMLElement>(".mnb-tool")].map(
      (one) => one.dataset["state"],
    );
    expect(states).toEqual(["cancelled", "ok"]);
    for (const name of ["Stop", "Approve", "Deny", "Edit", "Always allow"]) {
      expect(button(name), name).toBeUndefined();
    }
    expect(vi.getTimerCount()).toBe(1); // only the tick, and that looks at live cards
  });

  test("is found out by a click, when nobody has told the page", () => {
    show({ state: "waiting", blocks: [pending()] });
    vi.advanceTimersByTime(600);
    model.end({ told: false });
    button("Approve")?.click();
    vi.advanceTimersByTime(20);
    expect(status()).toBe("stopped");
    expect(get(".mnb-tool").dataset["state"]).toBe("cancelled");
  });

  test("has taken as long as it was seen to take", () => {
    show({ elapsed: 1, started: Date.now() / 1000 - 1 });
    vi.advanceTimersByTime(3_000);
    model.end({ told: true });
    vi.advanceTimersByTime(5_000);
    expect(get(".mnb-foot .mnb-figures").textContent).toMatch(/^4\.\d s$/);
  });

  test("stays what it was when it had ended before", () => {
    show({ state: "done", blocks: [text("all")] }, true);
    model.end({ told: true });
    vi.advanceTimersByTime(20);
    expect(status()).toBe("done");
    expect(get(".mnb-ending").textContent).toBe("");
  });
});
