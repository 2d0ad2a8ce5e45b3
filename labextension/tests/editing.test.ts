import { describe, expect, test, vi } from "vitest";

import type { Approval, ToolBlock } from "../src/protocol";
import { makeApproval } from "./fake-model";
import { ARMED, useWaitingCall } from "./waiting-call";

const now = useWaitingCall();

describe("Edit", () => {
  const open = (fields: Partial<ToolBlock> = {}, approval: Partial<Approval> = {}) => {
    now.call.ask(fields, approval);
    vi.advanceTimersByTime(ARMED);
    now.call.button("Edit").click();
  };

  test("turns the arguments into JSON to write in", () => {
    open();
    expect(now.call.field("Arguments").value).toBe(
      '{\n  "limit": 500,\n  "table": "orders_2024"\n}',
    );
    expect(document.activeElement).toBe(now.call.field("Arguments"));
  });

  test("sends what was written, for the digest that was on show", () => {
    open();
    now.call.write("Arguments", '{"limit": 9007199254740993}');
    now.call.button("Save").click();
    expect(now.call.model.sentOf("edit")).toMatchObject([
      { approval: "approval-1", digest: "digest-1", arguments: '{"limit": 9007199254740993}' },
    ]);
  });

  test.each(["{", "[1]", '"x"', "", "{'a': 1}"])("does not send %j, and says why", (written) => {
    open();
    now.call.write("Arguments", written);
    now.call.button("Save").click();
    expect(now.call.model.sentOf("edit")).toEqual([]);
    expect(now.call.alerts).toMatch(/JSON/);
  });

  test("stays open when the kernel refuses, with its reason", () => {
    open();
    now.call.write("Arguments", '{"limit": "many"}');
    now.call.button("Save").click();
    now.call.refuse(now.call.model.sentOf("edit")[0]?.request, "limit: not an integer");
    expect(now.call.alerts).toBe("limit: not an integer");
    expect(now.call.field("Arguments").value).toBe('{"limit": "many"}');
    expect(now.call.button("Save").disabled).toBe(false);
  });

  test("shows one alert, though the call tells the error as well, and keeps what was written", () => {
    open();
    now.call.write("Arguments", '{"limit": "many"}');
    now.call.button("Save").click();
    now.call.refuse(now.call.model.sentOf("edit")[0]?.request, "limit: not an integer");
    now.call.set({ error: "limit: not an integer" });
    now.call.set({ approval: makeApproval({ queue: 1 }) });
    expect(now.call.group.querySelectorAll("[role=alert]:not([hidden])")).toHaveLength(1);
    expect(now.call.alerts).toBe("limit: not an integer");
    expect(now.call.field("Arguments").value).toBe('{"limit": "many"}');
  });

  test("shows the new arguments and arms again when the kernel takes them", () => {
    open();
    now.call.write("Arguments", '{"limit": 5}');
    now.call.button("Save").click();
    now.call.set({
      arguments: '{"limit":5}',
      approval: makeApproval({ id: "approval-2", digest: "digest-2" }),
    });
    expect(now.call.field("Arguments")).toBeNull();
    expect(now.call.group.querySelector("dd")?.textContent).toBe("5");
    expect(now.call.button("Approve").disabled).toBe(true);
    vi.advanceTimersByTime(ARMED);
    now.call.button("Approve").click();
    expect(now.call.model.sentOf("decide")).toMatchObject([
      { approval: "approval-2", digest: "digest-2" },
    ]);
  });

  test("comes back to the buttons when nothing was changed", () => {
    open();
    now.call.button("Save").click();
    expect(now.call.model.sentOf("edit")).toEqual([]);
    expect(now.call.button("Approve").disabled).toBe(false);
  });

  const control = (name: string) =>
    [...now.call.group.querySelectorAll("label")].find(
      (one) => one.firstChild?.textContent === name,
    )?.lastChild as HTMLInputElement;
  const enter = (name: string, value: string) => {
    control(name).value = value;
    control(name).dispatchEvent(new Event("input"));
  };
  const written = () => JSON.parse(now.call.field("Arguments").value) as unknown;

  test("offers a form when the schema is flat, which writes into the JSON", () => {
    const properties = {
      table: { type: "string" },
      limit: { type: "integer" },
      dry: { type: "boolean" },
      mode: { enum: ["soft", "hard"] },
    };
    open({}, { schema: { type: "object", properties } });
    expect(control("table").value).toBe("orders_2024");
    expect(control("limit").value).toBe("500");
    enter("limit", "7");
    enter("table", 'a "b"\\');
    enter("mode", '"hard"');
    control("dry").click();
    expect(written()).toEqual({
      table: 'a "b"\\',
      limit: 7,
      mode: "hard",
      dry: true,
    });
    now.call.write("Arguments", '{"table": "x", "limit": 1}');
    expect(control("table").value).toBe("x");
    expect(control("dry").checked).toBe(false);
    now.call.write("Arguments", "{");
    expect(control("table").disabled).toBe(true);
    // What was last valid stays beside the text, for whoever mends it.
    expect(control("table").value).toBe("x");
    now.call.write("Arguments", '{"table": "y"}');
    expect(control("table").disabled).toBe(false);
    expect(control("table").value).toBe("y");
  });

  const SCHEMA = {
    properties: {
      when: { type: "string", format: "date" },
      size: { $ref: "#/$defs/Size" },
      note: { anyOf: [{ type: "string" }, { type: "null" }] },
      gift: { anyOf: [{ type: "boolean" }, { type: "null" }] },
      to: { $ref: "#/$defs/Address" },
      tags: { type: "array", items: { type: "string" } },
      mixed: { anyOf: [{ type: "string" }, { type: "integer" }] },
    },
    $defs: {
      Size: { enum: ["S", "L"] },
      Address: { type: "object", properties: { street: { type: "string" } } },
    },
  };

  test("finds the types of a form by way of definitions and of what may be null", () => {
    open({ arguments: '{"when":"2026-02-03","size":"S","note":null}' }, { schema: SCHEMA });
    expect(control("when").value).toBe("2026-02-03");
    expect([control("size").tagName, control("size").value]).toEqual(["SELECT", '"S"']);
    expect(control("note").value).toBe("");
    enter("size", '"L"');
    enter("note", "Ring twice.");
    enter("gift", "false");
    expect(written()).toEqual({
      when: "2026-02-03",
      size: "L",
      note: "Ring twice.",
      gift: false,
    });
    enter("note", "");
    enter("gift", "");
    expect(written()).toMatchObject({ note: null, gift: null });
  });

  test("takes what has a shape of its own as JSON, as soon as it is some", () => {
    open({ arguments: '{"to":{"street":"Main 1"},"tags":["a"]}' }, { schema: SCHEMA });
    expect(control("to").value).toBe('{\n  "street": "Main 1"\n}');
    enter("tags", '["a", "b"');
    expect(control("tags").getAttribute("aria-invalid")).toBe("true");
    expect(control("tags").disabled).toBe(false);
    expect(written()).toMatchObject({ tags: ["a"] });
    enter("tags", '["a", "b"]');
    enter("mixed", "7");
    expect(control("tags").getAttribute("aria-invalid")).toBeNull();
    expect(written()).toEqual({ to: { street: "Main 1" }, tags: ["a", "b"], mixed: 7 });
  });

  test.each([
    ["only what has a shape", { properties: { where: { type: "object" } } }],
    [
      "a definition that leads to itself",
      {
        properties: { a: { $ref: "#/$defs/A" } },
        $defs: { A: { $ref: "#/$defs/A" } },
      },
    ],
    ["definitions that are not there", { properties: { a: { $ref: "#/constructor/name" } } }],
    ["properties that are none", { properties: { a: null, b: 1 } }],
  ])("offers no form for %s", (_, schema) => {
    open({}, { schema });
    expect(now.call.group.querySelector("label")).toBeNull();
  });
});
