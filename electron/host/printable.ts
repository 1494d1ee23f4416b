// Controls, line separators, marks that reorder text and signs without width: they could forge a line of a log or of a
// terminal, or make two names look the same; so could the tags behind e0000. The joiners 200c and
// 200d stay: names in many scripts, and emoji, need them.
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
/** As above, without what JSON itself is laid out with or escapes. */
const UNPRINTABLE_IN_JSON =
  /[\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** `text` with everything escaped that would act on a terminal instead of being seen, cut after `limit` characters. */
export function printable(text: string, limit = 500): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(UNPRINTABLE, escaped);
}

/** A document that a terminal shows as it is and that every reader of JSON reads as the same value. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(UNPRINTABLE_IN_JSON, escaped);

/** By its units, as JSON has it. */
const escaped = (character: string): string =>
  character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** True when a file name can be shown and typed as it is. */
export const isPrintable = (text: string): boolean => text.search(UNPRINTABLE) < 0;
