import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Approval, ToolBlock } from "../src/protocol";
import widget from "../src/widgets/card";
import { FakeModel, makeApproval, makeCard, makeTool } from "./fake-model";

const ARMED = 600;

let model: FakeModel;
let page: HTMLElement;
let close: () => void;
let seq = 0;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  page = document.createElement("div");
  page.className = "jp-Cell";
  document.body.append(page);
  seq = 0;
  close = widget.render({ model, el: page });
});

afterEach(() => {
  close();
  page.remove();
  vi.useRealTimers();
});

function ask(fields: Partial<ToolBlock> = {}, approval: Partial<Approval> = {}): void {
  seq += 1;
  model.deliver({
    kind: "snapshot",
    id: "card-1",
    seq,
    final: false,
    card: makeCard({
      state: "waiting",
      blocks: [makeTool({ state: "pending", approval: makeApproval(approval), ...fields })],
    }),
  });
  vi.advanceTimersByTime(20);
}

function set(fields: { [field: string]: unknown }): void {
  seq += 1;
  model.deliver({ kind: "delta", id: "card-1", seq, ops: [["set", 0, fields]] });
  vi.advanceTimersByTime(20);
}

function refuse(request: string | undefined, reason: string): void {
  model.deliver({ kind: "refused", id: "card-1", request: request ?? "", reason });
}

const group = () => page.querySelector<HTMLElement>("[role=group]") as HTMLElement;
const button = (name: string) =>
  [...group().querySelectorAll("button")].find(
    (one) => one.textContent === name,
  ) as HTMLButtonElement;
const field = (name: string) =>
  group().querySelector<HTMLTextAreaElement>(`[aria-label="${name}"]`) as HTMLTextAreaElement;
const alerts = () =>
  [...group().querySelectorAll("[role=alert]:not([hidden])")]
    .map((one) => one.textContent)
    .join("");
const write = (name: string, value: string) => {
  field(name).value = value;
  field(name).dispatchEvent(new Event("input"));
};

