// Changing a call's arguments before it may run: the JSON itself, with a form beside it when the schema is
// flat. The text is what counts and what is sent; the form writes into it.

import { showInvisible } from "../../text/escape";
import { isJson, layOutJson, type Member, readMembers } from "../../text/json";
import { make, makeButton, setAttribute, setShown, setText } from "../dom";

interface Actions {
  save(argumentsText: string): void;
  discard(): void;
}

type Schema = { [name: string]: unknown } | null;

interface Field {
  name: string;
  kind: "string" | "number" | "boolean" | "choice";
  choices: readonly unknown[];
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

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
    const fields = readFlatSchema(schema);
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
    const raw = spell(field, control);
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

/** The fields of an object whose values are all simple; `null` when a form would not do. */
function readFlatSchema(schema: Schema): Field[] | null {
  const properties = schema?.["properties"];
  if (typeof properties !== "object" || properties === null) {
    return null;
  }
  const fields: Field[] = [];
  for (const [name, property] of Object.entries(properties as { [name: string]: unknown })) {
    const field = readField(name, property);
    if (field === null) {
      return null;
    }
    fields.push(field);
  }
  return fields.length > 0 && fields.length <= 12 ? fields : null;
}

function readField(name: string, property: unknown): Field | null {
  if (typeof property !== "object" || property === null) {
    return null;
  }
  const { type, enum: choices } = property as { type?: unknown; enum?: unknown };
  if (Array.isArray(choices) && choices.every((choice) => typeof choice !== "object")) {
    return { name, kind: "choice", choices };
  }
  if (type === "string" || type === "boolean") {
    return { name, kind: type, choices: [] };
  }
  return type === "number" || type === "integer" ? { name, kind: "number", choices: [] } : null;
}

function makeControl(field: Field): Control {
  if (field.kind === "choice") {
    const options = field.choices.map((choice) =>
      make("option", { value: JSON.stringify(choice) }, showInvisible(String(choice))),
    );
    return make("select", { class: "mnb-field" }, make("option", { value: "" }, ""), ...options);
  }
  if (field.kind === "boolean") {
    return make("input", { type: "checkbox", class: "mnb-check" });
  }
  if (field.kind === "number") {
    return make("input", {
      type: "text",
      inputmode: "decimal",
      class: "mnb-field",
      spellcheck: "false",
    });
  }
  return make("textarea", { rows: 1, class: "mnb-field", spellcheck: "false" });
}

function fill(control: Control, field: Field, raw: string | undefined): void {
  if (control instanceof HTMLInputElement && field.kind === "boolean") {
    control.checked = raw === "true";
  } else if (field.kind === "string" && raw !== undefined) {
    const value: unknown = JSON.parse(raw);
    control.value = typeof value === "string" ? value : raw;
    setAttribute(control, "rows", Math.min(8, control.value.split("\n").length));
  } else {
    control.value = raw ?? "";
  }
}

/** The JSON of what a field holds; `null` to leave the argument out. */
function spell(field: Field, control: Control): string | null {
  if (control instanceof HTMLInputElement && field.kind === "boolean") {
    return String(control.checked);
  }
  if (field.kind === "string") {
    return JSON.stringify(control.value);
  }
  const text = control.value.trim();
  if (text === "") {
    return null;
  }
  return isJson(text) ? text : JSON.stringify(text);
}
