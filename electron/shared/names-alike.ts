/**
 * Whether two file names read the same, so that whoever types the one means the other. Case counts.
 * Why not `===`: macOS keeps "ö" as two signs where a keyboard types one, a page shows a run of blanks as one blank, and
 * a no-break space looks like any other. Such a name could never be typed, and nothing of its file be restored.
 */
export const namesAlike = (one: string, other: string): boolean => asRead(one) === asRead(other);

/** `\s` has the no-break spaces too. */
const asRead = (name: string): string => name.normalize('NFC').replace(/\s+/g, ' ').trim();