describe("a call that waits", () => {
  test("shows its name, its signature and every argument", () => {
    ask();
    expect(group().getAttribute("aria-label")).toBe("Tool call delete_rows");
    expect(group().textContent).toContain("(table: str, limit: int = 100)");
    expect([...group().querySelectorAll("dt")].map((one) => one.textContent)).toEqual([
      "limit",
      "table",
    ]);
    expect([...group().querySelectorAll("dd")].map((one) => one.textContent)).toEqual([
      "500",
      '"orders_2024"',
    ]);
    expect(group().querySelector("[role=status]")?.textContent).toBe("pending");
  });

  test("writes out what hides in names and arguments", () => {
    ask({ name: "safe\u202elatel", arguments: JSON.stringify({ "a\u200bb": "x\u202e\n\u0007y" }) });
    expect(group().getAttribute("aria-label")).toBe("Tool call safe\\u{202e}latel");
    expect(group().querySelector("dt")?.textContent).toBe("a\\u{200b}b");
    expect(group().querySelector("dd")?.textContent).toBe("x\\u{202e}\n\\u{7}y");
    for (const hidden of ["\u202e", "\u200b", "\u0007"]) {
      expect(group().textContent).not.toContain(hidden);
    }
  });

  test("shows markup in arguments as text", () => {
    ask({ arguments: JSON.stringify({ html: "<button>Approve</button>" }) });
    expect(
      [...group().querySelectorAll("button")].filter((one) => one.textContent === "Approve"),
    ).toHaveLength(1);
  });

  test("has Deny before anything else in tab order", () => {
    ask();
    const first = group().querySelector("button, input, textarea, [tabindex]:not([tabindex='-1'])");
    expect(first?.textContent).toBe("Deny");
  });

  test("tells how many more wait and when it expires, by the kernel's clock", () => {
    const kernelNow = Date.now() / 1000 + 3_600;
    seq += 1;
    model.deliver({
      kind: "snapshot",
      id: "card-1",
      seq,
      final: false,
      card: makeCard({
        state: "waiting",
        started: kernelNow - 10,
        elapsed: 10,
        blocks: [
          makeTool({
            state: "pending",
            approval: makeApproval({ expires: kernelNow + 60, queue: 2 }),
          }),
        ],
      }),
    });
    vi.advanceTimersByTime(5_000);
    expect(group().textContent).toContain("2 more waiting · expires in 55 s");
  });

  test("keeps a far-off end for whoever asks: it is in the description, and stays the same", () => {
    ask({}, { expires: Date.now() / 1000 + 300 });
    vi.advanceTimersByTime(200);
    const words = group().getAttribute("aria-description");
    expect(words).toMatch(/^expires at \d\d:\d\d/);
    expect(group().textContent).not.toContain("expires in");
    vi.advanceTimersByTime(10_000);
    expect(group().getAttribute("aria-description")).toBe(words);
    set({ state: "approved", approval: null, by: "person" });
    expect(group().getAttribute("aria-description")).toBe("decided by person");
  });

  test("keeps the focus in the call when its buttons go", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    button("Approve").focus();
    button("Approve").click();
    expect(group().contains(document.activeElement)).toBe(true);
    set({ state: "approved", approval: null, by: "person" });
    expect(document.activeElement).toBe(group());
  });

  test("gives the focus back to Deny when a decision was refused", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    button("Approve").focus();
    button("Approve").click();
    refuse(model.sentOf("decide")[0]?.request, "Nobody decided in time; it has expired.");
    expect(document.activeElement).toBe(button("Deny"));
  });

  test("keeps the focus in the call when edited arguments are shown again", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    button("Edit").click();
    const text = group().querySelector("textarea") as HTMLTextAreaElement;
    expect(document.activeElement).toBe(text);
    set({ arguments: '{"limit":5,"table":"orders_2024"}', approval: makeApproval({ id: "b" }) });
    expect(group().contains(document.activeElement)).toBe(true);
    vi.advanceTimersByTime(ARMED);
    expect(document.activeElement).toBe(button("Deny"));
  });
});

describe("its buttons", () => {
  test("arm after half a second", () => {
    ask();
    vi.advanceTimersByTime(400);
    button("Approve").click();
    expect(button("Approve").disabled).toBe(true);
    expect(model.sentOf("decide")).toEqual([]);
    vi.advanceTimersByTime(200);
    button("Approve").click();
    expect(model.sentOf("decide")).toHaveLength(1);
  });

  test("do nothing before that, even where something has made them look ready", () => {
    ask();
    button("Approve").disabled = false;
    button("Approve").click();
    expect(model.sentOf("decide")).toEqual([]);
  });

  test("name the approval and the digest on show", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    write("Reason", "  because  ");
    button("Deny").click();
    expect(model.sentOf("decide")).toEqual([
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
    ask();
    vi.advanceTimersByTime(ARMED);
    button("Approve").click();
    button("Approve").click();
    button("Deny").click();
    expect(model.sentOf("decide")).toMatchObject([{ decision: "approve", reason: null }]);
  });

  test("are gone when the call is decided", () => {
    ask();
    set({ state: "approved", approval: null, by: "person" });
    expect(button("Approve")).toBeUndefined();
    set({ state: "running" });
    expect(group().querySelector("[role=status]")?.textContent).toBe("approved");
  });

  test("arm anew when other arguments are shown", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    set({ arguments: '{"limit":1}', approval: makeApproval({ digest: "digest-2" }) });
    button("Approve").click();
    expect(model.sentOf("decide")).toEqual([]);
    vi.advanceTimersByTime(ARMED);
    button("Approve").click();
    expect(model.sentOf("decide")).toMatchObject([{ digest: "digest-2" }]);
  });

  test("do not arm anew for the countdown or the queue", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    set({ approval: makeApproval({ queue: 3 }) });
    expect(button("Approve").disabled).toBe(false);
  });

  test("come back with the reason when the kernel refuses", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    button("Approve").click();
    refuse(model.sentOf("decide")[0]?.request, "this approval has expired");
    expect(alerts()).toBe("this approval has expired");
    expect(button("Approve").disabled).toBe(false);
  });

  test("come back when there is no answer at all", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    button("Approve").click();
    vi.advanceTimersByTime(5_000);
    expect(alerts()).toBe("The kernel has not answered yet.");
    expect(button("Approve").disabled).toBe(false);
  });

  test("are not pressed by Enter where that would let the tool run", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    const enter = () =>
      new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
    expect(button("Approve").dispatchEvent(enter())).toBe(false);
    expect(field("Reason").dispatchEvent(enter())).toBe(true);
    button("Always allow").click();
    const item = group().querySelector("[role=menuitem]") as HTMLElement;
    expect(item.dispatchEvent(enter())).toBe(false);
    expect(model.sentOf("decide")).toEqual([]);
  });
});

