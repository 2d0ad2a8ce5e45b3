// Figures as people read them. Every string here is set in tabular digits.

const COUNT = new Intl.NumberFormat("en-US");

/** `81,204` */
export function formatCount(value: number): string {
  return COUNT.format(Math.round(value));
}

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`; `tenths` below ten seconds. */
export function formatSeconds(seconds: number, tenths = true): string {
  const value = Math.max(0, seconds);
  if (value < 10 && tenths) {
    return `${(Math.floor(value * 10) / 10).toFixed(1)} s`;
  }
  const whole = Math.floor(value);
  if (whole < 100) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  }
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** `14:32`, as the reader's own clock shows it. */
export function formatClock(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** `$1.25`, `$0.021`, `$0.0003`: two figures that mean something, never rounded to nothing. */
export function formatDollars(cost: string): string {
  const value = Number(cost);
  if (!Number.isFinite(value)) {
    return cost;
  }
  if (value === 0) {
    return "$0";
  }
  if (Math.abs(value) >= 1) {
    return `$${value.toFixed(2)}`;
  }
  const digits = Math.min(12, 1 - Math.floor(Math.log10(Math.abs(value))));
  return `$${value.toFixed(digits).replace(/0+$/, "")}`;
}

/** `21/s`, `1.4/s`, `12/min` */
export function formatRate(perSecond: number): string {
  if (perSecond >= 10) {
    return `${Math.round(perSecond)}/s`;
  }
  if (perSecond >= 1) {
    return `${perSecond.toFixed(1)}/s`;
  }
  return `${Math.round(perSecond * 60)}/min`;
}
