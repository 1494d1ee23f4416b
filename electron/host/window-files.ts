import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { coded } from '@shared/errors.ts';

export interface WindowFile {
  readonly body: Buffer;
  readonly type: string;
  /** Allowed in this answer's style-src; null for everything but the page itself. */
  readonly nonce: string | null;
}

/** Answers an address path such as `/assets/index.js`; null = there is no such file. */
export type WindowFiles = (pathname: string) => Promise<WindowFile | null>;

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** In index.html: replaced by a fresh nonce at every load, for the styles that the component library adds at run time. */
const NONCE_PLACEHOLDER = '__CSP_NONCE__';

/**
 * The built window's files. They are listed once; only names of that list are ever read, so no address, however it is
 * written or encoded, leads out of the folder.
 * @throws CodedError E_RUNTIME_MISMATCH when the window was not built.
 */
export function openWindowFiles(folder: string): WindowFiles {
  const files = listFiles(folder, '/');
  const index = files.get('/index.html');
  if (index === undefined) throw coded('E_RUNTIME_MISMATCH', 'The window of Phasewise was not built.');
  files.set('/', index);
  return async (pathname) => {
    const file = files.get(pathname);
    if (file === undefined) return null;
    const body = await readFile(file);
    const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
    if (file !== index) return { body, type, nonce: null };
    const nonce = randomBytes(18).toString('base64url');
    return { body: Buffer.from(body.toString('utf8').replaceAll(NONCE_PLACEHOLDER, nonce)), type, nonce };
  };
}

/** @param connect what scripts of the page may connect to. */
export function contentSecurityPolicy(nonce: string | null, connect: string): string {
  const styles = nonce === null ? "'self'" : `'self' 'nonce-${nonce}'`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${styles}`,
    "img-src 'self' data: blob:", // blob: pictures that stand in a database
    "font-src 'self'",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Headers of every answer, whichever door gives it. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

function listFiles(folder: string, prefix: string): Map<string, string> {
  const files = new Map<string, string>();
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = path.join(folder, entry.name);
      if (entry.isFile()) files.set(prefix + entry.name, full);
      if (entry.isDirectory())
        for (const [name, file] of listFiles(full, `${prefix}${entry.name}/`)) files.set(name, file);
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
  return files;
}
