// A reply that is still arriving, cut where Markdown is finished. A piece ends at a blank line, or around
// a fence, and never changes afterwards; what comes after the last cut is the unfinished tail.

export interface Tail {
  /** Where the tail's text begins in the source. */
  start: number;
  /** Whether the tail is inside a fence, whose first line is not content. */
  fenced: boolean;
}

const OPENING = /^[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*(`{3,}|~{3,})/;

/** Finds finished pieces in a growing text; each character is looked at once. */
export class PieceCutter {
  #text = "";
  #line = 0;
  #piece = 0;
  #blankBefore = false;
  #fence: string | null = null;
  #fenceIsTopLevel = false;

  /** Take more text; returns the pieces that are now finished, in order. */
  feed(text: string): string[] {
    this.#text += text;
    const finished: string[] = [];
    let end = this.#text.indexOf("\n", this.#line);
    while (end >= 0) {
      this.#takeLine(this.#text.slice(this.#line, end), finished, end + 1);
      this.#line = end + 1;
      end = this.#text.indexOf("\n", this.#line);
    }
    // The first character of a line is enough to tell that the paragraph before it is finished.
    if (
      this.#fence === null &&
      this.#blankBefore &&
      /^[^ \t]/.test(this.#text.slice(this.#line, this.#line + 1))
    ) {
      this.#cut(this.#line, finished);
      this.#blankBefore = false;
    }
    return finished;
  }

  /** The unfinished rest. */
  get tail(): Tail {
    const fenced = this.#fence !== null && this.#fenceIsTopLevel;
    if (!fenced) {
      return { start: this.#piece, fenced };
    }
    const firstLine = this.#text.indexOf("\n", this.#piece);
    return { start: firstLine < 0 ? this.#text.length : firstLine + 1, fenced };
  }

  /** Where the unfinished piece begins in the source. */
  get pieceStart(): number {
    return this.#piece;
  }

  /** The text so far, from a place in it. */
  textFrom(start: number): string {
    return this.#text.slice(start);
  }

  #takeLine(line: string, finished: string[], next: number): void {
    if (this.#fence !== null) {
      this.#takeFencedLine(line, finished, next);
      return;
    }
    if (line.trim() === "") {
      this.#blankBefore = true;
      return;
    }
    // An indented line after a blank one may still belong to the list or quote before it.
    if (this.#blankBefore && !/^[ \t]/.test(line)) {
      this.#cut(this.#line, finished);
    }
    this.#blankBefore = false;
    const fence = OPENING.exec(line)?.[1];
    if (fence === undefined) {
      return;
    }
    // Backticks may not follow in the first line of a backtick fence: that would be inline code.
    if (fence.startsWith("`") && line.slice(line.indexOf(fence) + fence.length).includes("`")) {
      return;
    }
    this.#fence = fence;
    this.#fenceIsTopLevel = line.startsWith(fence);
    if (this.#fenceIsTopLevel) {
      this.#cut(this.#line, finished);
    }
  }

  #takeFencedLine(line: string, finished: string[], next: number): void {
    const closing = line.replace(/^[ \t>]*/, "").trimEnd();
    const fence = this.#fence ?? "";
    const closes =
      closing.length >= fence.length && closing === fence.charAt(0).repeat(closing.length);
    if (!closes) {
      return;
    }
    this.#fence = null;
    if (this.#fenceIsTopLevel) {
      this.#cut(next, finished);
    }
  }

  #cut(at: number, finished: string[]): void {
    const piece = this.#text.slice(this.#piece, at);
    if (piece.trim() !== "") {
      finished.push(piece);
    }
    this.#piece = at;
  }
}
