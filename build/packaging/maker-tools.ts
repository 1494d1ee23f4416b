// Which packages this machine can make. Forge gives up at the first maker whose tool is missing, and makes nothing at
// all then; so those are left out, and `npm run make` says which and why.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from '../layout.mjs';

export const packageKinds = ['zip', 'squirrel', 'dmg', 'deb', 'rpm'] as const;
export type PackageKind = (typeof packageKinds)[number];

/**
 * The systems that a kind of package is for. No archive for Linux: Chromium's sandbox needs a helper that belongs to root
 * with mode 4755, which installing makes so and unpacking cannot, wherever a system lets no program make user namespaces
 * of its own. Ubuntu does not since 23.10: what was unpacked aborts there before any line of ours.
 */
export const madeFor: Readonly<Record<PackageKind, readonly NodeJS.Platform[]>> = {
  zip: ['win32', 'darwin'],
  squirrel: ['win32'],
  dmg: ['darwin'],
  deb: ['linux'],
  rpm: ['linux'],
};

export interface Machine {
  readonly platform: NodeJS.Platform;
  hasTool(name: string): boolean;
  /** @param name a folder of node_modules */
  hasModule(name: string): boolean;
}

const thisMachine: Machine = {
  platform: process.platform,
  hasTool: (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined,
  hasModule: (name) => existsSync(path.join(root, 'node_modules', name)),
};

/** What is missing here to make such a package, as the end of "needs …"; null where nothing is. */
export function lackOf(kind: PackageKind, machine: Machine = thisMachine): string | null {
  switch (kind) {
    case 'zip': // on Windows PowerShell does it
      return machine.platform === 'win32' || machine.hasTool('zip') ? null : 'the program zip';
    case 'squirrel':
      return machine.platform === 'win32' ? moduleLack('electron-winstaller', machine) : 'Windows';
    case 'dmg':
      return machine.platform === 'darwin' ? diskImageLack(machine) : 'macOS';
    case 'deb':
      return machine.hasTool('dpkg') ? moduleLack('electron-installer-debian', machine) : 'the program dpkg';
    case 'rpm':
      return machine.hasTool('rpmbuild')
        ? moduleLack('electron-installer-redhat', machine)
        : 'the program rpmbuild (package "rpm", in Fedora "rpm-build")';
  }
}

/** What can be made for a system on this machine, and what cannot, with the reason: "rpm needs the program rpmbuild". */
export function makeable(
  target: NodeJS.Platform,
  machine: Machine = thisMachine,
): { readonly kinds: readonly PackageKind[]; readonly leftOut: readonly string[] } {
  const asked = packageKinds
    .filter((kind) => madeFor[kind].includes(target))
    .map((kind) => ({ kind, lack: lackOf(kind, machine) }));
  return {
    kinds: asked.filter(({ lack }) => lack === null).map(({ kind }) => kind),
    leftOut: asked.filter(({ lack }) => lack !== null).map(({ kind, lack }) => `${kind} needs ${lack}`),
  };
}

/** The tools themselves ask for Node 22.12, and npm leaves such an optional package out without a word. */
const moduleLack = (name: string, machine: Machine): string | null =>
  machine.hasModule(name) ? null : `${name}, which npm installs under Node 22.12 or newer only (npm ci)`;

/** Two addons that have to be compiled: our dependencies' install scripts never run. */
function diskImageLack(machine: Machine): string | null {
  const missing = ['macos-alias', 'fs-xattr'].filter((name) => !machine.hasModule(`${name}/build/Release`));
  return missing.length === 0 ? null : `${missing.join(' and ')}, built as docs/release-checklist.md says`;
}
