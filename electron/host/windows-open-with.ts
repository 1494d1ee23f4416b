import path from 'node:path';

/** Extensions of the files that the app offers to open, without the dot. */
export const databaseExtensions = ['db', 'sqlite', 'sqlite3', 'db3'] as const;

const CLASSES = 'HKCU\\Software\\Classes';

/**
 * Puts the app into the list under "Open with" for databases, for this person only, and takes it out again. The program
 * that a double click starts is never changed: such files belong to many programs.
 * @param step what the installer asked for; @param program the path of our own program, `…\phasewise\app-1.2.3\phasewise.exe`
 * @returns arguments for reg.exe, one call each; none where there is nothing to do.
 */
export function openWithSteps(step: string, program: string): string[][] {
  const { dir, base } = path.win32.parse(program);
  const ownKey = `${CLASSES}\\Applications\\${base}`;
  const listed = databaseExtensions.map((extension) => `${CLASSES}\\.${extension}\\OpenWithList\\${base}`);
  if (step === '--squirrel-uninstall') return [ownKey, ...listed].map((key) => ['delete', key, '/f']);
  if (step !== '--squirrel-install' && step !== '--squirrel-updated') return [];
  // Updates change the folder of the program; the small one that the installer keeps above it starts the newest.
  const lasting = path.win32.join(dir, '..', base);
  return [
    set(ownKey, 'FriendlyAppName', 'Phasewise'),
    set(`${ownKey}\\DefaultIcon`, null, `${lasting},0`),
    set(`${ownKey}\\shell\\open\\command`, null, `"${lasting}" "%1"`),
    ...databaseExtensions.map((extension) => set(`${ownKey}\\SupportedTypes`, `.${extension}`, '')),
    ...listed.map((key) => ['add', key, '/f']),
    // Setup would fetch this picture from the network.
    set('HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\phasewise', 'DisplayIcon', `${lasting},0`),
  ];
}

/** @param name null = the key's own value. */
function set(key: string, name: string | null, value: string): string[] {
  return ['add', key, ...(name === null ? ['/ve'] : ['/v', name]), '/t', 'REG_SZ', '/d', value, '/f'];
}
