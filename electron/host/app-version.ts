import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The version in the package's own package.json. @param buildFolder `.vite/build`, where the bundles are. */
export function readAppVersion(buildFolder: string): string {
  const text = readFileSync(path.join(buildFolder, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
