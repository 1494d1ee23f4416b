// How systems and their package lists describe the app, and which files it offers to open. One place for all makers.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { databaseExtensions } from '../../electron/host/windows-open-with.ts';
import { root } from '../layout.mjs';

const { description, version, license } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly description: string;
  readonly version: string;
  readonly license: string;
};
export { description, license, version };

export const publisher = 'Phasewise contributors';
export const bundleId = 'org.phasewise.app';
export const executable = 'phasewise';
export const genericName = 'Database upgrade';
export const longDescription = [
  'Looks at a project database, says what an upgrade would do, makes a backup and proves that it can be restored,',
  'upgrades step by step, and compares every row with the backup afterwards. Looking never changes a file.',
].join(' ');

/** The registered type, and the one that desktops used before it. */
export const mimeTypes = ['application/vnd.sqlite3', 'application/x-sqlite3'];
export const categories = ['Development', 'Utility'];

/**
 * For Info.plist. Such files belong to many programs: `Alternate` lists Phasewise under "Open With" and never makes it
 * the program that a double click starts.
 */
export const macDocumentTypes = [
  {
    CFBundleTypeName: 'SQLite database',
    CFBundleTypeRole: 'Editor',
    CFBundleTypeExtensions: [...databaseExtensions],
    CFBundleTypeIconFile: 'electron.icns',
    LSHandlerRank: 'Alternate',
  },
];

/** Pictures for freedesktop's hicolor theme. */
export const linuxIcons: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [16, 24, 32, 48, 64, 128, 256, 512].map((size) => [`${size}x${size}`, path.join(root, `build/icons/${size}.png`)]),
  ),
  scalable: path.join(root, 'build/icons/icon.svg'),
};
