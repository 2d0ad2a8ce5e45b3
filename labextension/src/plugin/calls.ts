// The waiting calls and live replies of a page, found by what the widgets show.

const PENDING = '.mnb-tool[data-state="pending"]';
const STOPPABLE = ".mnb-card .mnb-stop, .mnb-progress .mnb-cancel";

/** The waiting call with the focus in it; else the first one of the active cell. */
export function findFocusedCall(cell: Element | null | undefined): HTMLElement | null {
  const focused = document.activeElement?.closest<HTMLElement>(PENDING);
  return focused ?? cell?.querySelector<HTMLElement>(PENDING) ?? null;
}

/** Press a button of a call that can be seen; one that cannot is brought into view instead. */
export function press(call: HTMLElement, selector: string): void {
  const button = call.querySelector<HTMLButtonElement>(selector);
  if (button === null) {
    return;
  }
  const { top, bottom } = button.getBoundingClientRect();
  if (top < 0 || bottom > window.innerHeight) {
    call.scrollIntoView({ block: "nearest" });
    button.focus({ preventScroll: true });
    return;
  }
  button.click();
}

/** The buttons that stop what is live. */
export function findLiveButtons(page: Element | null | undefined): HTMLButtonElement[] {
  const found = [...(page?.querySelectorAll<HTMLButtonElement>(STOPPABLE) ?? [])];
  return found.filter((button) => !button.hidden && !button.disabled);
}
