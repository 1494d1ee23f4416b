import { create } from 'zustand';

/** A value by its place. */
export interface CellPlaceId {
  readonly handle: string;
  readonly table: string;
  readonly rowKey: string;
  readonly column: string;
}

/**
 * Sensitive values that a person chose to see, one by one, until they leave the row or the table. Only their places stand
 * here; the values themselves are nowhere but on screen.
 */
export const useRevealed = create<{ readonly ids: ReadonlySet<string> }>(() => ({ ids: new Set() }));

export const placeId = ({ handle, table, rowKey, column }: CellPlaceId): string =>
  JSON.stringify([handle, table, rowKey, column]);

export const isRevealed = (place: CellPlaceId): boolean => useRevealed.getState().ids.has(placeId(place));

export const reveal = (place: CellPlaceId): void =>
  useRevealed.setState(({ ids }) => ({ ids: new Set([...ids, placeId(place)]) }));

export function hideAgain(place: CellPlaceId): void {
  const ids = new Set(useRevealed.getState().ids);
  if (ids.delete(placeId(place))) useRevealed.setState({ ids });
}

/** The row or the table was left. */
export function hideAll(): void {
  if (useRevealed.getState().ids.size > 0) useRevealed.setState({ ids: new Set() });
}
