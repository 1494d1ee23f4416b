import { create } from 'zustand';

interface Dialogs {
  readonly isPickerOpen: boolean;
  readonly isHelpOpen: boolean;
  /** Name of a file that was dropped where dropping cannot open it. */
  readonly droppedName: string | null;
}

/** Dialogs that can be opened from anywhere. */
export const useDialogs = create<Dialogs>(() => ({ isPickerOpen: false, isHelpOpen: false, droppedName: null }));

export const showDialog = (change: Partial<Dialogs>): void => useDialogs.setState(change);
