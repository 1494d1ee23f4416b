// Looks into the packages that the makers made for Linux.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../layout.mjs';
import { linuxIcons, mimeTypes } from '../description.ts';

/** Which makers can run here: the others need their own system, or a tool that is not installed. */
export function makersHere(): { readonly kinds: readonly string[]; readonly missing: readonly string[] } {
  const needs = [
    { kind: 'zip', lacks: has('zip') ? null : 'zip' },
    { kind: 'deb', lacks: has('dpkg') ? lackOf('electron-installer-debian') : 'dpkg' },
    { kind: 'rpm', lacks: has('rpmbuild') ? lackOf('electron-installer-redhat') : 'rpmbuild' },
  ];
  return {
    kinds: needs.filter(({ lacks }) => lacks === null).map(({ kind }) => kind),
    missing: needs.filter(({ lacks }) => lacks !== null).map(({ kind, lacks }) => `${kind} (needs ${lacks})`),
  };
}

/** npm leaves such a package out under a Node that is older than it wants. */
const lackOf = (name: string): string | null =>
  existsSync(path.join(root, 'node_modules', name)) ? null : `${name}, installed by npm under Node 22.12 or newer`;

export interface Made {
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}

/** @param folder out/make */
export function lookAtMade(folder: string, kinds: readonly string[]): Made {
  const lines: string[] = [];
  const problems: string[] = [];
  for (const kind of kinds) {
    const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith(`.${kind}`));
    if (name === undefined) {
      problems.push(`no .${kind} was made`);
      continue;
    }
    const file = path.join(folder, name);
    lines.push(`${path.basename(file)}: ${statSync(file).size} bytes`);
    if (kind === 'zip') problems.push(...problemsInZip(file));
    if (kind === 'deb') problems.push(...problemsInDeb(file));
    if (kind === 'rpm') problems.push(...problemsInRpm(file));
  }
  return { lines, problems };
}

function problemsInZip(file: string): string[] {
  const listed = output('unzip', ['-Z1', file]) ?? output('zipinfo', ['-1', file]);
  if (listed === null) return []; // nothing here can list it
  return ['phasewise', 'resources/app.asar']
    .filter((name) => !listed.includes(`/${name}\n`))
    .map((name) => `missing in the zip: ${name}`);
}

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

const has = (tool: string): boolean => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined;

function output(tool: string, args: readonly string[]): string | null {
  const { stdout, status } = spawnSync(tool, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return status === 0 ? stdout : null;
}
