import { createContext } from 'react';

/** Where the database of the page lies, for dialogs that say which file they are about; null = not known. */
export const FileFolder = createContext<string | null>(null);
