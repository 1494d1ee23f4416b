import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The subprotocol of the channels; the token travels beside it as `token.<token>`. */
export const PROTOCOL = 'phasewise.v1';

/** Why a request is not answered: its status. null = go on. */
export type Refusal = 400 | 403 | 404 | 405 | 413 | null;

/**
 * What every request and every upgrade must satisfy, before anything looks at its address: other web pages, other
 * names for this machine (DNS rebinding) and other programs' odd requests end here.
 * @param host exactly what was announced, `127.0.0.1:<port>`.
 */
export function refusalOf(request: IncomingMessage, host: string): Refusal {
  const { headers } = request;
  if (countOf(request, 'host') !== 1 || headers.host !== host) return 403;
  if (countOf(request, 'origin') > 1) return 403;
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) return 403;
  if (!isOwnFetch(headers)) return 403;
  if (request.method !== 'GET' && request.method !== 'HEAD') return 405;
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return 413;
  const target = request.url ?? '';
  if (!target.startsWith('/') || target.startsWith('//') || target.length > 2_000) return 400;
  return null;
}

/** As refusalOf, and stricter: an upgrade must name its origin, and must know the token. */
export function upgradeRefusalOf(request: IncomingMessage, host: string, token: string): Refusal {
  const refusal = refusalOf(request, host);
  if (refusal !== null) return refusal;
  if (request.headers.origin !== `http://${host}` || countOf(request, 'sec-websocket-protocol') !== 1) return 403;
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const presented = offered.find((name) => name.startsWith('token.'))?.slice('token.'.length) ?? '';
  if (!sameSecret(presented, token) || !offered.includes(PROTOCOL)) return 403;
  return request.url === '/channels' ? null : 404;
}

/** Compares in a time that tells nothing about where two secrets differ. */
export function sameSecret(presented: string, secret: string): boolean {
  const a = Buffer.from(presented);
  const b = Buffer.from(secret);
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Browsers say what a request is for. Another site may send a person here (the page alone knows nothing without the
 * token), but may not embed or fetch anything. Clients that say nothing are judged by the other rules.
 */
function isOwnFetch(headers: IncomingMessage['headers']): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return true;
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

/** Node keeps only the first of several Host headers; the raw list tells how many there were. */
const countOf = (request: IncomingMessage, name: string): number =>
  request.rawHeaders.filter((header, at) => at % 2 === 0 && header.toLowerCase() === name).length;
