// Elements made by hand. Text goes in as text nodes only, so nothing said here can become markup.

/** Bubbles from a card or a progress bar whose state has changed. */
export const LIVENESS_EVENT = "mirascope-nb:state";

type Child = Node | string | null;

interface Attributes {
  [name: string]: string | number | boolean | null | undefined;
}

/** An element with attributes (`null`, `undefined` and `false` are left out) and children. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    setAttribute(element, key, value);
  }
  for (const child of children) {
    if (child !== null) {
      element.append(child);
    }
  }
  return element;
}

/** A button that does not submit, with a click handler. */
export function makeButton(
  label: string,
  className: string,
  onClick: () => void,
): HTMLButtonElement {
  const button = make("button", { type: "button", class: `mnb-button ${className}`.trim() }, label);
  button.addEventListener("click", onClick);
  return button;
}

/** Set an attribute; `null`, `undefined` and `false` remove it. */
export function setAttribute(
  element: Element,
  name: string,
  value: string | number | boolean | null | undefined,
): void {
  if (value === null || value === undefined || value === false) {
    element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) {
    element.setAttribute(name, text);
  }
}

/** Set an element's text, touching the page only when it differs. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Set what an element holds, touching the page only when its text differs. */
export function setNodes(element: Element, nodes: readonly (Node | string)[]): void {
  const text = nodes.map((node) => (typeof node === "string" ? node : node.textContent)).join("");
  if (element.textContent !== text) {
    element.replaceChildren(...nodes);
  }
}

/** Show or hide an element, from the page and from assistive technology alike. */
export function setShown(element: HTMLElement, shown: boolean): void {
  if (element.hidden === shown) {
    element.hidden = !shown;
  }
}

/** Set the state that a widget's style follows, and tell the page when it has changed. */
export function setRootState(root: Element, state: string): void {
  if (root.getAttribute("data-state") !== state) {
    root.setAttribute("data-state", state);
    root.dispatchEvent(new CustomEvent(LIVENESS_EVENT, { bubbles: true }));
  }
}

/** Text for one attribute-driven label: the element's text stays the raw state word. */
export function setState(element: Element, state: string, label: string): void {
  setText(element, state);
  setAttribute(element, "data-state", state);
  setAttribute(element, "data-label", label);
}
