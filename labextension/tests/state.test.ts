import { describe, expect, test } from "vitest";

import type { Block, Card, DeltaMessage, Op, SnapshotMessage } from "../src/protocol";
import { type CardState, decisionOf, FRESH, receive } from "../src/widgets/card/state";
import { makeApproval, makeCard, makeTool } from "./fake-model";

const snapshot = (seq: number, card: Card, final = false): SnapshotMessage => ({
  kind: "snapshot",
  id: "card-1",
  seq,
  final,
  card,
});

const delta = (seq: number, ...ops: Op[]): DeltaMessage => ({
  kind: "delta",
  id: "card-1",
  seq,
  ops,
});

const textOf = (state: CardState) =>
  state.card?.blocks.map((block) => ("text" in block ? block.text : "")).join("") ?? "";

const play = (messages: (SnapshotMessage | DeltaMessage)[], from = FRESH) =>
  messages.reduce(receive, from);

describe("a card's state", () => {
  test("a fresh card is lost until its first snapshot", () => {
    expect(FRESH.lost).toBe(true);
    expect(play([delta(1, ["block", 0, { type: "text", text: "a" }])])).toEqual(FRESH);
    expect(play([snapshot(3, makeCard())]).lost).toBe(false);
  });

  test("deltas that follow one another are applied in order", () => {
    const state = play([
      snapshot(1, makeCard()),
      delta(2, ["block", 0, { type: "text", text: "Tok" }]),
      delta(3, ["append", 0, "yo"], ["card", { state: "done", elapsed: 2 }]),
    ]);
    expect(textOf(state)).toBe("Tokyo");
    expect(state.card).toMatchObject({ state: "done", elapsed: 2 });
    expect(state.seq).toBe(3);
  });

  test("what is appended to a tool call is its arguments", () => {
    const state = play([
      snapshot(1, makeCard({ blocks: [makeTool({ arguments: '{"a"' })] })),
      delta(2, ["append", 0, ":1}"], ["set", 0, { state: "pending" }]),
    ]);
    expect(state.card?.blocks[0]).toMatchObject({ arguments: '{"a":1}', state: "pending" });
  });

  test("a gap loses the card, and deltas are dropped until a snapshot comes", () => {
    const before = play([snapshot(1, makeCard({ blocks: [{ type: "text", text: "a" }] }))]);
    const lost = play([delta(3, ["append", 0, "c"]), delta(4, ["append", 0, "d"])], before);
    expect(lost.lost).toBe(true);
    expect(lost.seq).toBe(1);
    expect(textOf(lost)).toBe("a");
    const found = play([snapshot(5, makeCard({ blocks: [{ type: "text", text: "abcd" }] }))], lost);
    expect(found.lost).toBe(false);
    expect(textOf(play([delta(6, ["append", 0, "e"])], found))).toBe("abcde");
  });

  test("a delta seen before changes nothing", () => {
    const state = play([
      snapshot(1, makeCard({ blocks: [{ type: "text", text: "a" }] })),
      delta(2, ["append", 0, "b"]),
    ]);
    expect(receive(state, delta(2, ["append", 0, "b"]))).toBe(state);
    expect(receive(state, delta(1, ["append", 0, "b"]))).toBe(state);
  });

  test.each<[string, Op]>([
    ["an append to a block that is not there", ["append", 1, "x"]],
    ["an append to a negative index", ["append", -1, "x"]],
    ["an append to an error", ["append", 0, "x"]],
    ["a new block that leaves one out", ["block", 2, { type: "text", text: "" }]],
    ["a new block in the place of another", ["block", 0, { type: "text", text: "" }]],
    ["fields for a block that is not there", ["set", 7, { text: "x" }]],
  ])("%s loses the card and applies nothing of the message", (_, op) => {
    const error: Block = { type: "error", title: "t", message: "m" };
    const state = play([snapshot(1, makeCard({ blocks: [error] }))]);
    const lost = receive(state, delta(2, ["card", { note: "half" }], op));
    expect(lost.lost).toBe(true);
    expect(lost.card?.note).toBeNull();
  });

  test("a snapshot older than what is known is left alone", () => {
    const state = play([snapshot(5, makeCard({ note: "new" }))]);
    expect(receive(state, snapshot(4, makeCard({ note: "old" })))).toBe(state);
  });

  test("however messages are lost or repeated, a resync ends in the exact text", () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = makeRandom(seed);
      let text = "";
      let seq = 1;
      let state = receive(FRESH, snapshot(seq, makeCard({ blocks: [{ type: "text", text }] })));
      const sent: DeltaMessage[] = [];
      for (let step = 0; step < 80; step += 1) {
        const piece = String.fromCharCode(97 + Math.floor(random() * 26)).repeat(1 + (step % 3));
        text += piece;
        seq += 1;
        sent.push(delta(seq, ["append", 0, piece]));
        const luck = random();
        const last = sent.at(-1) as DeltaMessage;
        if (luck > 0.15) {
          state = receive(state, last);
        }
        if (luck > 0.8) {
          state = receive(state, sent[Math.floor(random() * sent.length)] as DeltaMessage);
        }
        if (state.lost && random() > 0.6) {
          seq += 1;
          state = receive(state, snapshot(seq, makeCard({ blocks: [{ type: "text", text }] })));
        }
        if (!state.lost) {
          expect(text.startsWith(textOf(state))).toBe(true);
        }
      }
      seq += 1;
      state = receive(state, snapshot(seq, makeCard({ blocks: [{ type: "text", text }] }), true));
      expect(textOf(state)).toBe(text);
      expect(state.final).toBe(true);
    }
  });
});

describe("how a call was decided", () => {
  const withTool = (...changes: { [field: string]: unknown }[]) => {
    const first = makeTool({ state: "pending", approval: makeApproval() });
    return play([
      snapshot(1, makeCard({ blocks: [first] })),
      ...changes.map((fields, index) => delta(index + 2, ["set", 0, fields])),
    ]);
  };
  const decision = (state: CardState) => {
    const block = state.card?.blocks[0];
    return block?.type === "tool" ? decisionOf(state, 0, block) : null;
  };

  test("stays on show while the tool runs and when it has ended", () => {
    expect(decision(withTool({ state: "approved" }, { state: "running" }, { state: "ok" }))).toBe(
      "approved",
    );
    expect(decision(withTool({ state: "edited" }, { state: "error" }))).toBe("edited");
  });

  test("is told by who decided when the moment itself was not seen", () => {
    expect(decision(withTool({ state: "ok", by: "person" }))).toBe("approved");
    expect(decision(withTool({ state: "ok", by: "rule" }))).toBe("auto_allowed");
    expect(decision(withTool({ state: "ok", by: null }))).toBe("ok");
  });

  test("is an edit when the arguments changed while it waited", () => {
    const edited = { arguments: "{}", approval: makeApproval({ digest: "other" }) };
    expect(decision(withTool(edited, { state: "running", by: "person" }))).toBe("edited");
  });

  test("is not handed on to another call in the same place", () => {
    const state = withTool({ state: "denied" });
    const other = makeTool({ call: "call_2", state: "ok" });
    expect(decision(receive(state, snapshot(9, makeCard({ blocks: [other] }))))).toBe("ok");
  });
});

function makeRandom(seed: number): () => number {
  let value = seed;
  return () => {
    value = (value * 48271) % 2147483647;
    return value / 2147483647;
  };
}
