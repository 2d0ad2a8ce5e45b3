// Markdown of a model, made into page content. Three walls, each enough for most of it: markdown-it makes
// no HTML of HTML, DOMPurify keeps an allow-list, and links and images are then looked at one by one.

import createDOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

import { makeCodeBlock } from "./code";
import { guardImage } from "./images";
import { guardLink } from "./links";

const ALLOWED_TAGS = [
  "a",
  "blockquote",
  "br",
  "code",
  "del",
  "em",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "hr",
  "li",
  "ol",
  "p",
  "pre",
  "s",
  "span",
  "strong",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
  "ul",
];
const ALLOWED_ATTRIBUTES = ["href", "start", "class"];
const OWN_CLASSES = new Set(["mnb-center", "mnb-right", "mnb-image"]);

interface Image {
  source: string;
  alternative: string;
}

const purify = createDOMPurify(window);
purify.addHook("uponSanitizeAttribute", (_node, attribute) => {
  if (attribute.attrName === "class") {
    attribute.keepAttr = OWN_CLASSES.has(attribute.attrValue);
  }
});

const markdown = makeMarkdown();

/** Render one finished piece of a model's Markdown. */
export function renderMarkdown(source: string): DocumentFragment {
  const images: Image[] = [];
  const fragment = purify.sanitize(markdown.render(source, { images }), {
    ALLOWED_TAGS,
    ALLOWED_ATTR: ALLOWED_ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of fragment.querySelectorAll("a")) {
    guardLink(link);
  }
  for (const [index, place] of [...fragment.querySelectorAll("span.mnb-image")].entries()) {
    const image = images[index];
    if (image !== undefined) {
      place.replaceWith(guardImage(image.source, image.alternative));
    }
  }
  for (const block of fragment.querySelectorAll("pre")) {
    block.replaceWith(makeCodeBlock(block.textContent ?? ""));
  }
  for (const table of fragment.querySelectorAll("table")) {
    const frame = document.createElement("div");
    frame.className = "mnb-table";
    table.replaceWith(frame);
    frame.append(table);
  }
  return fragment;
}

function makeMarkdown() {
  const made = new MarkdownIt({ html: false, linkify: true, breaks: false });
  // Every address passes here and is judged later, on the page, where the browser has parsed it. What
  // `guardLink` refuses is shown as text together with its address.
  made.validateLink = () => true;
  made.renderer.rules["image"] = (tokens, index, options, environment, renderer) => {
    const token = tokens[index];
    const words = renderer.renderInlineAsText(token?.children ?? [], options, environment ?? {});
    const images = environment?.["images"] as Image[] | undefined;
    images?.push({ source: String(token?.attrGet("src") ?? ""), alternative: words });
    return '<span class="mnb-image"></span>';
  };
  for (const cell of ["th_open", "td_open"]) {
    made.renderer.rules[cell] = (tokens, index) => {
      const align = /text-align:\s*(center|right)/.exec(
        String(tokens[index]?.attrGet("style")),
      )?.[1];
      return `<${cell.slice(0, 2)}${align === undefined ? "" : ` class="mnb-${align}"`}>`;
    };
  }
  return made;
}
