import { describe, expect, test, vi } from "vitest";

import { makeApproval } from "./fake-model";
import { ARMED, useWaitingCall } from "./waiting-call";

const now = useWaitingCall();

describe("a call that waits", () => {
  test("shows its name, its signature and every argument", () => {
    now.call.ask();
    expect(now.call.group.getAttribute("aria-label")).toBe("Tool call delete_rows");
    expect(now.call.group.textContent).toContain("(table: str, limit: int = 100)");
    expect([...now.call.group.querySelectorAll("dt")].map((one) => one.textContent)).toEqual([
      "limit",
      "table",
    ]);
    expect([...now.call.group.querySelectorAll("dd")].map((one) => one.textContent)).toEqual([
      "500",
      '"orders_2024"',
    ]);
    expect(now.call.group.querySelector("[role=status]")?.textContent).toBe("pending");
  });

  test("writes out what hides in names and arguments", () => {
    now.call.ask({
      name: "safe\u202elatel",
      arguments: JSON.stringify({ "a\u200bb": "x\u202e\n\u0007y" }),
    });
    expect(now.call.group.getAttribute("aria-label")).toBe("Tool call safe\\u{202e}latel");
    expect(now.call.group.querySelector("dt")?.textContent).toBe("a\\u{200b}b");
    expect(now.call.group.querySelector("dd")?.textContent).toBe("x\\u{202e}\n\\u{7}y");
    for (const hidden of ["\u202e", "\u200b", "\u0007"]) {
      expect(now.call.group.textContent).not.toContain(hidden);
    }
  });

  test("keeps each string to itself, so that those written from right to left keep their order", () => {
    now.call.ask({ arguments: '{"names":["שלום","עולם"],"to":{"שם":"א"}}' });
    const isolated = [...now.call.group.querySelectorAll("dd bdi")].map((one) => one.textContent);
    expect(isolated).toEqual(['"שלום"', '"עולם"', '"שם"', '"א"']);
    vi.advanceTimersByTime(ARMED);
    now.call.button("Always allow").click();
    const items = [...now.call.group.querySelectorAll("[role=menuitem]")];
    expect(items[1]?.querySelectorAll("bdi")).toHaveLength(2);
    now.call.set({ state: "approved", approval: null, by: "person" });
    const words = now.call.group.querySelector(".mnb-tool-words");
    expect(words?.textContent).toBe('names=["שלום", "עולם"], to={"שם": "א"}');
    expect(words?.querySelectorAll("bdi")).toHaveLength(6);
  });

  test("shows markup in arguments as text", () => {
    now.call.ask({ arguments: JSON.stringify({ html: "<button>Approve</button>" }) });
    expect(
      [...now.call.group.querySelectorAll("button")].filter((one) => one.textContent === "Approve"),
    ).toHaveLength(1);
  });

  test("has Deny before anything else in tab order", () => {
    now.call.ask();
    const first = now.call.group.querySelector(
      "button, input, textarea, [tabindex]:not([tabindex='-1'])",
    );
    expect(first?.textContent).toBe("Deny");
  });

  test("tells how many more wait and when it expires, by the kernel's clock", () => {
    const kernelNow = Date.now() / 1000 + 3_600;
    now.call.ask(
      {},
      { expires: kernelNow + 60, queue: 2 },
      { started: kernelNow - 10, elapsed: 10 },
    );
    vi.advanceTimersByTime(5_000);
    expect(now.call.group.textContent).toContain("2 more waiting · expires in 55 s");
  });

  test("keeps a far-off end for whoever asks: it is in the description, and stays the same", () => {
    now.call.ask({}, { expires: Date.now() / 1000 + 300 });
    vi.advanceTimersByTime(200);
    const words = now.call.group.getAttribute("aria-description");
    expect(words).toMatch(/^expires at \d\d:\d\d/);
    expect(now.call.group.textContent).not.toContain("expires in");
    vi.advanceTimersByTime(10_000);
    expect(now.call.group.getAttribute("aria-description")).toBe(words);
    now.call.set({ state: "approved", approval: null, by: "person" });
    expect(now.call.group.getAttribute("aria-description")).toBe("decided by person");
  });

  test("keeps the focus in the call when its buttons go", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.button("Approve").focus();
    now.call.button("Approve").click();
    expect(now.call.group.contains(document.activeElement)).toBe(true);
    now.call.set({ state: "approved", approval: null, by: "person" });
    expect(document.activeElement).toBe(now.call.group);
  });

  test("gives the focus back to Deny when a decision was refused", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.button("Approve").focus();
    now.call.button("Approve").click();
    now.call.refuse(
      now.call.model.sentOf("decide")[0]?.request,
      "Nobody decided in time; it has expired.",
    );
    expect(document.activeElement).toBe(now.call.button("Deny"));
  });

  test("keeps the focus in the call when edited arguments are shown again", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.button("Edit").click();
    const text = now.call.group.querySelector("textarea") as HTMLTextAreaElement;
    expect(document.activeElement).toBe(text);
    now.call.set({
      arguments: '{"limit":5,"table":"orders_2024"}',
      approval: makeApproval({ id: "b" }),
    });
    expect(now.call.group.contains(document.activeElement)).toBe(true);
    vi.advanceTimersByTime(ARMED);
    expect(document.activeElement).toBe(now.call.button("Deny"));
  });
});

