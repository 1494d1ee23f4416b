/** True for a JSON text that any writer of JSON gives back to the letter, blanks apart, and for one that is no JSON. */
export function isPlainJson(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return true;
  }
}