describe("the focus", () => {
  test("goes to Deny when it was in the running cell", () => {
    const editor = document.createElement("textarea");
    page.prepend(editor);
    editor.focus();
    ask();
    vi.advanceTimersByTime(ARMED);
    expect(document.activeElement).toBe(button("Deny"));
  });

  test("stays where it is in any other place", () => {
    const elsewhere = document.createElement("textarea");
    document.body.append(elsewhere);
    elsewhere.focus();
    ask();
    vi.advanceTimersByTime(ARMED);
    expect(document.activeElement).toBe(elsewhere);
    elsewhere.remove();
  });

  test("stays with somebody who is typing", () => {
    const editor = document.createElement("textarea");
    page.prepend(editor);
    editor.focus();
    ask();
    editor.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
    vi.advanceTimersByTime(ARMED);
    expect(document.activeElement).toBe(editor);
  });
});

describe("Always allow", () => {
  test("offers the tool, or the tool with one of its arguments", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    expect(group().querySelector<HTMLElement>("[role=menu]")?.hidden).toBe(true);
    button("Always allow").click();
    const items = [...group().querySelectorAll<HTMLElement>("[role=menuitem]")];
    expect(items.map((one) => one.textContent)).toEqual([
      "this tool, any arguments",
      "this tool with limit = 500",
      'this tool with table = "orders_2024"',
    ]);
    items[2]?.click();
    expect(model.sentOf("always")).toMatchObject([
      {
        approval: "approval-1",
        digest: "digest-1",
        scope: { argument: "table", value: "orders_2024" },
      },
    ]);
  });

  test("offers no value that JavaScript would change", () => {
    ask({ arguments: '{"id":9007199254740993,"n":1}' });
    vi.advanceTimersByTime(ARMED);
    button("Always allow").click();
    expect(group().querySelectorAll("[role=menuitem]")).toHaveLength(2);
  });

  test("closes on Escape and gives the focus back", () => {
    ask();
    vi.advanceTimersByTime(ARMED);
    button("Always allow").click();
    const menu = group().querySelector("[role=menu]") as HTMLElement;
    const press = (key: string) =>
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    expect(document.activeElement).toBe(menu.children[0]);
    press("ArrowDown");
    expect(document.activeElement).toBe(menu.children[1]);
    press("Escape");
    expect(menu.hidden).toBe(true);
    expect(document.activeElement).toBe(button("Always allow"));
  });
});

