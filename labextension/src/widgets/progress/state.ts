// A progress bar's state is its last message: each one is the whole. Pure.

import type { ProgressMessage } from "../../protocol";
import { formatCount, formatDollars, formatRate, formatSeconds } from "../figures";

/** The newer of two messages. A view that gets another view's answer may see an older one. */
export function newer(known: ProgressMessage | null, message: ProgressMessage): ProgressMessage {
  return known !== null && message.seq < known.seq ? known : message;
}

/** The last message of a bar whose kernel has ended: what had not ended never will. */
export function abandon(message: ProgressMessage): ProgressMessage {
  const over = { ...message, final: true, can_retry: false };
  return isRunning(message)
    ? {
        ...over,
        state: "cancelled",
        running: 0,
        waiting: 0,
        cancelled: message.cancelled + message.running + message.waiting,
        rows: message.rows?.replaceAll(/[.r]/g, "c") ?? null,
      }
    : over;
}

/** Whether anything may still happen by itself. */
export function isRunning(message: ProgressMessage): boolean {
  return message.state === "running" || message.state === "paused";
}

/** How many rows have come to an end, well or not. What was cancelled never did. */
export function countEnded(message: ProgressMessage): number {
  return message.done + message.failed;
}

/** `7/10 · 1 failed · 12 s`, and while it runs the rate and the time left. */
export function describeProgress(message: ProgressMessage, elapsed: number): string {
  const ended = countEnded(message);
  const words = [
    message.total === null
      ? `${formatCount(ended)} done`
      : `${formatCount(ended)}/${formatCount(message.total)}`,
  ];
  if (message.failed > 0) {
    words.push(`${formatCount(message.failed)} failed`);
  }
  // A bar that was cancelled says so by itself.
  if (message.cancelled > 0 && message.state !== "cancelled") {
    words.push(`${formatCount(message.cancelled)} cancelled`);
  }
  words.push(formatSeconds(elapsed, false));
  if (message.state === "running" && message.rate !== null && message.rate > 0) {
    words.push(formatRate(message.rate));
  }
  if (message.state === "running" && message.left !== null) {
    words.push(`${formatSeconds(message.left, false)} left`);
  }
  return words.join(" · ");
}

/** `81,204 tokens · $0.021 so far, about $0.032 in all · limited to 38 at once: waiting 2 s, 429` */
export function describeSpending(message: ProgressMessage): string {
  const words: string[] = [];
  if (message.tokens !== null) {
    words.push(`${formatCount(message.tokens)} tokens`);
  }
  if (message.cost !== null) {
    const cost = formatDollars(message.cost);
    const projected = message.projected;
    if (!isRunning(message)) {
      words.push(cost);
    } else if (projected === null) {
      words.push(`${cost} so far`);
    } else {
      words.push(`${cost} so far, about ${formatDollars(projected)} in all`);
    }
  }
  if (isRunning(message) && message.waiting_for !== null) {
    const limited = message.limit === null ? "limited" : `limited to ${message.limit} at once`;
    words.push(`${limited}: ${message.waiting_for}`);
  }
  return words.join(" · ");
}
