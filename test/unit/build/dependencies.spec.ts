import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';

/** X06: what is installed is what was chosen, byte for byte, and none of it runs a program while it is installed. */

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}
/** What npm leaves out of the lock file. */
const REGISTRY = 'https://registry.npmjs.org/';
const read = <T>(name: string): T => JSON.parse(readFileSync(path.join(root, name), 'utf8')) as T;
const own = read<Record<string, Record<string, unknown>>>('package.json');
const { packages } = read<{ packages: Record<string, Locked> }>('package-lock.json');
const installed = Object.entries(packages).filter(([name]) => name !== '');
const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'];

describe('X06: packages of others', () => {
  it('are named by one version each, the one that the lock file has', () => {
    const wanted = kinds.flatMap((kind) => Object.entries(own[kind] ?? {}));
    expect(wanted.length).toBeGreaterThan(10);
    expect(wanted.filter(([name, version]) => packages[`node_modules/${name}`]?.version !== version)).toEqual([]);
  });

  it('come from the one registry, with the hash of their content', () => {
    expect(installed.length).toBeGreaterThan(100);
    const loose = installed.filter(
      ([, { resolved = REGISTRY, integrity = '' }]) =>
        !resolved.startsWith(REGISTRY) || !integrity.startsWith('sha512-'),
    );
    expect(loose.map(([name]) => name)).toEqual([]);
  });

  it('run nothing while they are installed: each that would is named, and refused', () => {
    const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const refused = own['allowScripts'] ?? {};
    expect(scripts.map(([name]) => name.replace(/^.*node_modules\//, '')).filter((name) => refused[name] !== false)).toEqual([]); // prettier-ignore
    expect(Object.values(refused)).not.toContain(true);
  });
});