describe("Edit", () => {
  const open = (fields: Partial<ToolBlock> = {}, approval: Partial<Approval> = {}) => {
    ask(fields, approval);
    vi.advanceTimersByTime(ARMED);
    button("Edit").click();
  };

  test("turns the arguments into JSON to write in", () => {
    open();
    expect(field("Arguments").value).toBe('{\n  "limit": 500,\n  "table": "orders_2024"\n}');
    expect(document.activeElement).toBe(field("Arguments"));
  });

  test("sends what was written, for the digest that was on show", () => {
    open();
    write("Arguments", '{"limit": 9007199254740993}');
    button("Save").click();
    expect(model.sentOf("edit")).toMatchObject([
      { approval: "approval-1", digest: "digest-1", arguments: '{"limit": 9007199254740993}' },
    ]);
  });

  test.each(["{", "[1]", '"x"', "", "{'a': 1}"])("does not send %j, and says why", (written) => {
    open();
    write("Arguments", written);
    button("Save").click();
    expect(model.sentOf("edit")).toEqual([]);
    expect(alerts()).toMatch(/JSON/);
  });

  test("stays open when the kernel refuses, with its reason", () => {
    open();
    write("Arguments", '{"limit": "many"}');
    button("Save").click();
    refuse(model.sentOf("edit")[0]?.request, "limit: not an integer");
    expect(alerts()).toBe("limit: not an integer");
    expect(field("Arguments").value).toBe('{"limit": "many"}');
    expect(button("Save").disabled).toBe(false);
  });

  test("shows one alert, though the call tells the error as well, and keeps what was written", () => {
    open();
    write("Arguments", '{"limit": "many"}');
    button("Save").click();
    refuse(model.sentOf("edit")[0]?.request, "limit: not an integer");
    set({ error: "limit: not an integer" });
    set({ approval: makeApproval({ queue: 1 }) });
    expect(group().querySelectorAll("[role=alert]:not([hidden])")).toHaveLength(1);
    expect(alerts()).toBe("limit: not an integer");
    expect(field("Arguments").value).toBe('{"limit": "many"}');
  });

  test("shows the new arguments and arms again when the kernel takes them", () => {
    open();
    write("Arguments", '{"limit": 5}');
    button("Save").click();
    set({
      arguments: '{"limit":5}',
      approval: makeApproval({ id: "approval-2", digest: "digest-2" }),
    });
    expect(field("Arguments")).toBeNull();
    expect(group().querySelector("dd")?.textContent).toBe("5");
    expect(button("Approve").disabled).toBe(true);
    vi.advanceTimersByTime(ARMED);
    button("Approve").click();
    expect(model.sentOf("decide")).toMatchObject([{ approval: "approval-2", digest: "digest-2" }]);
  });

  test("comes back to the buttons when nothing was changed", () => {
    open();
    button("Save").click();
    expect(model.sentOf("edit")).toEqual([]);
    expect(button("Approve").disabled).toBe(false);
  });

  test("offers a form when the schema is flat, which writes into the JSON", () => {
    const properties = {
      table: { type: "string" },
      limit: { type: "integer" },
      dry: { type: "boolean" },
      mode: { enum: ["soft", "hard"] },
    };
    open({}, { schema: { type: "object", properties } });
    const control = (name: string) =>
      [...group().querySelectorAll("label")].find((one) => one.firstChild?.textContent === name)
        ?.lastChild as HTMLInputElement;
    const enter = (name: string, value: string) => {
      control(name).value = value;
      control(name).dispatchEvent(new Event("input"));
    };
    expect(control("table").value).toBe("orders_2024");
    expect(control("limit").value).toBe("500");
    enter("limit", "7");
    enter("table", 'a "b"\\');
    enter("mode", '"hard"');
    control("dry").click();
    expect(JSON.parse(field("Arguments").value)).toEqual({
      table: 'a "b"\\',
      limit: 7,
      mode: "hard",
      dry: true,
    });
    write("Arguments", '{"table": "x", "limit": 1}');
    expect(control("table").value).toBe("x");
    expect(control("dry").checked).toBe(false);
    write("Arguments", "{");
    expect(control("table").disabled).toBe(true);
    // What was last valid stays beside the text, for whoever mends it.
    expect(control("table").value).toBe("x");
    write("Arguments", '{"table": "y"}');
    expect(control("table").disabled).toBe(false);
    expect(control("table").value).toBe("y");
  });

  test("offers no form when an argument is an object", () => {
    open({}, { schema: { properties: { where: { type: "object" } } } });
    expect(group().querySelector("label")).toBeNull();
  });
});
