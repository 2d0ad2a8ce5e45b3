// Stands in for the `mdurl` package in the bundle. Every address is parsed and judged on the page by the
// browser's own URL parser (`links`, `images`), so here it is only spelled in characters an address may have.

interface Address {
  pathname: string;
}

export function parse(address: string): Address {
  return { pathname: address };
}

export function format(address: Address): string {
  return address.pathname;
}

/** Percent-encodes what has no place in an address; what is encoded already stays. */
export function encode(text: string): string {
  return text.replace(/%[0-9A-Fa-f]{2}|[^A-Za-z0-9_;/?:@&=+$,\-.!~*'()#]/gu, (found) => {
    if (found.length === 3) {
      return found;
    }
    try {
      return encodeURIComponent(found);
    } catch {
      return "%EF%BF%BD";
    }
  });
}

/** As it is spelled: what was encoded may be there to be taken for something else. */
export function decode(text: string): string {
  return text;
}
decode.defaultChars = "";
