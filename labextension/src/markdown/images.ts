// An image of a model's is fetched by nobody until a person asks: a fetch alone tells a server what its
// address carries. The button is ours.

const INLINE = /^data:image\/(?:png|jpeg|gif|webp);base64,/i;

/** What stands in the place of an image: a chip that names the host, with a button to load it. */
export function guardImage(source: string, alternative: string): HTMLElement {
  const place = describe(source);
  const chip = document.createElement("span");
  chip.className = "mnb-chip";
  chip.append(`blocked image: ${place.host}`);
  if (alternative !== "") {
    const words = document.createElement("span");
    words.className = "mnb-chip-words";
    words.textContent = alternative;
    chip.append(words);
  }
  const { address } = place;
  if (address !== null) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "mnb-chip-button";
    button.textContent = "Load";
    button.title = address.length > 300 ? `${address.slice(0, 300)}…` : address;
    button.addEventListener("click", () => {
      const image = document.createElement("img");
      image.className = "mnb-loaded";
      image.alt = alternative;
      image.referrerPolicy = "no-referrer";
      image.src = address;
      chip.replaceWith(image);
    });
    chip.append(button);
  }
  return chip;
}

function describe(source: string): { host: string; address: string | null } {
  if (INLINE.test(source)) {
    return { host: "inline data", address: source };
  }
  try {
    const url = new URL(source);
    if (url.protocol === "https:" && url.host !== "") {
      return { host: url.host, address: url.href };
    }
    return { host: url.host === "" ? url.protocol.slice(0, -1) : url.host, address: null };
  } catch {
    return { host: "no address", address: null };
  }
}
