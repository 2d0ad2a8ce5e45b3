import { afterEach, describe, expect, test, vi } from "vitest";

import { readBar, readLive } from "../src/plugin/bar";
import { findFocusedCall, findLiveButtons, press } from "../src/plugin/calls";
import { findSpans, isPromptCell, readMagicLine } from "../src/plugin/magic";
import { offerAt } from "../src/plugin/offers";
import { RECORD_TYPE, readRecord } from "../src/plugin/record";
import { describeTotals, KernelSpending, readTotals, Signs } from "../src/plugin/spending";

describe("a prompt cell", () => {
  test.each([
    "%%llm",
    "%%llm gpt -t f\nhi",
    "\n\n  %%llm x",
    "%%llm\nhi",
    "%%llm;\nhi",
    "# to compare\n\n  # a/b\n%%llm x",
  ])("is %j", (source) => {
    expect(isPromptCell(source)).toBe(true);
  });

  test.each(["%%llmx", "%llm hi", "x = 1\n%%llm", "# %%llm", "%%time\n%%llm", ""])(
    "is not %j",
    (source) => {
      expect(isPromptCell(source)).toBe(false);
    },
  );

  test("has a magic, options and inserted names that stand out", () => {
    const source =
      '# %%llm b -x\n\n%%llm gpt -t f --approve ask\n# In {city!r:>9} and {a.b[0]}, {{not}} {"json": 1} {x y}';
    const found = findSpans(source).map(({ from, to, kind }) => [kind, source.slice(from, to)]);
    expect(found).toEqual([
      ["comment", "# %%llm b -x"],
      ["magic", "%%llm"],
      ["option", "-t"],
      ["option", "--approve"],
      ["name", "{city!r:>9}"],
      ["name", "{a.b[0]}"],
    ]);
    expect(findSpans("f(-x) {y}")).toEqual([]);
  });
});

describe("completion on a magic line", () => {
  const labels = (before: string, models = ["openai/gpt-5-mini", "anthropic/claude"]) => {
    const line = readMagicLine(before);
    return line === null ? null : offerAt(line, models).map(({ label }) => label);
  };

  test("is for magic lines only", () => {
    expect(labels("x = %llm ")).not.toBeNull();
    expect(labels("  %%llm ")).not.toBeNull();
    expect(labels("%%llmx ")).toBeNull();
    expect(labels("%%llm")).toBeNull();
    expect(labels("print('%llm ')")).toBeNull();
  });

  test("offers models first, and subcommands on a line magic", () => {
    expect(labels("%%llm op")).toEqual(["openai/gpt-5-mini"]);
    expect(labels("%llm ")).toEqual(
      expect.arrayContaining(["openai/gpt-5-mini", "cost", "doctor"]),
    );
    expect(labels("%%llm ")).not.toContain("cost");
    expect(labels("%%llm openai/gpt-5-mini ")).toEqual([]);
  });

  test("does not offer the word that is being typed", () => {
    expect(labels("%%llm openai/gpt-5-mi", ["openai/gpt-5-mi", "openai/gpt-5-mini"])).toEqual([
      "openai/gpt-5-mini",
    ]);
  });

  test("offers options", () => {
    expect(labels("%%llm gpt --ap")).toEqual(["--approve"]);
    expect(labels("%%llm -")).toEqual(expect.arrayContaining(["-m", "--model", "--schema"]));
  });

  test("offers an option's values", () => {
    expect(labels("%%llm --approve ")).toEqual(["ask", "allow", "deny"]);
    expect(labels("%%llm --approve=al")).toEqual(["--approve=allow"]);
    expect(labels("%%llm -m anth")).toEqual(["anthropic/claude"]);
    expect(labels("%%llm -s ")).toEqual([]);
  });
});

