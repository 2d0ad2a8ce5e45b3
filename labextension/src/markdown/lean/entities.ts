// Stands in for the `entities` package in the bundle: the browser already has the table of names.

const decoder = document.createElement("textarea");

/** The character of one reference such as `&amp;`; a reference that means nothing stays as it is. */
export function decodeHTMLStrict(reference: string): string {
  if (!/^&(?:#x[\da-f]{1,6}|#\d{1,7}|[a-z][\da-z]{1,31});$/i.test(reference)) {
    return reference;
  }
  // The content of a textarea is text and character references: no element can come of it.
  decoder.innerHTML = reference;
  return decoder.textContent ?? reference;
}
