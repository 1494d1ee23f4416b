import path from 'node:path';
import { z } from 'zod';
import { readText } from './json-file.ts';

/** What whoever publishes Phasewise sets in package.json, below "phasewise". Nothing is ever asked of these addresses. */
export interface Publisher {
  /** The day this version came out, `2026-11-21`; null for a build that was not released. */
  readonly releasedOn: string | null;
  /** Where newer versions are; null: whoever gave Phasewise out knows. */
  readonly releasesUrl: string | null;
  /** The documentation on the web; null: what lies beside the program. */
  readonly documentationUrl: string | null;
}

const NOBODY: Publisher = { releasedOn: null, releasesUrl: null, documentationUrl: null };
const address = z.string().refine(isPlainAddress).nullable().catch(null);
const Field = z.object({
  releasedOn: z.iso.date().nullable().catch(null),
  releasesUrl: address,
  documentationUrl: address,
});

/** The version in the package's own package.json. @param buildFolder `.vite/build`, where the bundles are. */
export const readAppVersion = (buildFolder: string): string =>
  (readPackage(buildFolder) as { version: string }).version;

/** Whatever is missing or not as it should be is null. */
export function readPublisher(buildFolder: string): Publisher {
  try {
    const found = Field.safeParse((readPackage(buildFolder) as { phasewise?: unknown }).phasewise);
    return found.success ? found.data : NOBODY;
  } catch {
    return NOBODY; // bundles that stand alone
  }
}

/** True when `url` has exactly the origin of one of `allowed`: the only addresses that are handed to the system's browser. */
export const isAllowedAddress = (url: string, allowed: readonly (string | null)[]): boolean =>
  isPlainAddress(url) && allowed.some((each) => each !== null && URL.parse(each)?.origin === URL.parse(url)?.origin);

/** https, and without a name or a password in front of the host. */
function isPlainAddress(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'https:' && parsed.username === '' && parsed.password === '';
}

const readPackage = (buildFolder: string): unknown =>
  JSON.parse(readText(path.join(buildFolder, '../../package.json')));
