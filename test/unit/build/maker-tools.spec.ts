import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { told } from '../../../build/packaging/dry-run/told.ts';
import { type Machine, madeFor, makeable } from '../../../build/packaging/maker-tools.ts';

const machine = (platform: NodeJS.Platform, tools: readonly string[], modules: readonly string[] = []): Machine => ({
  platform,
  hasTool: (name) => tools.includes(name),
  hasModule: (name) => modules.includes(name),
});
const installers = ['electron-installer-debian', 'electron-installer-redhat'];

describe('what can be made', () => {
  it('on Linux with every tool: all its formats', () => {
    const linux = machine('linux', ['zip', 'dpkg', 'rpmbuild'], installers);
    expect(makeable('linux', linux)).toEqual({ kinds: ['deb', 'rpm'], leftOut: [] });
  });

  it('no archive for Linux: what is only unpacked there has no sandbox that the system lets it have', () => {
    expect(madeFor.zip).toEqual(['win32', 'darwin']);
  });

  it('without a tool of the system: the others, and which tool is missing', () => {
    expect(makeable('linux', machine('linux', ['dpkg'], installers))).toEqual({
      kinds: ['deb'],
      leftOut: [expect.stringMatching(/^rpm needs the program rpmbuild/)],
    });
    expect(makeable('linux', machine('linux', ['rpmbuild'], installers))).toEqual({
      kinds: ['rpm'],
      leftOut: ['deb needs the program dpkg'],
    });
    expect(makeable('linux', machine('linux', []))).toMatchObject({ kinds: [], leftOut: { length: 2 } });
  });

  it('after npm ran under an old Node: not what npm left out, and which Node it takes', () => {
    const { kinds, leftOut } = makeable('linux', machine('linux', ['dpkg', 'rpmbuild']));
    expect(kinds).toEqual([]);
    expect(leftOut).toEqual([
      expect.stringMatching(/^deb needs electron-installer-debian, .* Node 22\.12 or newer/),
      expect.stringMatching(/^rpm needs electron-installer-redhat, .* Node 22\.12 or newer/),
    ]);
  });

  it('on macOS without the two compiled addons: the archive alone', () => {
    expect(makeable('darwin', machine('darwin', ['zip'], ['macos-alias/build/Release']))).toEqual({
      kinds: ['zip'],
      leftOut: ['dmg needs fs-xattr, built as docs/release-checklist.md says'],
    });
  });

  it('for another system: no more than its archive', () => {
    expect(makeable('win32', machine('linux', ['zip']))).toEqual({
      kinds: ['zip'],
      leftOut: ['squirrel needs Windows'],
    });
    expect(makeable('win32', machine('win32', [], ['electron-winstaller'])).leftOut).toEqual([]);
  });
});

it('asked for what cannot be made, npm run make says why in one line and begins nothing', () => {
  const args = [path.join(root, 'build/make.ts'), '--platform=win32', '--targets=@electron-forge/maker-squirrel'];
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (process.platform === 'win32') return;
  expect([status, stdout, stderr.trim()]).toEqual([1, '', 'Cannot be made here: squirrel needs Windows.']);
});

describe('the end of the dry run', () => {
  const good = { what: 'fuses: 7', problems: [] };

  it('says that Electron was a stand-in, what was checked, and what was not proven', () => {
    const words = told('45.4.1', [good], ['rpm needs the program rpmbuild']);
    expect(words).toMatch(
      /^Electron 45\.4\.1 was a stand-in: .*No part of Electron ran\.\nChecked:\n {2}ok {3}fuses: 7\n/,
    );
    expect(words).toMatch(/Not proven .*\n {2}- that the app starts in Electron/);
    expect(words).toContain('  - not made here: rpm needs the program rpmbuild\n');
    expect(words).toMatch(/\nAs far as a stand-in can show: [^\n]+$/);
  });

  it('does not praise a package with a problem', () => {
    const words = told('45.4.1', [good, { what: 'app.asar', problems: ['should not be in app.asar: /x.map'] }], []);
    expect(words).toContain('  FAIL app.asar\n         should not be in app.asar: /x.map\n');
    expect(words).toMatch(/\n1 problem\.$/);
  });
});
