// A link of a model's shows where it leads, and leads nowhere but to `https:` and `mailto:`.

import { showInvisible } from "../text/escape";

/** Make a sanitized link safe in place, or turn it into text that still tells its address. */
export function guardLink(link: HTMLAnchorElement): void {
  const address = link.getAttribute("href") ?? "";
  const url = parseAddress(address);
  if (url === null) {
    const text = link.textContent ?? "";
    link.replaceWith(...link.childNodes, text === address || address === "" ? "" : note(address));
    return;
  }
  link.setAttribute("href", url.href);
  link.setAttribute("rel", "noopener noreferrer nofollow");
  link.setAttribute("target", "_blank");
  const place = url.protocol === "mailto:" ? decodePath(url) : url.host;
  if (!says(link.textContent ?? "", url, place)) {
    link.after(note(place));
  }
}

function parseAddress(address: string): URL | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.protocol === "https:" && url.host !== "") {
    // A name before the host is there to be taken for the host.
    url.username = "";
    url.password = "";
    return url;
  }
  if (url.protocol === "mailto:" && url.pathname !== "") {
    // Only whom: a prepared subject or body would be words put into the reader's mouth.
    url.search = "";
    return url;
  }
  return null;
}

/** Whether the words of a link already tell its host. */
function says(text: string, url: URL, place: string): boolean {
  const words = text.trim();
  if (words === place || words === url.href || words === `${url.protocol}${place}`) {
    return true;
  }
  if (url.protocol === "mailto:") {
    return false;
  }
  try {
    const spoken = new URL(words.includes("://") ? words : `https://${words}`);
    return /^[!-~]+$/.test(words) && spoken.host === url.host && spoken.username === "";
  } catch {
    return false;
  }
}

function decodePath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return url.pathname;
  }
}

function note(place: string): HTMLElement {
  const element = document.createElement("span");
  element.className = "mnb-host";
  const words = showInvisible(place);
  element.textContent = ` (${words.length > 120 ? `${words.slice(0, 120)}…` : words})`;
  return element;
}