describe("a saved record", () => {
  const MARKDOWN = "`fetch(city)` · ok\n\nIt is **72**.\n\nIndeed.";
  const record = {
    schema_version: 1,
    state: "done",
    asked: "openai/gpt-5-mini",
    answered: { provider: "openai", model: "openai/gpt-5", name: "gpt-5-2025" },
    blocks: [
      { type: "thought" },
      {
        type: "tool",
        name: "fetch",
        arguments: "{}",
        state: "ok",
        decision: "edited",
        by: "person",
      },
      { type: "text", lines: [2, 5] },
      { type: "error", title: "t", message: "m" },
      { type: "of the future" },
    ],
    usage: { input: 1, output: 2, cached: 0, reasoning: 0 },
    cost: "0.01",
    finish: null,
    format: "markdown",
    note: null,
  };
  const metadata = {
    mirascope_nb: {
      card: "c",
      elapsed: 4.2,
      blocks: [{ seconds: 3 }, { id: "call_1", seconds: 0.5 }],
    },
  };

  test("is the card it was", () => {
    const saved = readRecord(record, metadata, MARKDOWN);
    expect(saved?.card).toMatchObject({
      state: "done",
      model: "openai/gpt-5",
      elapsed: 4.2,
      cost: "0.01",
      blocks: [
        { type: "thought", seconds: 3 },
        { type: "tool", call: "call_1", name: "fetch", state: "ok", seconds: 0.5, by: "person" },
        { type: "text", text: "It is **72**.\n\nIndeed." },
        { type: "error", title: "t" },
      ],
    });
    expect(saved?.decisions).toEqual(new Map([[1, "edited"]]));
  });

  test("that was never finished is stopped, and says so", () => {
    const saved = readRecord({ ...record, state: "streaming" }, {}, MARKDOWN);
    expect(saved?.card).toMatchObject({
      state: "stopped",
      finish: "the kernel ended before the reply did",
    });
  });

  test("asks nobody for anything: a call that waited is cancelled", () => {
    const waiting = {
      ...record,
      blocks: [{ type: "tool", name: "f", arguments: "{}", state: "pending" }],
    };
    expect(readRecord(waiting, {}, "")?.card.blocks).toMatchObject([
      { state: "cancelled", approval: null },
    ]);
  });

  test.each([null, 3, "x", [], {}, { schema_version: 2 }])("is not %j", (data) => {
    expect(readRecord(data, null, null)).toBeNull();
  });

  test.each([
    { blocks: "x", usage: [], cost: 3, asked: {}, answered: "y", note: 1, state: "?" },
    {
      blocks: [
        null,
        3,
        { type: "text", lines: "x" },
        { type: "text" },
        { type: "tool", state: "?" },
      ],
    },
  ])("full of nonsense is still a card", (nonsense) => {
    const saved = readRecord({ schema_version: 1, ...nonsense }, { mirascope_nb: 3 }, 7);
    expect(saved?.card.usage).toBeNull();
    expect(saved?.card.state).toBe("stopped");
  });
});