describe("its buttons", () => {
  test("arm after half a second", () => {
    now.call.ask();
    vi.advanceTimersByTime(400);
    now.call.button("Approve").click();
    expect(now.call.button("Approve").disabled).toBe(true);
    expect(now.call.model.sentOf("decide")).toEqual([]);
    vi.advanceTimersByTime(200);
    now.call.button("Approve").click();
    expect(now.call.model.sentOf("decide")).toHaveLength(1);
  });

  test("do nothing before that, even where something has made them look ready", () => {
    now.call.ask();
    now.call.button("Approve").disabled = false;
    now.call.button("Approve").click();
    expect(now.call.model.sentOf("decide")).toEqual([]);
  });

  test("name the approval and the digest on show", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.write("Reason", "  because  ");
    now.call.button("Deny").click();
    expect(now.call.model.sentOf("decide")).toEqual([
      {
        kind: "decide",
        id: "card-1",
        request: expect.any(String),
        approval: "approval-1",
        digest: "digest-1",
        decision: "deny",
        reason: "because",
      },
    ]);
  });

  test("send one decision, however often they are clicked", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.button("Approve").click();
    now.call.button("Approve").click();
    now.call.button("Deny").click();
    expect(now.call.model.sentOf("decide")).toMatchObject([{ decision: "approve", reason: null }]);
  });

  test("are gone when the call is decided", () => {
    now.call.ask();
    now.call.set({ state: "approved", approval: null, by: "person" });
    expect(now.call.button("Approve")).toBeUndefined();
    now.call.set({ state: "running" });
    expect(now.call.group.querySelector("[role=status]")?.textContent).toBe("approved");
  });

  test("arm anew when other arguments are shown", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.set({ arguments: '{"limit":1}', approval: makeApproval({ digest: "digest-2" }) });
    now.call.button("Approve").click();
    expect(now.call.model.sentOf("decide")).toEqual([]);
    vi.advanceTimersByTime(ARMED);
    now.call.button("Approve").click();
    expect(now.call.model.sentOf("decide")).toMatchObject([{ digest: "digest-2" }]);
  });

  test("do not arm anew for the countdown or the queue", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.set({ approval: makeApproval({ queue: 3 }) });
    expect(now.call.button("Approve").disabled).toBe(false);
  });

  test("come back with the reason when the kernel refuses", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.button("Approve").click();
    now.call.refuse(now.call.model.sentOf("decide")[0]?.request, "this approval has expired");
    expect(now.call.alerts).toBe("this approval has expired");
    expect(now.call.button("Approve").disabled).toBe(false);
  });

  test("come back when there is no answer at all", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.button("Approve").click();
    vi.advanceTimersByTime(5_000);
    expect(now.call.alerts).toBe("The kernel has not answered yet.");
    expect(now.call.button("Approve").disabled).toBe(false);
  });

  test("are not pressed by Enter where that would let the tool run", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    const enter = () =>
      new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
    expect(now.call.button("Approve").dispatchEvent(enter())).toBe(false);
    expect(now.call.field("Reason").dispatchEvent(enter())).toBe(true);
    now.call.button("Always allow").click();
    const item = now.call.group.querySelector("[role=menuitem]") as HTMLElement;
    expect(item.dispatchEvent(enter())).toBe(false);
    expect(now.call.model.sentOf("decide")).toEqual([]);
  });
});

describe("the focus", () => {
  test("goes to Deny when it was in the running cell", () => {
    const editor = document.createElement("textarea");
    now.call.page.prepend(editor);
    editor.focus();
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    expect(document.activeElement).toBe(now.call.button("Deny"));
  });

  test("stays where it is in any other place", () => {
    const elsewhere = document.createElement("textarea");
    document.body.append(elsewhere);
    elsewhere.focus();
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    expect(document.activeElement).toBe(elsewhere);
    elsewhere.remove();
  });

  test("stays with somebody who is typing", () => {
    const editor = document.createElement("textarea");
    now.call.page.prepend(editor);
    editor.focus();
    now.call.ask();
    editor.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
    vi.advanceTimersByTime(ARMED);
    expect(document.activeElement).toBe(editor);
  });
});

describe("Always allow", () => {
  test("offers the tool, or the tool with one of its arguments", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    expect(now.call.group.querySelector<HTMLElement>("[role=menu]")?.hidden).toBe(true);
    now.call.button("Always allow").click();
    const items = [...now.call.group.querySelectorAll<HTMLElement>("[role=menuitem]")];
    expect(items.map((one) => one.textContent)).toEqual([
      "this tool, any arguments",
      "this tool with limit = 500",
      'this tool with table = "orders_2024"',
    ]);
    items[2]?.click();
    expect(now.call.model.sentOf("always")).toMatchObject([
      {
        approval: "approval-1",
        digest: "digest-1",
        scope: { argument: "table", value: "orders_2024" },
      },
    ]);
  });

  test("offers no value that JavaScript would change", () => {
    now.call.ask({ arguments: '{"id":9007199254740993,"n":1}' });
    vi.advanceTimersByTime(ARMED);
    now.call.button("Always allow").click();
    expect(now.call.group.querySelectorAll("[role=menuitem]")).toHaveLength(2);
  });

  test("closes on Escape and gives the focus back", () => {
    now.call.ask();
    vi.advanceTimersByTime(ARMED);
    now.call.button("Always allow").click();
    const menu = now.call.group.querySelector("[role=menu]") as HTMLElement;
    const press = (key: string) =>
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    expect(document.activeElement).toBe(menu.children[0]);
    press("ArrowDown");
    expect(document.activeElement).toBe(menu.children[1]);
    press("Escape");
    expect(menu.hidden).toBe(true);
    expect(document.activeElement).toBe(now.call.button("Always allow"));
  });
});
