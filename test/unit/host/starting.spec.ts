import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isAllowedAddress, readPublisher } from '@host/app-version.ts';
import { requireBundles } from '@host/bundles.ts';
import { createCrashPolicy } from '@host/crash-policy.ts';
import { folderError } from '@host/data-folder.ts';
import { filesOf, handedOver, ownArguments } from '@host/named-files.ts';
import { addressOf, shownAt, shownHandle } from '@host/shown-database.ts';
import { installerStart } from '@host/squirrel.ts';
import { beginStart } from '@host/start-marker.ts';
import { describe, expect, it } from 'vitest';
import { formatRoute, type Tab } from '../../../renderer/route.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const inFolder = (...names: string[]): string => path.join(folder, ...names);

describe('files named at a start', () => {
  it('are everything that is no option, below the folder of that start', () => {
    expect(filesOf(['a.db', '--flag', '', '../b.db', '/c.db', '-x'], '/data/here')).toEqual(
      ['/data/here/a.db', '/data/b.db', '/c.db'].map((file) => path.resolve(file)),
    );
    expect(
      filesOf(
        Array.from({ length: 50 }, (_, at) => `${at}.db`),
        '/',
      ),
    ).toHaveLength(20);
  });

  it('may be addresses of files, as Linux desktops give them; of other computers, they are not', () => {
    const file = path.resolve('/data/a b.db');
    expect(filesOf([pathToFileURL(file).href, 'file://server/x.db'], '/')).toEqual(
      process.platform === 'win32' ? [file, '\\\\server\\x.db'] : [file],
    );
  });

  it('do not begin with the app itself in development', () => {
    expect(ownArguments(['electron', '--inspect', '.', 'x.db'], false)).toEqual(['--inspect', 'x.db']);
    expect(ownArguments(['phasewise', 'x.db'], true)).toEqual(['x.db']);
  });

  it('of a second start are believed only as a list of whole paths', () => {
    expect(handedOver({ files: [path.resolve('/x.db'), 'relative.db', 7, null] })).toEqual([path.resolve('/x.db')]);
    for (const data of [null, 'x', 7, {}, { files: 'x' }, { files: { length: 1 } }])
      expect(handedOver(data)).toEqual([]);
  });
});

describe('a start that got no window', () => {
  it('makes the third one draw without the graphics card, and every later one of this version', () => {
    const home = inFolder('marks');
    expect(beginStart(home, '1').isSoftware).toBe(false);
    expect(beginStart(home, '1').isSoftware).toBe(false);
    const third = beginStart(home, '1');
    expect(third.isSoftware).toBe(true);
    third.done();
    expect(beginStart(home, '1').isSoftware).toBe(true);
    expect(beginStart(home, '2').isSoftware).toBe(false);
  });

  it('is forgotten once there was a window', () => {
    const home = inFolder('forgotten');
    beginStart(home, '1');
    beginStart(home, '1').done();
    expect(existsSync(path.join(home, 'start.json'))).toBe(false);
    expect(beginStart(home, '1').isSoftware).toBe(false);
  });

  it('is nothing to stumble over: broken mark, folder that cannot be written', () => {
    mkdirSync(inFolder('broken'));
    writeFileSync(inFolder('broken/start.json'), '{"version":');
    expect(beginStart(inFolder('broken'), '1').isSoftware).toBe(false);
    writeFileSync(inFolder('a-file'), '');
    expect(() => beginStart(inFolder('a-file'), '1').done()).not.toThrow();
  });
});

it('a folder that cannot be written is an error with words; one that can be made is none', () => {
  expect(folderError(inFolder('made', 'below'))).toBeNull();
  expect(folderError(inFolder('a-file', 'below'))).toMatchObject({ code: 'E_DATA_FOLDER' });
  if (process.getuid?.() === 0) return; // nothing is closed to root
  mkdirSync(inFolder('closed'));
  chmodSync(inFolder('closed'), 0o500);
  expect(folderError(inFolder('closed'))).toMatchObject({ code: 'E_DATA_FOLDER' });
});

it('a part of the installation that is missing is named before anything is started', () => {
  expect(() => requireBundles(folder)).toThrow(/E_RUNTIME_MISMATCH.*preload\.cjs, engine\.cjs/);
  for (const name of ['preload.cjs', 'engine.cjs']) writeFileSync(inFolder(name), '');
  expect(() => requireBundles(folder)).not.toThrow();
});

