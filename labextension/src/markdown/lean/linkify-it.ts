// Stands in for the `linkify-it` package in the bundle. Only addresses written out with `https://` become
// links here, so its tables of schemes and top-level domains are not needed.

interface Match {
  schema: string;
  index: number;
  lastIndex: number;
  raw: string;
  text: string;
  url: string;
}

const ADDRESS = /https:\/\/[^\s<>"'`\\^{|}\u2000-\u206f\ufeff]+/g;
const TRAILING = /[.,;:!?*_~]+$/;

export class LinkifyIt {
  test(text: string): boolean {
    return text.includes("https://");
  }

  match(text: string): Match[] | null {
    const found: Match[] = [];
    for (const { index, 0: address } of text.matchAll(ADDRESS)) {
      const raw = trimAddress(address);
      if (raw.length > "https://".length) {
        const lastIndex = index + raw.length;
        found.push({ schema: "https:", index, lastIndex, raw, text: raw, url: raw });
      }
    }
    return found.length > 0 ? found : null;
  }

  matchAtStart(text: string): Match | null {
    return text.startsWith("https://")
      ? (this.match(text.split(/\s/, 1)[0] ?? "")?.[0] ?? null)
      : null;
  }
}

/** Leaves off what ends a sentence, and a bracket that was opened before the address. */
function trimAddress(address: string): string {
  let kept = address.replace(TRAILING, "");
  for (const [open, close] of ["()", "[]"]) {
    while (kept.endsWith(close ?? "") && count(kept, close) > count(kept, open)) {
      kept = kept.slice(0, -1).replace(TRAILING, "");
    }
  }
  return kept;
}

function count(text: string, character: string | undefined): number {
  return text.split(character ?? "").length - 1;
}
