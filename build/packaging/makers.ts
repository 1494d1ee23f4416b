// What `npm run make` makes, by platform. Makers are named, not imported: each is loaded on its own platform only.
import { copyFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { ForgeConfigMaker } from '@electron-forge/shared-types';
import { root } from '../layout.mjs';
import * as about from './description.ts';
import { MakerRpm } from './maker-rpm.ts';
import { lackOf, packageKinds, type PackageKind } from './maker-tools.ts';
import { type Environment, signing } from './signing.ts';

const icon = (kind: string): string => path.join(root, `build/icons/icon.${kind}`);

/** The same words for both families of Linux packages. */
const linux = {
  name: about.executable,
  bin: about.executable,
  productName: 'Phasewise',
  genericName: about.genericName,
  description: about.description,
  productDescription: about.longDescription,
  categories: about.categories,
  mimeType: about.mimeTypes,
  icon: about.linuxIcons,
  desktopTemplate: path.join(root, 'build/packaging/phasewise.desktop.ejs'),
};

/** What each package is made from, whether its tool is here or not. */
export const everyMaker: Readonly<Record<PackageKind, ForgeConfigMaker>> = {
  // Unpack and start: no installation, nothing registered. (maker-tools.ts says why Linux has none.)
  zip: { name: '@electron-forge/maker-zip', platforms: ['win32', 'darwin'], config: {} },
  squirrel: {
    name: '@electron-forge/maker-squirrel',
    platforms: ['win32'],
    config: squirrelConfig(process.env),
  },
  dmg: {
    name: '@electron-forge/maker-dmg',
    platforms: ['darwin'],
    config: { icon: icon('icns'), format: 'ULFO' },
  },
  deb: {
    name: '@electron-forge/maker-deb',
    platforms: ['linux'],
    config: { options: { ...linux, section: 'database', priority: 'optional', maintainer: about.publisher } },
  },
  rpm: new MakerRpm({ options: { ...linux, license: about.license } }),
};

/** Setup, its updater and the stub that starts the app are made after the app was signed, so it signs them itself. */
export function squirrelConfig(env: Environment): Readonly<Record<string, unknown>> {
  const { windowsSign } = signing(env);
  return {
    ...(windowsSign !== undefined && { windowsSign }),
    authors: about.publisher,
    description: about.description,
    setupIcon: icon('ico'),
    // Setup would fetch a picture from the network; the app names its own (electron/host/windows-open-with.ts).
    iconUrl: 'file:///phasewise.ico',
  };
}

/** Those that can do their work on this machine: a single one that cannot would end Forge's run. */
export const makers: ForgeConfigMaker[] = packageKinds
  .filter((kind) => lackOf(kind) === null)
  .map((kind) => everyMaker[kind]);

/** Squirrel's tool copies the 7-Zip for this machine in an install script; ours never run, so it is done here. */
export async function prepareSquirrel(): Promise<void> {
  if (process.platform !== 'win32') return;
  const vendor = path.join(
    path.dirname(createRequire(import.meta.url).resolve('electron-winstaller/package.json')),
    'vendor',
  );
  for (const kind of ['exe', 'dll'])
    if (!existsSync(path.join(vendor, `7z.${kind}`)))
      await copyFile(path.join(vendor, `7z-${process.arch}.${kind}`), path.join(vendor, `7z.${kind}`));
}
