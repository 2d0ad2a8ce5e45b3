// A form's fields: which of them a tool's schema has, the control that each gets, and the JSON it stands for.

import { showInvisible } from "../../text/escape";
import { isJson, layOutJson } from "../../text/json";
import { make, setAttribute } from "../dom";

interface Members {
  readonly [name: string]: unknown;
}

export type Schema = Members | null;

export interface Field {
  name: string;
  /** `json` is for what has a shape of its own, and is written as that. */
  kind: "string" | "number" | "boolean" | "choice" | "json";
  choices: readonly unknown[];
  /** Whether `null` will do, which an empty control stands for. */
  nullable: boolean;
}

export type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const MOST_FIELDS = 12;
/** Definitions may lead to others, and round in circles. */
const MOST_STEPS = 8;

/** The fields of a schema's object; `null` when a form would be no help beside the text. */
export function readFields(schema: Schema): Field[] | null {
  const properties = schema?.["properties"];
  if (!isMembers(properties)) {
    return null;
  }
  const fields = Object.entries(properties).map(([name, property]) =>
    readField(name, property, schema),
  );
  const helps = fields.some(({ kind }) => kind !== "json");
  return helps && fields.length <= MOST_FIELDS ? fields : null;
}

function readField(name: string, property: unknown, schema: Schema): Field {
  const { type, choices, nullable } = readType(property, schema, MOST_STEPS);
  if (choices !== null) {
    return { name, kind: "choice", choices, nullable };
  }
  if (type === "string" || type === "boolean") {
    return { name, kind: type, choices: [], nullable };
  }
  const kind = type === "number" || type === "integer" ? "number" : "json";
  return { name, kind, choices: [], nullable };
}

interface Type {
  type: unknown;
  choices: readonly unknown[] | null;
  nullable: boolean;
}

/** The type that a property has in the end: by way of a definition, or as one of two with `null`. */
function readType(property: unknown, schema: Schema, steps: number): Type {
  if (!isMembers(property) || steps === 0) {
    return { type: null, choices: null, nullable: false };
  }
  if (typeof property["$ref"] === "string") {
    return readType(follow(property["$ref"], schema), schema, steps - 1);
  }
  const either = property["anyOf"] ?? property["oneOf"];
  if (Array.isArray(either)) {
    const others = either.filter((one) => !isMembers(one) || one["type"] !== "null");
    const nullable = others.length < either.length;
    return others.length === 1
      ? { ...readType(others[0], schema, steps - 1), nullable }
      : { type: null, choices: null, nullable };
  }
  const choices = property["enum"];
  const plain = Array.isArray(choices) && choices.every((choice) => typeof choice !== "object");
  return { type: property["type"], choices: plain ? choices : null, nullable: false };
}

/** What a reference such as `#/$defs/Size` leads to. */
function follow(reference: string, schema: Schema): unknown {
  let found: unknown = schema;
  for (const step of reference.replace(/^#\//, "").split("/")) {
    found = isMembers(found) && Object.hasOwn(found, step) ? found[step] : null;
  }
  return found;
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function makeControl(field: Field): Control {
  if (field.kind === "choice") {
    const options = field.choices.map((choice) =>
      make("option", { value: JSON.stringify(choice) }, showInvisible(String(choice))),
    );
    return make("select", { class: "mnb-field" }, make("option", { value: "" }, ""), ...options);
  }
  if (field.kind === "boolean" && !field.nullable) {
    return make("input", { type: "checkbox", class: "mnb-check" });
  }
  if (field.kind === "boolean") {
    const options = ["true", "false"].map((word) => make("option", { value: word }, word));
    return make("select", { class: "mnb-field" }, make("option", { value: "" }, ""), ...options);
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

/** Show an argument's JSON in its control; `undefined` for an argument that is not given. */
export function fill(control: Control, field: Field, raw: string | undefined): void {
  if (control instanceof HTMLInputElement && control.type === "checkbox") {
    control.checked = raw === "true";
    return;
  }
  const empty = raw === undefined || (raw === "null" && field.nullable);
  const value: unknown = !empty && field.kind === "string" ? JSON.parse(raw) : null;
  control.value = empty ? "" : typeof value === "string" ? value : layOutJson(raw);
  if (control instanceof HTMLTextAreaElement) {
    setAttribute(control, "rows", Math.min(8, control.value.split("\n").length));
  }
  setAttribute(control, "aria-invalid", null);
}

/**
 * The JSON of what a control holds; `null` to leave the argument out, `undefined` while it is none yet.
 */
export function spell(control: Control, field: Field): string | null | undefined {
  if (control instanceof HTMLInputElement && control.type === "checkbox") {
    return String(control.checked);
  }
  if (control.value === "" && field.nullable) {
    return "null";
  }
  if (field.kind === "string") {
    return JSON.stringify(control.value);
  }
  const text = control.value.trim();
  if (text === "") {
    return null;
  }
  if (isJson(text)) {
    return text;
  }
  return field.kind === "json" ? undefined : JSON.stringify(text);
}
