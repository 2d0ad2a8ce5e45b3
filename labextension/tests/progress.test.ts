import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { ProgressMessage } from "../src/protocol";
import widget from "../src/widgets/progress";
import { FakeModel } from "./fake-model";

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

function show(fields: Partial<ProgressMessage> = {}): void {
  seq += 1;
  model.deliver({
    kind: "progress",
    id: "card-1",
    seq,
    final: false,
    description: "",
    total: 10,
    done: 6,
    failed: 1,
    running: 2,
    waiting: 1,
    cancelled: 0,
    elapsed: 12,
    rate: null,
    left: null,
    tokens: null,
    cost: null,
    projected: null,
    limit: null,
    waiting_for: null,
    state: "running",
    can_retry: false,
    rows: null,
    errors: [],
    ...fields,
  });
  vi.advanceTimersByTime(20);
}

const get = (selector: string) => page.querySelector<HTMLElement>(selector) as HTMLElement;
const group = () => get("[role=group]");
const button = (name: string) =>
  [...page.querySelectorAll("button")].find(
    (one) => one.textContent === name && one.closest("[hidden]") === null,
  );

describe("a progress bar", () => {
  test("asks for its state when it mounts, with no field too many", () => {
    expect(model.sent).toEqual([{ kind: "resync", id: "card-1", request: expect.any(String) }]);
  });

  test("is a group that is named by its description", () => {
    show();
    expect(group().getAttribute("aria-label")).toBe("Progress");
    show({ description: "Summaries\u202e" });
    expect(group().getAttribute("aria-label")).toBe("Summaries\\u{202e}");
  });

  test("tells how far it is, to the eye and to assistive technology", () => {
    show();
    expect(get(".mnb-progress-words").textContent).toBe("7/10 · 1 failed · 12 s");
    const bar = get("[role=progressbar]");
    expect(bar.getAttribute("aria-valuenow")).toBe("7");
    expect(bar.getAttribute("aria-valuemin")).toBe("0");
    expect(bar.getAttribute("aria-valuemax")).toBe("10");
  });

  test("has no value when there is no total", () => {
    show({ total: null });
    expect(get(".mnb-progress-words").textContent).toBe("7 done · 1 failed · 12 s");
    expect(get("[role=progressbar]").hasAttribute("aria-valuenow")).toBe(false);
  });

  test("tells rate, time left, spending and what it waits for", () => {
    show({
      rate: 21,
      left: 6,
      tokens: 81204,
      cost: "0.021",
      projected: "0.032",
      limit: 38,
      waiting_for: "waiting 2 s, 429",
    });
    expect(get(".mnb-progress-words").textContent).toBe("7/10 · 1 failed · 12 s · 21/s · 6 s left");
    expect(get(".mnb-spending").textContent).toBe(
      "81,204 tokens · $0.021 so far, about $0.032 in all · limited to 38 at once: waiting 2 s, 429",
    );
  });

  test("counts its seconds by itself while it runs, and not when it is held", () => {
    show();
    vi.advanceTimersByTime(3_300);
    expect(get(".mnb-progress-words").textContent).toContain("15 s");
    show({ state: "paused", elapsed: 15 });
    vi.advanceTimersByTime(3_000);
    expect(get(".mnb-progress-words").textContent).toContain("15 s");
  });

  test.each(["done", "cancelled", "failed"] as const)("ends in its true state: %s", (state) => {
    show({ state, final: true, running: 0 });
    expect(get("[role=status]").textContent).toBe(state);
    expect(button("Cancel")).toBeUndefined();
    expect(button("Pause")).toBeUndefined();
    vi.advanceTimersByTime(600_000);
    expect(model.sentOf("resync")).toHaveLength(1);
  });

  test("offers a retry where there is one, and nowhere else", () => {
    show({ state: "failed", failed: 2, final: true });
    expect(button("Retry failed")).toBeUndefined();
    show({ state: "done", failed: 2, final: true, can_retry: true });
    button("Retry failed")?.click();
    expect(model.sentOf("retry")).toHaveLength(1);
  });

  test("does not count what was cancelled as finished", () => {
    show({
      state: "cancelled",
      done: 1,
      failed: 0,
      cancelled: 3,
      running: 0,
      waiting: 0,
      total: 4,
    });
    expect(get(".mnb-progress-words").textContent).toBe("1/4 · 12 s");
    expect(get("[role=status]").dataset["label"]).toBe("cancelled");
    expect(get("[role=progressbar]").getAttribute("aria-valuenow")).toBe("1");
    expect(get(".mnb-bar-done").style.width).toBe("25%");
    show({ state: "failed", done: 1, failed: 1, cancelled: 2, running: 0, waiting: 0, total: 4 });
    expect(get(".mnb-progress-words").textContent).toBe("2/4 · 1 failed · 2 cancelled · 12 s");
  });

  test("an older state does not undo a newer one", () => {
    show({ done: 6 });
    seq -= 2;
    show({ done: 2 });
    expect(get(".mnb-progress-words").textContent).toContain("7/10");
  });

  test("cancels, pauses and resumes", () => {
    show();
    button("Cancel")?.click();
    button("Pause")?.click();
    expect(button("Cancel")?.disabled).toBe(true);
    show({ state: "paused", failed: 0 });
    button("Resume")?.click();
    expect(model.sent.slice(1).map(({ kind }) => kind)).toEqual(["cancel", "pause", "resume"]);
  });

  test("changes how many run at once, within reason", () => {
    show({ limit: 8 });
    const stepper = get("[aria-label='At once']") as HTMLInputElement;
    const enter = (value: string) => {
      stepper.value = value;
      stepper.dispatchEvent(new Event("change"));
    };
    expect(stepper.value).toBe("8");
    enter("0");
    enter("-3");
    enter("many");
    expect(stepper.value).toBe("8");
    enter("16");
    expect(model.sentOf("limit")).toMatchObject([{ value: 16 }]);
  });

  test("takes a limit with Enter too, which a notebook keeps from the field, and only once", () => {
    show({ limit: 8 });
    const stepper = get("[aria-label='At once']") as HTMLInputElement;
    stepper.value = "5";
    const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
    stepper.dispatchEvent(enter);
    expect(enter.defaultPrevented).toBe(true);
    show({ limit: 5 });
    stepper.dispatchEvent(new Event("change"));
    expect(model.sentOf("limit")).toMatchObject([{ value: 5 }]);
  });

  test("has a square for each row, and tells a failed row's error on focus", () => {
    show({ total: 5, rows: "dfr.c", errors: [[1, "APIError: no\u202e"]] });
    const squares = [...page.querySelectorAll<HTMLElement>(".mnb-square")];
    expect(squares.map((one) => one.dataset["row"])).toEqual(["d", "f", "r", "w", "c"]);
    squares[1]?.focus();
    expect(get(".mnb-row-told").textContent).toBe("Row 1: APIError: no\\u{202e}");
    show({ total: 5, rows: "dddfc", errors: [[3, "x"]] });
    expect(page.querySelectorAll(".mnb-square")).toHaveLength(5);
    expect(squares[1]?.dataset["row"]).toBe("d");
  });

  test("leads from one failed row to the next by arrow keys, as one tab stop", () => {
    show({ total: 4, rows: "fdff" });
    const failed = [...page.querySelectorAll<HTMLElement>('[data-row="f"]')];
    expect(failed.map((one) => one.tabIndex)).toEqual([0, -1, -1]);
    failed[0]?.focus();
    failed[0]?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    expect(document.activeElement).toBe(failed[1]);
    expect(failed.map((one) => one.tabIndex)).toEqual([-1, 0, -1]);
  });

  test("shows a refusal as an alert", () => {
    show();
    button("Cancel")?.click();
    model.deliver({ kind: "refused", id: "card-1", request: "r", reason: "it has ended" });
    expect(get(".mnb-alert[role=alert]").textContent).toBe("it has ended");
    expect(button("Cancel")?.disabled).toBe(false);
  });

  test("is over when its kernel has ended, and says so", () => {
    show({ total: 5, done: 1, running: 2, waiting: 2, rows: "drr.." });
    model.end({ told: true });
    vi.advanceTimersByTime(20);
    expect(get("[role=status]").textContent).toBe("cancelled");
    expect(get(".mnb-alert[role=alert]").textContent).toBe("The kernel ended before this did.");
    const rows = [...page.querySelectorAll<HTMLElement>(".mnb-square")];
    expect(rows.map((one) => one.dataset["row"]).join("")).toBe("dcccc");
    expect(button("Cancel")).toBeUndefined();
  });

  test("leaves nothing behind when it goes", () => {
    show();
    close();
    expect(model.listeners.size + model.mourners.size).toBe(0);
    expect(page.childElementCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