describe("what a session has spent", () => {
  const figures = { calls: 2, tokens: 81204, cost: "0.021", unpriced: 0 };

  test.each([
    [figures, "81,204 tokens · $0.021"],
    [{ ...figures, unpriced: 1 }, "81,204 tokens · over $0.021"],
    [{ ...figures, cost: null }, "81,204 tokens"],
    [{ ...figures, cost: "a lot" }, "81,204 tokens"],
    [{ ...figures, tokens: 0 }, ""],
  ])("of %j reads %j", (data, text) => {
    const totals = readTotals(data);
    expect(totals === null ? null : describeTotals(totals)).toBe(text);
  });

  test.each([null, {}, { tokens: "7", unpriced: 0 }, []])("is not %j", (data) => {
    expect(readTotals(data)).toBeNull();
  });

  class FakeKernel {
    readonly id = "k";
    handleComms = true;
    readonly comms: {
      opened: boolean;
      isDisposed: boolean;
      onMsg: (message: unknown) => void;
      onClose: (message: unknown) => void;
    }[] = [];

    createComm(target: string) {
      expect(target).toBe("mirascope_nb.spending");
      const comm = {
        opened: false,
        isDisposed: false,
        onMsg: () => undefined,
        onClose: () => undefined,
        open: () => {
          comm.opened = true;
        },
      };
      this.comms.push(comm);
      return comm as never;
    }

    tells(data: unknown): void {
      this.comms.at(-1)?.onMsg({ content: { data } });
    }
  }

  test("is what the kernel tells, and is asked for once", () => {
    const changed = vi.fn();
    const spending = new KernelSpending(changed);
    const kernel = new FakeKernel();
    spending.ask(kernel);
    spending.ask(kernel);
    expect(kernel.comms.map(({ opened }) => opened)).toEqual([true]);
    kernel.tells(figures);
    expect(spending.totals).toEqual({ tokens: 81204, cost: "0.021", unpriced: 0 });
    kernel.tells({ nonsense: true });
    expect(spending.totals?.tokens).toBe(81204);
    expect(changed).toHaveBeenCalledTimes(2);
  });

  test("is asked for again where the kernel did not know, or began anew", () => {
    const spending = new KernelSpending(() => undefined);
    const kernel = new FakeKernel();
    spending.ask(kernel);
    kernel.comms[0]?.onClose({});
    spending.ask(kernel);
    kernel.tells(figures);
    spending.forget();
    expect(spending.totals).toBeNull();
    spending.ask(kernel);
    expect(kernel.comms).toHaveLength(3);
  });

  test("is not asked for on a connection that takes no comms", () => {
    const kernel = new FakeKernel();
    kernel.handleComms = false;
    new KernelSpending(() => undefined).ask(kernel);
    expect(kernel.comms).toHaveLength(0);
  });

  test("is asked for when the cell that loads the extension has ended", () => {
    const signs = new Signs();
    const load = { code: "import os\n%load_ext mirascope_nb" };
    expect(signs.take("execute_input", load, "a")).toBe(false);
    expect(signs.take("status", { execution_state: "idle" }, "b")).toBe(false);
    expect(signs.take("status", { execution_state: "busy" }, "a")).toBe(false);
    expect(signs.take("status", { execution_state: "idle" }, "a")).toBe(true);
    expect(signs.take("status", { execution_state: "idle" }, "a")).toBe(false);
  });

  test("is asked for when a card or a progress bar is shown", () => {
    const output = (card: string | null) => ({
      data: { [RECORD_TYPE]: {} },
      metadata: { mirascope_nb: { card } },
    });
    const signs = new Signs();
    expect(signs.take("display_data", output("a"), "")).toBe(true);
    expect(signs.take("update_display_data", output("a"), "")).toBe(true);
    expect(signs.take("comm_open", { data: { state: { card_id: "a" } } }, "")).toBe(true);
    // A response that is only displayed: its kernel need not count.
    expect(signs.take("execute_result", output(null), "")).toBe(false);
    expect(signs.take("display_data", output(null), "")).toBe(false);
  });

  test.each(["stream", "status", "display_data", "comm_open", "execute_input"])(
    "takes no notice of other %s messages",
    (type) => {
      for (const content of [
        null,
        {},
        { data: null },
        { data: { [RECORD_TYPE]: {} } },
        { data: { state: { value: 3 } } },
        { code: "# %load_ext mirascope_nbx" },
        { execution_state: "idle" },
      ]) {
        expect(new Signs().take(type, content, "")).toBe(false);
      }
    },
  );
});

