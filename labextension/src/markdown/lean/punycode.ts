// Stands in for the `punycode.js` package in the bundle: the browser's own URL parser knows punycode.

export default {
  toASCII(host: string): string {
    try {
      return new URL(`https://${host}`).hostname;
    } catch {
      return host;
    }
  },
  /** Never decoded: `xn--` is what tells two hosts that look alike apart. */
  toUnicode(host: string): string {
    return host;
  },
};
