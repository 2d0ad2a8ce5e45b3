// Changing a call's arguments before it may run: the JSON itself, with a form beside it where that helps.
// The text is what counts and what is sent; the form writes into it.

import { showInvisible } from "../../text/escape";
import { isJson, layOutJson, type Member, readMembers } from "../../text/json";
import { make, makeButton, setAttribute, setShown, setText } from "../dom";
import {
  type Control,
  type Field,
  fill,
  makeControl,
  readFields,
  type Schema,
  spell,
} from "./fields";

interface Actions {
  save(argumentsText: string): void;
  discard(): void;
}

export class ArgumentEditor {
  readonly element: HTMLElement;
  #before: string;
  #actions: Actions;
  #controls = new Map<string, { field: Field; control: Control }>();
  #text = make("textarea", {
    class: "mnb-field mnb-json",
    "aria-label": "Arguments",
    spellcheck: "false",
    autocapitalize: "off",
  });
  #alert = make("div", { class: "mnb-alert", role: "alert", hidden: true });
  #save = makeButton("Save", "mnb-primary mnb-save", () => this.#trySave());

  constructor(argumentsText: string, schema: Schema, actions: Actions) {
    this.#before = argumentsText;
    this.#actions = actions;
    this.#text.value = layOutJson(argumentsText);
    this.#text.rows = Math.min(18, Math.max(4, this.#text.value.split("\n").length + 1));
    this.#text.addEventListener("input", () => this.#readText());
    const panes = make("div", { class: "mnb-editor-panes" });
    const fields = readFields(schema);
    if (fields !== null) {
      panes.append(this.#makeForm(fields));
    }
    panes.append(this.#text);
    const discard = makeButton("Discard", "mnb-quiet", () => actions.discard());
    this.element = make(
      "div",
      { class: "mnb-editor" },
      panes,
      this.#alert,
      make("div", { class: "mnb-approval-row" }, this.#save, discard),
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        actions.discard();
      }
    });
    this.#readText();
  }

  focus(): void {
    this.#text.focus({ preventScroll: true });
    // Arguments that were longer than the page are gone from it: without this it would be blank.
    this.element.scrollIntoView?.({ block: "nearest" });
  }

  /** Show why the arguments were not taken. */
  refuse(reason: string): void {
    this.#save.disabled = false;
    setText(this.#alert, reason);
    setShown(this.#alert, true);
  }

  #trySave(): void {
    const text = this.#text.value;
    try {
      JSON.parse(text);
    } catch (error) {
      this.refuse(`This is not JSON: ${showInvisible((error as Error).message)}`);
      return;
    }
    if (readMembers(text) === null) {
      this.refuse("Arguments are a JSON object: {…}");
      return;
    }
    if (layOutJson(text) === layOutJson(this.#before)) {
      this.#actions.discard();
      return;
    }
    setShown(this.#alert, false);
    this.#save.disabled = true;
    this.#actions.save(text);
  }

  #makeForm(fields: readonly Field[]): HTMLElement {
    const form = make("div", { class: "mnb-form" });
    for (const field of fields) {
      const control = makeControl(field);
      // The label's own text has the choices in it as well.
      setAttribute(control, "aria-label", showInvisible(field.name));
      control.addEventListener("input", () => this.#writeField(field, control));
      this.#controls.set(field.name, { field, control });
      form.append(
        make(
          "label",
          { class: "mnb-form-row" },
          make("span", {}, showInvisible(field.name)),
          control,
        ),
      );
    }
    return form;
  }

  #readText(): void {
    const members = readMembers(this.#text.value);
    for (const { field, control } of this.#controls.values()) {
      control.disabled = members === null;
      if (members === null) {
        // Until the text is an object again, the form keeps what it was last.
        continue;
      }
      const raw = members.find((member) => member.name === field.name)?.raw;
      if (control !== document.activeElement) {
        fill(control, field, raw);
      }
    }
  }

  #writeField(field: Field, control: Control): void {
    const members = readMembers(this.#text.value);
    if (members === null) {
      return;
    }
    const raw = spell(control, field);
    setAttribute(control, "aria-invalid", raw === undefined ? "true" : null);
    if (raw === undefined) {
      return;
    }
    const at = members.findIndex((member) => member.name === field.name);
    if (raw === null) {
      members.splice(at, at < 0 ? 0 : 1);
    } else if (at < 0) {
      members.push({ name: field.name, raw });
    } else {
      members[at] = { name: field.name, raw };
    }
    this.#text.value = layOutMembers(members);
  }
}

function layOutMembers(members: readonly Member[]): string {
  const text = members.map(({ name, raw }) => `${JSON.stringify(name)}:${raw}`).join(",");
  return isJson(`{${text}}`) ? layOutJson(`{${text}}`) : `{\n  ${text.replaceAll(",", ",\n  ")}\n}`;
}
