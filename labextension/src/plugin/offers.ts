// What may stand at a place on a magic line. `grammar.json` is the table of `mirascope_nb/magics`, and a test
// compares the two. Pure.

import grammar from "./grammar.json";
import type { MagicLine } from "./magic";

export interface Offer {
  label: string;
  type: string;
  documentation: string;
}

/** What can stand at the cursor of a magic line. */
export function offerAt(line: MagicLine, models: Iterable<string>): Offer[] {
  const previous = grammar.options.find(({ flags }) => flags.includes(line.words.at(-1) ?? ""));
  const [flag, value] = splitAt(line.word, "=");
  const assigned =
    value === null ? undefined : grammar.options.find(({ flags }) => flags.includes(flag));
  const option = assigned ?? (previous?.value === null ? undefined : previous);
  if (option !== undefined) {
    const lead = assigned === undefined ? "" : `${flag}=`;
    const known = option.flags.includes("--model") ? [...models] : option.choices;
    const values = known.map((label) => ({
      label: lead + label,
      type: "value",
      documentation: option.help,
    }));
    // After a value that may be left out, the next option is as likely.
    return startingWith(
      line.word,
      line.word.startsWith("-") && assigned === undefined ? offerOptions() : values,
    );
  }
  if (line.word.startsWith("-")) {
    return startingWith(line.word, offerOptions());
  }
  if (line.words.some((word) => !word.startsWith("-"))) {
    return [];
  }
  const subcommands = line.magic === "%llm" && line.words.length === 0 ? grammar.subcommands : [];
  return startingWith(line.word, [
    ...[...models].map((label) => ({ label, type: "model", documentation: "" })),
    ...subcommands.map(({ name, usage, help }) => ({
      label: name,
      type: "command",
      documentation: `%llm ${usage}: ${help}`,
    })),
  ]);
}

function offerOptions(): Offer[] {
  return grammar.options.flatMap(({ flags, value, help }) =>
    flags.map((label) => ({
      label,
      type: "option",
      documentation: `${flags.join(", ")}${value === null ? "" : ` ${value}`}: ${help}`,
    })),
  );
}

/** What goes on from a word. The word itself is no offer: a model that is being typed is in its cell too. */
function startingWith(word: string, offers: Offer[]): Offer[] {
  return offers.filter(({ label }) => label.startsWith(word) && label !== word);
}

function splitAt(word: string, mark: string): [string, string | null] {
  const at = word.indexOf(mark);
  return at < 0 ? [word, null] : [word.slice(0, at), word.slice(at + 1)];
}
