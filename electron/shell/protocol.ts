import { protocol, session } from 'electron';
import { contentSecurityPolicy, securityHeaders, type WindowFiles } from '@host/window-files.ts';

const SCHEME = 'app';
/** Where the window lives. A standard, secure origin of its own: no file:// page ever has its rights. */
export const ORIGIN = `${SCHEME}://phasewise`;

/** Before `app` is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the window's files under ORIGIN, and makes sure that nothing else is ever loaded. After `app` is ready. */
export function serveWindow(files: WindowFiles): void {
  protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url);
    const file = url.host === 'phasewise' && request.method === 'GET' ? await files(decoded(url.pathname)) : null;
    const headers = {
      ...securityHeaders,
      'content-security-policy': contentSecurityPolicy(file?.nonce ?? null, "'self'"),
    };
    if (file === null) return new Response(null, { status: 404, headers });
    return new Response(new Uint8Array(file.body), { headers: { ...headers, 'content-type': file.type } });
  });
  const { webRequest } = session.defaultSession;
  webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isOurs(details.url) }));
}

/** True for addresses of the window itself; devtools and pictures inside the page are loaded too. */
function isOurs(url: string): boolean {
  const { protocol: scheme, host } = new URL(url);
  if (scheme === `${SCHEME}:`) return host === 'phasewise';
  return ['data:', 'blob:', 'devtools:'].includes(scheme);
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