describe("commands", () => {
  afterEach(() => {
    document.body.replaceChildren();
    vi.restoreAllMocks();
  });

  const CALL =
    '<div class="mnb-tool" data-state="pending"><button class="mnb-approve">Approve</button></div>';

  test("find the call with the focus, else the first of the active cell", () => {
    document.body.innerHTML = `<div id="cell">${CALL}</div><div id="other">${CALL}</div>`;
    const [first, second] = document.querySelectorAll<HTMLElement>(".mnb-tool");
    const cell = document.querySelector("#cell");
    expect(findFocusedCall(cell)).toBe(first);
    second?.querySelector("button")?.focus();
    expect(findFocusedCall(cell)).toBe(second);
    expect(findFocusedCall(document.querySelector("#nothing"))).toBe(second);
  });

  test("find nothing when nothing waits", () => {
    document.body.innerHTML = '<div id="cell"><div class="mnb-tool" data-state="ok"></div></div>';
    expect(findFocusedCall(document.querySelector("#cell"))).toBeNull();
  });

  test("press a button that can be seen, and bring one into view that cannot", () => {
    document.body.innerHTML = CALL;
    const call = document.querySelector(".mnb-tool") as HTMLElement;
    const button = call.querySelector("button") as HTMLButtonElement;
    const clicked = vi.fn();
    button.addEventListener("click", clicked);
    call.scrollIntoView = vi.fn();
    const place = vi.spyOn(button, "getBoundingClientRect");
    place.mockReturnValue({ top: 5_000, bottom: 5_030 } as DOMRect);
    press(call, ".mnb-approve");
    expect(clicked.mock.calls).toHaveLength(0);
    expect(document.activeElement).toBe(button);
    place.mockReturnValue({ top: 100, bottom: 130 } as DOMRect);
    press(call, ".mnb-approve");
    expect(clicked.mock.calls).toHaveLength(1);
  });

  test("do not press a button that is not armed", () => {
    document.body.innerHTML = CALL.replace("<button", "<button disabled");
    const call = document.querySelector(".mnb-tool") as HTMLElement;
    const clicked = vi.fn();
    call.querySelector("button")?.addEventListener("click", clicked);
    press(call, ".mnb-approve");
    expect(clicked.mock.calls).toHaveLength(0);
  });

  test("stop what is live and nothing else", () => {
    document.body.innerHTML =
      '<div class="mnb-card"><button class="mnb-stop">1</button></div>' +
      '<div class="mnb-card"><button class="mnb-stop" hidden>2</button></div>' +
      '<div class="mnb-progress"><button class="mnb-cancel">3</button></div>' +
      '<button class="mnb-stop">4</button>';
    expect(findLiveButtons(document.body).map((one) => one.textContent)).toEqual(["1", "3"]);
    expect(findLiveButtons(null)).toEqual([]);
  });
});

describe("a saved progress bar", () => {
  const RECORD = {
    schema_version: 1,
    description: "Rows",
    total: 4,
    done: 3,
    failed: 1,
    cancelled: 0,
    tokens: 90,
    cost: "0.01",
    state: "done",
    rows: "ddfd",
    errors: [[2, "ValueError: no"]],
  };

  test("is drawn as it ended, and offers nothing by itself", () => {
    const bar = readBar({ ...RECORD, can_retry: true }, { mirascope_nb: { elapsed: 3.2 } });
    expect(bar).toMatchObject({ done: 3, rows: "ddfd", elapsed: 3.2, final: true, seq: 0 });
    expect(bar?.can_retry).toBe(false);
    expect(bar?.errors).toEqual([[2, "ValueError: no"]]);
  });

  test.each([null, [], {}, { ...RECORD, schema_version: 2 }, { ...RECORD, state: "running" }])(
    "is not made of %j",
    (data) => {
      expect(readBar(data, {})).toBeNull();
    },
  );

  test("leaves out what is of another type", () => {
    const bar = readBar({ ...RECORD, rows: "d<b>", errors: [7, ["x"]], done: "3", cost: 1 }, null);
    expect(bar).toMatchObject({ rows: null, done: 0, cost: null, elapsed: 0 });
    expect(bar?.errors).toEqual([
      [0, ""],
      [0, ""],
    ]);
  });

  test("knows the comm behind it where one was left open", () => {
    const live = { comm: "c", card: "b" };
    expect(readLive({ mirascope_nb: { live } })).toEqual(live);
    expect(readLive({ mirascope_nb: { live: { comm: 7, card: "b" } } })).toBeNull();
    expect(readLive({ mirascope_nb: { elapsed: 1 } })).toBeNull();
  });
});
