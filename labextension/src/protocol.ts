// The messages between the kernel and the browser, each declared once. `mirascope_nb/widgets/protocol.py`
// declares the same, and a test compares the two: one interface per message, one field per line.
//
// A card's messages are numbered: `seq` rises by one with every delta and every snapshot. Whoever sees a
// delta that is not its own number plus one has missed something and asks for a `resync`; a snapshot is
// taken as it is.

export type CardPhase = "streaming" | "waiting" | "done" | "stopped" | "failed";

export type CardFormat = "markdown" | "text" | "json" | "values" | "html" | "code" | "math";

export type ToolPhase =
  | "proposed"
  | "auto_allowed"
  | "auto_denied"
  | "pending"
  | "approved"
  | "edited"
  | "denied"
  | "expired"
  | "cancelled"
  | "running"
  | "ok"
  | "error";

export type ProgressPhase = "running" | "paused" | "done" | "cancelled" | "failed";

export interface TokenUsage {
  input: number;
  output: number;
  cached: number;
  reasoning: number;
}

export interface TextBlock {
  type: "text";
  text: string;
}

export interface ThoughtBlock {
  type: "thought";
  text: string;
  seconds: number | null;
}

export interface Approval {
  id: string;
  digest: string;
  schema: { [name: string]: unknown } | null;
  expires: number;
  queue: number;
}

export interface ToolBlock {
  type: "tool";
  call: string;
  name: string;
  arguments: string;
  state: ToolPhase;
  signature: string | null;
  approval: Approval | null;
  reason: string | null;
  error: string | null;
  result: string | null;
  seconds: number | null;
  by: string | null;
}

export interface ErrorBlock {
  type: "error";
  title: string;
  message: string;
}

export type Block = TextBlock | ThoughtBlock | ToolBlock | ErrorBlock;

export interface Card {
  state: CardPhase;
  model: string;
  note: string | null;
  blocks: Block[];
  usage: TokenUsage | null;
  cost: string | null;
  started: number;
  elapsed: number;
  finish: string | null;
  format: CardFormat;
}

export type BlockOp = ["block", number, Block];
export type AppendOp = ["append", number, string];
export type SetOp = ["set", number, { [field: string]: unknown }];
export type CardOp = ["card", { [field: string]: unknown }];
export type Op = BlockOp | AppendOp | SetOp | CardOp;

// -- kernel to browser ----------------------------------------------------------------------------

export interface SnapshotMessage {
  kind: "snapshot";
  id: string;
  seq: number;
  final: boolean;
  card: Card;
}

export interface DeltaMessage {
  kind: "delta";
  id: string;
  seq: number;
  ops: Op[];
}

export interface RefusedMessage {
  kind: "refused";
  id: string;
  request: string;
  reason: string;
}

export interface ProgressMessage {
  kind: "progress";
  id: string;
  seq: number;
  final: boolean;
  description: string;
  total: number | null;
  done: number;
  failed: number;
  running: number;
  waiting: number;
  cancelled: number;
  elapsed: number;
  rate: number | null;
  left: number | null;
  tokens: number | null;
  cost: string | null;
  projected: string | null;
  limit: number | null;
  waiting_for: string | null;
  state: ProgressPhase;
  can_retry: boolean;
  rows: string | null;
  errors: [number, string][];
}

export type KernelMessage = SnapshotMessage | DeltaMessage | RefusedMessage | ProgressMessage;

// -- browser to kernel ----------------------------------------------------------------------------

export interface ResyncMessage {
  kind: "resync";
  id: string;
  request: string;
  have: number | null;
}

export interface StopMessage {
  kind: "stop";
  id: string;
  request: string;
}

export interface DecideMessage {
  kind: "decide";
  id: string;
  request: string;
  approval: string;
  digest: string;
  decision: "approve" | "deny";
  reason: string | null;
}

export interface EditMessage {
  kind: "edit";
  id: string;
  request: string;
  approval: string;
  digest: string;
  arguments: string;
}

export interface Scope {
  argument: string | null;
  value: unknown;
}

export interface AlwaysMessage {
  kind: "always";
  id: string;
  request: string;
  approval: string;
  digest: string;
  scope: Scope;
}

export interface ProgressResyncMessage {
  kind: "resync";
  id: string;
  request: string;
}

export interface CancelMessage {
  kind: "cancel";
  id: string;
  request: string;
}

export interface PauseMessage {
  kind: "pause";
  id: string;
  request: string;
}

export interface ResumeMessage {
  kind: "resume";
  id: string;
  request: string;
}

export interface RetryMessage {
  kind: "retry";
  id: string;
  request: string;
}

export interface LimitMessage {
  kind: "limit";
  id: string;
  request: string;
  value: number;
}

export type CardRequest = ResyncMessage | StopMessage | DecideMessage | EditMessage | AlwaysMessage;

export type ProgressRequest =
  | ProgressResyncMessage
  | CancelMessage
  | PauseMessage
  | ResumeMessage
  | RetryMessage
  | LimitMessage;

export type BrowserMessage = CardRequest | ProgressRequest;
