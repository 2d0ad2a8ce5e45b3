// The reply's text on the page. It grows as plain text; what is finished is Markdown.

import { PieceCutter } from "../../markdown/pieces";
import { renderMarkdown } from "../../markdown/render";
import { layOutValues } from "../../markdown/values";
import type { CardFormat } from "../../protocol";
import { make } from "../dom";

/** One text block. `update` may be called with any text; an extension of the last costs what is new. */
export interface TextView {
  readonly element: HTMLElement;
  update(text: string, finished: boolean): void;
}

export function makeTextView(format: CardFormat): TextView {
  if (format === "values") {
    return new ValuesView();
  }
  return format === "markdown" || format === "math" ? new MarkdownView() : new SourceView(format);
}

/** Appends to a text node instead of writing it anew. */
class GrowingText {
  readonly node = document.createTextNode("");

  show(text: string): void {
    const shown = this.node.data;
    if (text.length > shown.length && text.startsWith(shown)) {
      this.node.appendData(text.slice(shown.length));
    } else if (text !== shown) {
      this.node.data = text;
    }
  }
}

class SourceView implements TextView {
  readonly element: HTMLElement;
  #text = new GrowingText();

  constructor(format: CardFormat) {
    const frame = make("pre", { class: format === "text" ? "mnb-plain" : "mnb-source" });
    frame.append(this.#text.node);
    this.element = make("div", { class: "mnb-model", dir: "auto" }, frame);
  }

  update(text: string, finished: boolean): void {
    this.#text.show(text);
    this.element.classList.toggle("mnb-growing", !finished);
  }
}

/** An object as it fills in. A reply that is none, such as words before a tool call, is Markdown. */
class ValuesView implements TextView {
  readonly element = make("div", { class: "mnb-model mnb-markdown", dir: "auto" });
  #shown: string | null = null;
  #prose: MarkdownView | null = null;

  update(text: string, finished: boolean): void {
    const laidOut = layOutValues(text);
    if (laidOut === null && !/^\s*(?:[{[]|```|$)/.test(text)) {
      if (this.#prose === null) {
        this.#prose = new MarkdownView();
        this.element.replaceChildren(this.#prose.element);
      }
      this.#prose.update(text, finished);
      return;
    }
    this.#prose = null;
    const source = laidOut ?? (finished ? `\`\`\`json\n${text.trim()}\n\`\`\`` : "");
    if (source !== this.#shown) {
      this.#shown = source;
      this.element.replaceChildren(renderMarkdown(source));
    }
    this.element.classList.toggle("mnb-growing", !finished);
  }
}

class MarkdownView implements TextView {
  readonly element = make("div", { class: "mnb-model mnb-markdown", dir: "auto" });
  #cutter = new PieceCutter();
  #taken = "";
  #finished = false;
  #tail = make("div", { class: "mnb-tail" });
  #tailText = new GrowingText();

  constructor() {
    this.#tail.append(this.#tailText.node);
    this.element.append(this.#tail);
  }

  update(text: string, finished: boolean): void {
    if (!text.startsWith(this.#taken) || (this.#finished && !(finished && text === this.#taken))) {
      this.#startOver();
    }
    if (this.#finished) {
      return;
    }
    for (const piece of this.#cutter.feed(text.slice(this.#taken.length))) {
      this.#tail.before(renderMarkdown(piece));
    }
    this.#taken = text;
    if (finished) {
      this.#finish();
    } else {
      this.#showTail();
    }
    this.element.classList.toggle("mnb-growing", !finished);
  }

  #showTail(): void {
    const { start, fenced } = this.#cutter.tail;
    this.#tail.classList.toggle("mnb-fenced", fenced);
    this.#tailText.show(this.#cutter.textFrom(start).replace(fenced ? /^$/ : /^\n+/, ""));
  }

  #finish(): void {
    this.#finished = true;
    this.#tail.remove();
    // Pieces are read alone; the whole may mean more, as with a reference defined further down. The page
    // is touched only where that is so, to leave a selection and loaded images be.
    const whole = make("div");
    whole.append(renderMarkdown(this.#taken));
    const pieces = this.element.cloneNode(true) as HTMLElement;
    const last = renderMarkdown(this.#cutter.textFrom(this.#cutter.pieceStart));
    pieces.append(last.cloneNode(true));
    if (sameContent(pieces, whole)) {
      this.element.append(last);
    } else {
      this.element.replaceChildren(...whole.childNodes);
    }
  }

  #startOver(): void {
    this.#cutter = new PieceCutter();
    this.#taken = "";
    this.#finished = false;
    this.#tailText.node.data = "";
    this.element.replaceChildren(this.#tail);
  }
}

function sameContent(one: HTMLElement, other: HTMLElement): boolean {
  return one.innerHTML.replace(/\s+/g, " ") === other.innerHTML.replace(/\s+/g, " ");
}
