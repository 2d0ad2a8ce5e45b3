// Page work is done at most once a frame. A hidden page gets no frames, so a slow timer stands in: what
// is on the page when somebody looks, or when it is saved, is never more than a moment old.

const HIDDEN_MILLISECONDS = 250;

/** Runs `draw` once for any number of `request()` calls before the next frame. */
export class FrameScheduler {
  #draw: () => void;
  #frame: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  request(): void {
    if (this.#frame !== null) {
      return;
    }
    this.#frame = requestAnimationFrame(() => this.flush());
    this.#timer = setTimeout(() => this.flush(), HIDDEN_MILLISECONDS);
  }

  /** Draw now. */
  flush(): void {
    this.cancel();
    this.#draw();
  }

  cancel(): void {
    if (this.#frame !== null) {
      cancelAnimationFrame(this.#frame);
      this.#frame = null;
    }
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }
}
