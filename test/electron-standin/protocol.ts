// Custom protocols. A stock Chromium cannot register schemes, so app://host/x is served as https://host.app.test/x.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { lifecycle } from './lifecycle.ts';

type Handler = (request: Request) => Response | Promise<Response>;

const handlers = new Map<string, Handler>();
export const privileged: unknown[] = [];

export const protocol = {
  registerSchemesAsPrivileged(schemes: unknown[]) {
    if (lifecycle.isReady) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    privileged.push(...schemes);
  },
  handle: (scheme: string, handler: Handler) => void handlers.set(scheme, handler),
  unhandle: (scheme: string) => void handlers.delete(scheme),
  isProtocolHandled: (scheme: string) => handlers.has(scheme),
};

export const handlerOf = (url: string): Handler | undefined => handlers.get(new URL(url).protocol.slice(0, -1));

/** The address that Chromium loads for one that the app names. */
export function toServed(url: string): string {
  const { protocol: scheme, host, pathname, search, hash } = new URL(url);
  const name = scheme.slice(0, -1);
  return handlers.has(name) ? `https://${host}.${name}.test${pathname}${search}${hash}` : url;
}

/** The address as the app knows it. */
export function toNamed(url: string): string {
  const served = /^https:\/\/([^/]+)\.([a-z]+)\.test(\/.*)?$/.exec(url);
  return served ? `${served[2]}://${served[1]}${served[3] ?? '/'}` : url;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};

export const net = {
  /** Only files: nothing in a test may reach the network. */
  async fetch(input: string | URL | Request) {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith('file:')) throw new Error(`the stand-in fetches files only, not ${url}`);
    const file = fileURLToPath(url);
    try {
      const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
      return new Response(await readFile(file), { headers: { 'content-type': type } });
    } catch {
      throw new Error('net::ERR_FILE_NOT_FOUND');
    }
  },
};
