// What a card knows, and how messages change it. Pure: no page, no clock, no connection.
//
//   fresh --snapshot--> current --delta seq+1--> current
//   current --gap, or an operation that does not fit--> lost --snapshot--> current
//
// A lost card keeps what it has on show and asks for a resync. Deltas that arrive meanwhile are in the
// snapshot that is on its way, so they are dropped; a delta seen before is ignored.

import type {
  Block,
  Card,
  DeltaMessage,
  Op,
  SnapshotMessage,
  ToolBlock,
  ToolPhase,
} from "../../protocol";

export interface CardState {
  /** The number of the last message taken, `null` before the first. */
  readonly seq: number | null;
  readonly card: Card | null;
  /** Whether the kernel has said that nothing more will come. */
  readonly final: boolean;
  /** Whether something was missed, or nothing has come yet. */
  readonly lost: boolean;
  /** How each tool call was decided, by index: its state goes on to `running` and `ok`. */
  readonly decisions: ReadonlyMap<number, Decision>;
}

interface Decision {
  call: string;
  phase: ToolPhase;
  edited: boolean;
}

export const FRESH: CardState = {
  seq: null,
  card: null,
  final: false,
  lost: true,
  decisions: new Map(),
};

const DECIDED: readonly ToolPhase[] = [
  "auto_allowed",
  "auto_denied",
  "approved",
  "edited",
  "denied",
  "expired",
  "cancelled",
];

/** What may still happen to a call; with the end of its kernel it cannot. */
const OPEN: readonly ToolPhase[] = [
  "proposed",
  "auto_allowed",
  "pending",
  "approved",
  "edited",
  "running",
];

const KERNEL_ENDED = "the kernel ended before the reply did";

/** Take a message. A state that is `lost` afterwards needs a resync. */
export function receive(state: CardState, message: SnapshotMessage | DeltaMessage): CardState {
  if (message.kind === "snapshot") {
    return takeSnapshot(state, message);
  }
  if (state.lost || state.seq === null || state.card === null || message.seq <= state.seq) {
    return state;
  }
  if (message.seq !== state.seq + 1) {
    return { ...state, lost: true };
  }
  const card = applyOps(state.card, message.ops);
  if (card === null) {
    return { ...state, lost: true };
  }
  return {
    ...state,
    card,
    seq: message.seq,
    decisions: remember(state.decisions, state.card.blocks, card.blocks),
  };
}

/** The state of a card that nothing will happen to any more, with how its calls were decided. */
export function settledState(card: Card, phases: ReadonlyMap<number, ToolPhase>): CardState {
  const decisions = new Map<number, Decision>();
  for (const [index, phase] of phases) {
    const block = card.blocks[index];
    if (block?.type === "tool") {
      decisions.set(index, { call: block.call, phase, edited: phase === "edited" });
    }
  }
  return { seq: 0, card, final: true, lost: false, decisions };
}

/**
 * The state of a card whose kernel has ended, as far as the page knows it: what was live is over, and nobody
 * can decide any more. `now` is the kernel's time in seconds since the epoch.
 */
export function abandon(state: CardState, now: number): CardState {
  const { card } = state;
  if (card === null || !isLive(card)) {
    return state;
  }
  const blocks = card.blocks.map((block) =>
    block.type === "tool" && OPEN.includes(block.state)
      ? { ...block, state: "cancelled" as const, approval: null }
      : block,
  );
  const elapsed = Math.max(card.elapsed, now - card.started);
  return {
    ...state,
    final: true,
    card: { ...card, blocks, elapsed, state: "stopped", finish: KERNEL_ENDED },
  };
}

/** What a tool call's status says: how it was decided, also while it runs and when it has ended. */
export function decisionOf(state: CardState, index: number, block: ToolBlock): ToolPhase {
  if (block.state !== "running" && block.state !== "ok" && block.state !== "error") {
    return block.state;
  }
  const decision = state.decisions.get(index);
  if (decision !== undefined && decision.call === block.call && DECIDED.includes(decision.phase)) {
    return decision.phase;
  }
  if (block.by === "person") {
    return decision?.edited === true && decision.call === block.call ? "edited" : "approved";
  }
  return block.by === null ? block.state : "auto_allowed";
}

/** Whether the card still changes by itself. */
export function isLive(card: Card): boolean {
  return card.state === "streaming" || card.state === "waiting";
}

function takeSnapshot(state: CardState, message: SnapshotMessage): CardState {
  // Two views of one card each get the snapshots of both, so one may be older than what is known.
  if (state.seq !== null && message.seq < state.seq && !state.lost) {
    return state;
  }
  return {
    seq: message.seq,
    card: message.card,
    final: message.final,
    lost: false,
    decisions: remember(state.decisions, state.card?.blocks ?? [], message.card.blocks),
  };
}

function applyOps(card: Card, ops: readonly Op[]): Card | null {
  const blocks = [...card.blocks];
  let fields: Partial<Card> = {};
  for (const op of ops) {
    if (op[0] === "card") {
      fields = { ...fields, ...(op[1] as Partial<Card>) };
      continue;
    }
    const block =
      op[0] === "block" ? addBlock(blocks, op[1], op[2]) : changeBlock(blocks[op[1]], op);
    if (block === null) {
      return null;
    }
    blocks[op[1]] = block;
  }
  return { ...card, ...fields, blocks };
}

function addBlock(blocks: readonly Block[], index: number, block: Block): Block | null {
  return index === blocks.length ? block : null;
}

function changeBlock(block: Block | undefined, op: Op): Block | null {
  if (block === undefined) {
    return null;
  }
  if (op[0] === "set") {
    return { ...block, ...op[2] } as Block;
  }
  if (op[0] !== "append" || block.type === "error") {
    return null;
  }
  return block.type === "tool"
    ? { ...block, arguments: block.arguments + op[2] }
    : { ...block, text: block.text + op[2] };
}

function remember(
  known: ReadonlyMap<number, Decision>,
  before: readonly Block[],
  after: readonly Block[],
): ReadonlyMap<number, Decision> {
  const decisions = new Map<number, Decision>();
  for (const [index, block] of after.entries()) {
    if (block.type === "tool") {
      decisions.set(index, decide(known.get(index), before[index], block));
    }
  }
  return decisions;
}

function decide(
  known: Decision | undefined,
  before: Block | undefined,
  block: ToolBlock,
): Decision {
  const same = known?.call === block.call && before?.type === "tool" ? known : undefined;
  const changed =
    same !== undefined &&
    before?.type === "tool" &&
    before.state === "pending" &&
    before.arguments !== block.arguments;
  return {
    call: block.call,
    phase: DECIDED.includes(block.state) ? block.state : (same?.phase ?? block.state),
    edited: changed || (same?.edited ?? false),
  };
}
