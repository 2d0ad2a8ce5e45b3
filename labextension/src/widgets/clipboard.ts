// Copying, where the page may be served without the rights that the clipboard asks for.

const THANKS_MILLISECONDS = 1500;

/** Put text on the clipboard and let the button say so for a moment. */
export async function copyText(text: string, button: HTMLElement): Promise<void> {
  const copied = (await copyByApi(text)) || copyBySelection(text);
  button.dataset["copied"] = copied ? "yes" : "no";
  setTimeout(() => {
    delete button.dataset["copied"];
  }, THANKS_MILLISECONDS);
}

async function copyByApi(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The old way, which works on plain HTTP and inside frames. */
function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    copied = false;
  }
  field.remove();
  if (focused instanceof HTMLElement) {
    focused.focus();
  }
  return copied;
}
