// Text that a person decides on is shown as it is: what cannot be seen, or changes how the rest is seen,
// or looks like a plain space and is none, is written out as `\u{202e}`. Names and arguments come from a model.

const INVISIBLE =
  /(?! )[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800\u3164\uffa0]/gu;
const INVISIBLE_INLINE =
  /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800\u3164\uffa0]/gu;

/** Text with every control, bidirectional and zero-width character written out. */
export function showInvisible(text: string): string {
  return text.replace(INVISIBLE, writeOut);
}

/** The same, but layout stays, line breaks, tabs and spaces of all kinds: for text in a box of its own. */
export function showInvisibleLines(text: string): string {
  return text.replace(INVISIBLE_INLINE, writeOut);
}

function writeOut(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
