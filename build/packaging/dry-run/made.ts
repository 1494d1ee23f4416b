// Looks into the packages that the makers made for Linux.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { linuxIcons, mimeTypes } from '../description.ts';
import type { PackageKind } from '../maker-tools.ts';
import type { Check } from './told.ts';

/** @param folder out/make */
export function lookAtMade(folder: string, kinds: readonly PackageKind[]): Check[] {
  return kinds.map((kind) => {
    const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith(`.${kind}`));
    if (name === undefined) return { what: kind, problems: [`no .${kind} was made`] };
    const file = path.join(folder, name);
    return {
      what: `${path.basename(file)}, ${statSync(file).size} bytes: ${lookedFor[kind]}`,
      problems: inside(kind, file),
    };
  });
}

const lookedFor: Readonly<Partial<Record<PackageKind, string>>> = {
  deb: 'program, archive, guides, icons, control file, menu entry with "Open with" for databases',
  rpm: 'program, archive, guides, icons, menu entry',
};

const inside = (kind: PackageKind, file: string): string[] =>
  kind === 'deb' ? problemsInDeb(file) : problemsInRpm(file);

/** Where Linux looks for a program, its entry in menus and "open with", and its pictures. */
const installed = [
  '/usr/bin/phasewise',
  '/usr/lib/phasewise/phasewise',
  '/usr/lib/phasewise/resources/app.asar',
  '/usr/lib/phasewise/resources/docs/user-guide.md',
  '/usr/share/applications/phasewise.desktop',
  '/usr/share/doc/phasewise/copyright',
  ...Object.keys(linuxIcons).map(
    (size) => `/usr/share/icons/hicolor/${size}/apps/phasewise.${size === 'scalable' ? 'svg' : 'png'}`,
  ),
];

function problemsInDeb(file: string): string[] {
  const contents = output('dpkg-deb', ['--contents', file]) ?? '';
  const control = output('dpkg-deb', ['--field', file]) ?? '';
  const desktop =
    output('sh', [
      '-c',
      `dpkg-deb --fsys-tarfile "$1" | tar -xO ./usr/share/applications/phasewise.desktop`,
      'sh',
      file,
    ]) ?? '';
  return [
    ...installed.filter((name) => !contents.includes(`.${name}`)).map((name) => `missing in the deb: ${name}`),
    ...['Package: phasewise', 'Section: database', 'Maintainer: Phasewise contributors', 'Description: ']
      .filter((line) => !control.includes(line))
      .map((line) => `missing in the deb's control file: ${line}`),
    ...(/^Homepage:/m.test(control) ? ['the deb names a homepage, and there is none'] : []),
    ...problemsInDesktopEntry(desktop),
  ];
}

function problemsInRpm(file: string): string[] {
  const listed = output('rpm', ['-qpl', file]) ?? '';
  return installed
    .filter((name) => !name.startsWith('/usr/share/doc') && !listed.includes(`${name}\n`))
    .map((name) => `missing in the rpm: ${name}`);
}

/** Offers itself for databases, with every file that was chosen; nothing in it makes it the default. */
export function problemsInDesktopEntry(entry: string): string[] {
  const wanted = ['Exec=phasewise %F', 'Icon=phasewise', `MimeType=${mimeTypes.join(';')};`, 'Terminal=false'];
  return [
    ...wanted
      .filter((line) => !entry.split('\n').includes(line))
      .map((line) => `missing in the desktop entry: ${line}`),
    ...(entry.includes('undefined') ? ['the desktop entry has an empty field'] : []),
    ...(existsSync('/usr/bin/desktop-file-validate') ? validate(entry) : []),
  ];
}

function validate(entry: string): string[] {
  const { stdout, status } = spawnSync(
    'sh',
    ['-c', 'd=$(mktemp -d); cat >$d/a.desktop; desktop-file-validate $d/a.desktop; s=$?; rm -r $d; exit $s'],
    { input: entry, encoding: 'utf8' },
  );
  return status === 0 ? [] : [stdout];
}

function output(tool: string, args: readonly string[]): string | null {
  const { stdout, status } = spawnSync(tool, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return status === 0 ? stdout : null;
}
