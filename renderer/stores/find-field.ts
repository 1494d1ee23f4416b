import { isDialogOpen } from './dialogs.ts';

/** Id of the field that searches the table on screen. */
export const FIND_FIELD = 'find-in-table';

/** Goes to that field and marks what is in it. @returns false where there is no table, or a dialog in front of it. */
export function findInTable(): boolean {
  const field = document.getElementById(FIND_FIELD);
  if (!(field instanceof HTMLInputElement) || isDialogOpen()) return false;
  field.focus();
  field.select();
  return true;
}