it('a page that crashed is loaded again once; soon again, or when it cannot start at all, somebody is asked', () => {
  let now = 0;
  const decide = createCrashPolicy(() => now);
  expect(decide('clean-exit')).toBe('ignore');
  expect(decide('crashed')).toBe('reload');
  now += 299_999;
  expect(decide('oom')).toBe('ask');
  now += 299_999;
  expect(decide('killed')).toBe('ask');
  now += 300_000;
  expect(decide('crashed')).toBe('reload');
  now += 900_000;
  expect(decide('launch-failed')).toBe('ask');
});

it("the window's address tells which database it shows", () => {
  const route = { page: 'database', handle: 'a/b %', tab: 'data', detail: null } as const;
  expect(shownHandle(`app://phasewise/${formatRoute(route)}`)).toBe('a/b %');
  expect(addressOf('a/b %', 'data')).toBe(formatRoute(route));
  for (const page of ['home', 'refused'] as const) expect(shownHandle(`app://x/${formatRoute({ page })}`)).toBeNull();
  expect(shownHandle('app://phasewise/#/db/%zz/data')).toBeNull();
});

it("the window's address tells whether rows are in it", () => {
  const at = (tab: Tab, detail: string | null): string =>
    shownAt(`app://phasewise/${formatRoute({ page: 'database', handle: 'a/b %', tab, detail })}`);
  expect(at('data', 'runs')).toBe('rows');
  expect(at('data', '')).toBe('rows'); // a table may be called so
  expect(at('data', null)).toBe('database');
  expect(at('backups', 'data/runs')).toBe('database');
  for (const page of ['home', 'refused'] as const) expect(shownAt(`app://x/${formatRoute({ page })}`)).toBe('page');
});

describe('the installer for Windows', () => {
  const program = 'C:\\Users\\m\\AppData\\Local\\phasewise\\app-1.0.0\\phasewise.exe';
  const asked = (step: string, platform: NodeJS.Platform = 'win32') =>
    installerStart([program, step], program, platform);

  it('has shortcuts made and removed by the program beside ours, and no window opened', () => {
    const update = 'C:\\Users\\m\\AppData\\Local\\phasewise\\Update.exe';
    for (const step of ['--squirrel-install', '--squirrel-updated'])
      expect(asked(step)).toEqual({ run: { program: update, args: ['--createShortcut=phasewise.exe'] } });
    expect(asked('--squirrel-uninstall')?.run?.args).toEqual(['--removeShortcut=phasewise.exe']);
    expect(asked('--squirrel-obsolete')).toEqual({ run: null });
  });

  it('is not meant by an ordinary start, by a first one after installing, or elsewhere', () => {
    for (const step of ['--squirrel-firstrun', 'x.db', 'constructor']) expect(asked(step)).toBeNull();
    expect(asked('--squirrel-install', 'linux')).toBeNull();
  });
});

describe('what the publisher sets', () => {
  const publisher = (phasewise: unknown) => {
    const build = inFolder('published', '.vite', 'build');
    mkdirSync(build, { recursive: true });
    writeFileSync(inFolder('published', 'package.json'), JSON.stringify({ version: '1.0.0', phasewise }));
    return readPublisher(build);
  };
  const nobody = { releasedOn: null, releasesUrl: null, documentationUrl: null };

  it('is read from package.json; what is not as it should be is as if it were missing', () => {
    const set = {
      releasedOn: '2026-11-21',
      releasesUrl: 'https://example.org/phasewise',
      documentationUrl: 'https://docs.example.org/',
    };
    expect(publisher(set)).toEqual(set);
    for (const phasewise of [undefined, null, 7, {}]) expect(publisher(phasewise)).toEqual(nobody);
    expect(
      publisher({ releasedOn: 'soon', releasesUrl: 'http://example.org', documentationUrl: 'javascript:1' }),
    ).toEqual(nobody);
    expect(readPublisher(inFolder('nowhere', 'a', 'b'))).toEqual(nobody);
  });

  it('is what this package says, too', () => {
    const root = path.resolve(import.meta.dirname, '../../..');
    const { phasewise = {} } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      phasewise?: object;
    };
    expect({ ...nobody, ...phasewise }).toEqual(readPublisher(path.join(root, '.vite/build')));
  });

  it.each([
    ['https://example.org/other?page=2', true],
    ['https://example.org:443/x', true],
    ['http://example.org/', false],
    ['https://example.org.evil.test/', false],
    ['https://example.org@evil.test/', false],
    ['https://mara@example.org/', false],
    ['https://example.org:8443/', false],
    ['file:///etc/passwd', false],
    ['javascript:alert(1)', false],
    ['not an address', false],
  ])('lets the system open only addresses of exactly that origin: %s', (url, isAllowed) => {
    expect(isAllowedAddress(url, ['https://example.org/releases', null])).toBe(isAllowed);
    expect(isAllowedAddress(url, [null])).toBe(false);
  });
});
