/** For what is done for comfort only: where it cannot be, as on a full disk, nothing else fails for it. */
export function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // see above: each caller says what is missing then
  }
}
