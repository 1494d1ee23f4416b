import { create } from 'zustand';

/** What the picker of the browser host is asked for: a database to open, a folder to use, or files to take. */
export type PickerRequest =
  | { readonly mode: 'database' }
  | {
      readonly mode: 'folder';
      readonly title: string;
      readonly lead: string;
      readonly onChoose: (tokens: readonly string[]) => void;
    }
  | {
      readonly mode: 'files';
      readonly title: string;
      readonly lead: string;
      /** ".json": other files are shown, but cannot be chosen. */
      readonly extension: string;
      readonly onChoose: (tokens: readonly string[]) => void;
    };

interface Dialogs {
  /** null = closed. */
  readonly picker: PickerRequest | null;
  readonly isHelpOpen: boolean;
  readonly isPaletteOpen: boolean;
  /** What was typed after the palette was asked for, and before its field could take it. */
  readonly paletteAhead: string;
  /** Enter was pressed behind that: what it finds first is chosen as soon as it is there. */
  readonly isPaletteEntered: boolean;
  readonly isVersionOpen: boolean;
  /** Name of a file that was dropped where dropping cannot open it. */
  readonly droppedName: string | null;
}

/** Dialogs that can be opened from anywhere. */
export const useDialogs = create<Dialogs>(() => ({
  picker: null,
  isHelpOpen: false,
  isPaletteOpen: false,
  paletteAhead: '',
  isPaletteEntered: false,
  isVersionOpen: false,
  droppedName: null,
}));

export const showDialog = (change: Partial<Dialogs>): void => useDialogs.setState(change);

export const closePalette = (): void => showDialog({ isPaletteOpen: false, paletteAhead: '', isPaletteEntered: false });

/** Whether a dialog or a menu stands in front of the page, here or in one of its panels. */
export function isDialogOpen(): boolean {
  const { isHelpOpen, isPaletteOpen, picker, droppedName } = useDialogs.getState();
  return (
    isHelpOpen ||
    isPaletteOpen ||
    picker !== null ||
    droppedName !== null ||
    document.querySelector('[role=dialog],[role=menu]') !== null
  );
}
