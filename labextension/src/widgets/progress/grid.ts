// A square for each row, so that what failed can be found. One tab stop; arrows move inside.

import { showInvisible } from "../../text/escape";
import { make, setAttribute, setShown, setText } from "../dom";

const WORDS: { readonly [letter: string]: string } = {
  ".": "waiting",
  r: "running",
  d: "done",
  f: "failed",
  c: "cancelled",
};

export class RowGrid {
  readonly element: HTMLElement;
  #squares = make("div", { class: "mnb-grid", role: "img", hidden: true });
  #told = make("div", { class: "mnb-row-told", "aria-live": "polite", hidden: true });
  #rows = "";
  #errors = new Map<number, string>();
  #at: number | null = null;

  constructor() {
    this.element = make("div", { class: "mnb-rows" }, this.#squares, this.#told);
    this.#squares.addEventListener("pointerover", (event) => this.#tellOf(event.target));
    this.#squares.addEventListener("pointerleave", () => this.#tell(this.#focused()));
    this.#squares.addEventListener("focusin", (event) => this.#tellOf(event.target));
    this.#squares.addEventListener("focusout", () => this.#tell(null));
    this.#squares.addEventListener("keydown", (event) => this.#move(event));
  }

  update(rows: string | null, errors: readonly (readonly [number, string])[]): void {
    this.#errors = new Map(errors);
    const next = rows ?? "";
    setShown(this.#squares, next !== "");
    while (this.#squares.childElementCount > next.length) {
      this.#squares.lastElementChild?.remove();
    }
    for (let index = 0; index < next.length; index += 1) {
      const letter = next.charAt(index);
      const square = this.#squares.children[index] as HTMLElement | undefined;
      if (square === undefined) {
        this.#squares.append(this.#makeSquare(index, letter));
      } else if (letter !== this.#rows.charAt(index)) {
        this.#paint(square, index, letter);
      }
    }
    this.#rows = next;
    setAttribute(this.#squares, "aria-label", describeRows(next));
    this.#offerTabStop();
    this.#tell(this.#at);
  }

  #makeSquare(index: number, letter: string): HTMLElement {
    const square = make("span", { class: "mnb-square" });
    this.#paint(square, index, letter);
    return square;
  }

  #paint(square: HTMLElement, index: number, letter: string): void {
    setAttribute(square, "data-row", letter === "." ? "w" : letter);
    // What failed can be reached by keyboard; the rest is one picture.
    const failed = letter === "f";
    setAttribute(square, "role", failed ? "img" : null);
    setAttribute(square, "aria-label", failed ? `Row ${index} failed` : null);
    setAttribute(square, "tabindex", failed ? -1 : null);
  }

  #offerTabStop(): void {
    const failed = this.#failedSquares();
    // A picture has no parts; a group of pictures has.
    setAttribute(this.#squares, "role", failed.length > 0 ? "group" : "img");
    const focused = this.#focused();
    for (const [order, square] of failed.entries()) {
      const chosen = focused === null ? order === 0 : square === this.#squares.children[focused];
      setAttribute(square, "tabindex", chosen ? 0 : -1);
    }
  }

  #failedSquares(): HTMLElement[] {
    return [...this.#squares.querySelectorAll<HTMLElement>('[data-row="f"]')];
  }

  #focused(): number | null {
    const active = document.activeElement;
    return active !== null && active.parentElement === this.#squares ? indexIn(active) : null;
  }

  #tellOf(target: EventTarget | null): void {
    if (target instanceof HTMLElement && target.parentElement === this.#squares) {
      this.#tell(indexIn(target));
    }
  }

  #tell(index: number | null): void {
    this.#at = index;
    const letter = index === null ? "" : this.#rows.charAt(index);
    if (index === null || letter === "") {
      setShown(this.#told, false);
      return;
    }
    const error = this.#errors.get(index);
    const words = `Row ${index}: ${error === undefined ? (WORDS[letter] ?? letter) : showInvisible(error)}`;
    setText(this.#told, words);
    setAttribute(this.#told, "data-row", letter === "." ? "w" : letter);
    setShown(this.#told, true);
  }

  #move(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const failed = this.#failedSquares();
    const at = failed.indexOf(document.activeElement as HTMLElement);
    if (step === undefined || at < 0) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    failed[(at + step + failed.length) % failed.length]?.focus();
    this.#offerTabStop();
  }
}

function indexIn(square: Element): number {
  return Array.prototype.indexOf.call(square.parentElement?.children ?? [], square);
}

function describeRows(rows: string): string {
  const counts = Object.entries(WORDS)
    .map(([letter, word]) => [rows.split(letter).length - 1, word] as const)
    .filter(([count]) => count > 0);
  return `Rows: ${counts.map(([count, word]) => `${count} ${word}`).join(", ")}`;
}
