import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dataFolderPath } from '@host/data-folder.ts';
import { databaseExtensions } from '@host/windows-open-with.ts';
import { root } from '../../../build/layout.mjs';
import { macDocumentTypes } from '../../../build/packaging/description.ts';
import { problemsInDesktopEntry } from '../../../build/packaging/dry-run/made.ts';
import { madeFor, packageKinds } from '../../../build/packaging/maker-tools.ts';
import { everyMaker, squirrelConfig } from '../../../build/packaging/makers.ts';
import { signing } from '../../../build/packaging/signing.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

describe('signing', () => {
  afterEach(() => vi.unstubAllEnvs());
  const certificate = { WINDOWS_CERTIFICATE_FILE: 'c.pfx', WINDOWS_CERTIFICATE_PASSWORD: 'secret' };
  const account = { APPLE_ID: 'a@b.example', APPLE_APP_PASSWORD: 'secret', APPLE_TEAM_ID: 'TEAM' };

  it('does not happen without its variables', () => expect(signing({ PATH: '/bin' })).toEqual({}));

  it('signs and notarises where the variables are', () => {
    expect(signing({ APPLE_IDENTITY: 'Developer ID Application: X', ...account })).toEqual({
      osxSign: { identity: 'Developer ID Application: X' },
      osxNotarize: { appleId: 'a@b.example', appleIdPassword: 'secret', teamId: 'TEAM' },
    });
    expect(signing(certificate)).toEqual({ windowsSign: { certificateFile: path.resolve('c.pfx') } });
  });

  it('signs the installer for Windows with what signs the program', () => {
    expect(squirrelConfig(certificate)).toMatchObject(signing(certificate));
    expect(squirrelConfig({})).not.toHaveProperty('windowsSign');
  });

  it.skipIf(process.platform === 'win32').each(['@electron/packager', 'electron-winstaller'])(
    '%s takes the password from the environment: what it is told itself stands in a log',
    async (signer) => {
      const calls = path.join(mkdtempSync(path.join(folder, 'signing-')), 'calls');
      const signtool = `${calls}.sh`;
      writeFileSync(signtool, `#!/bin/sh\necho "$@" >> "${calls}"\n`, { mode: 0o755 });
      for (const [name, value] of Object.entries({ ...certificate, WINDOWS_SIGNTOOL_PATH: signtool }))
        vi.stubEnv(name, value);
      const itsOwn = createRequire(path.join(root, 'node_modules', signer, 'index.js'));
      const { sign } = (await import(pathToFileURL(itsOwn.resolve('@electron/windows-sign')).href)) as {
        sign(options: object): Promise<void>;
      };

      await sign({ ...(signing(certificate).windowsSign as object), files: ['Setup.exe'] });

      expect(readFileSync(calls, 'utf8')).toMatch(`/f ${path.resolve('c.pfx')} /p secret`);
      expect(JSON.stringify([signing(certificate), squirrelConfig(certificate)])).not.toContain('secret');
    },
  );

  it('refuses half of what belongs together, and says what is missing, never a value', () => {
    expect(() => signing({ WINDOWS_CERTIFICATE_FILE: 'c.pfx' })).toThrow(
      'WINDOWS_CERTIFICATE_PASSWORD must be set too',
    );
    expect(() => signing({ ...account, APPLE_IDENTITY: 'X', APPLE_TEAM_ID: '' })).toThrow(
      /^To sign, APPLE_TEAM_ID must/,
    );
    expect(() => signing(account)).toThrow('APPLE_IDENTITY is not set');
  });
});

it('Setup and removal on Windows, which empty the folder named after the package, leave the data folder alone', () => {
  const { name } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { name: string };
  const { name: own } = squirrelConfig({}) as { name?: string };
  const installFolder = own ?? name.replaceAll('-', '_'); // MakerSquirrel.js
  const dataFolder = dataFolderPath({ LOCALAPPDATA: '/local' }, 'win32');
  const [within = ''] = path.relative(path.resolve('/local'), dataFolder).split(path.sep);
  expect(within.toLowerCase()).not.toBe(installFolder.toLowerCase()); // one folder: the file system ignores case
});

describe('files that the app offers to open', () => {
  it('are offered on macOS as an alternative, never as the owner', () => {
    expect(macDocumentTypes.map(({ LSHandlerRank }) => LSHandlerRank)).toEqual(['Alternate']);
    expect(macDocumentTypes[0]?.CFBundleTypeExtensions).toEqual([...databaseExtensions]);
  });

  it('are all handed to the app on Linux', () => {
    const template = readFileSync(path.join(root, 'build/packaging/phasewise.desktop.ejs'), 'utf8');
    const filled = template
      .replace('<%= name %> %F', 'phasewise %F')
      .replace('Icon=<%= name %>', 'Icon=phasewise')
      .replace(/MimeType=.*/, 'MimeType=application/vnd.sqlite3;application/x-sqlite3;')
      .replaceAll(/<%=[^%]*%>/g, 'word');
    expect(problemsInDesktopEntry(filled)).toEqual([]);
    expect(problemsInDesktopEntry(filled.replace('%F', '%u'))).toEqual([
      'missing in the desktop entry: Exec=phasewise %F',
    ]);
  });
});

it('there is a maker for every format that is promised', () => {
  const made = packageKinds.map((kind) => everyMaker[kind]).map((maker) => ('name' in maker ? maker.name : ''));
  expect(made).toEqual([...['zip', 'squirrel', 'dmg', 'deb'].map((kind) => `@electron-forge/maker-${kind}`), 'rpm']);
});

it.each(packageKinds)('the maker for %s is for the systems that have it', (kind) => {
  expect((everyMaker[kind] as { platforms: string[] }).platforms).toEqual(madeFor[kind]);
});

it('nothing that is packaged names an address or a person', () => {
  const told = JSON.stringify(everyMaker) + readFileSync(path.join(root, 'forge.config.ts'), 'utf8');
  expect(told.match(/https?:\/\/[^"']+/g)).toBeNull();
});
