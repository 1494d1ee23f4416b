/** Page addresses: short enough to be read over the phone, kept in the location's hash. */
export const tabs = ['overview', 'phases', 'data', 'activity', 'backups'] as const;
export type Tab = (typeof tabs)[number];

export type Route =
  | { page: 'home' }
  /** Opening something was refused; the reason lives in the databases store. */
  | { page: 'refused' }
  | { page: 'database'; handle: string; tab: Tab; detail: string | null };

const home: Route = { page: 'home' };

/** `#/db/k3/phases/upgrade-to-1` and the like; anything unknown is the home page. */
export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/');
  if (parts[0] === 'refused') return { page: 'refused' };
  const handle = parts[1];
  if (parts[0] !== 'db' || handle === undefined || handle === '') return home;
  const tab = tabs.find((name) => name === parts[2]) ?? 'overview';
  return {
    page: 'database',
    handle: safeDecode(handle),
    tab,
    // Only a table may be called "".
    detail: parts[3] === undefined || (parts[3] === '' && tab !== 'data') ? null : safeDecode(parts[3]),
  };
}

export function formatRoute(route: Route): string {
  if (route.page === 'home') return '#/';
  if (route.page === 'refused') return '#/refused';
  const detail = route.detail === null ? '' : `/${encodeURIComponent(route.detail)}`;
  return `#/db/${encodeURIComponent(route.handle)}/${route.tab}${detail}`;
}

/** What the status bar shows: the address without the handle, which means nothing to a person. */
export function pageAddress(route: Route): string {
  if (route.page !== 'database') return route.page;
  return route.detail === null ? route.tab : `${route.tab}/${route.detail}`;
}

/** `upgrade-to-1` -> 1 */
export function targetPhase(detail: string | null): number | null {
  const match = /^upgrade-to-(\d{1,2})$/.exec(detail ?? '');
  return match ? Number(match[1]) : null;
}

export const upgradeDetail = (phase: number): string => `upgrade-to-${phase}`;

const MIGRATION = 'migration-';
/** One migration among the phases. */
export const migrationDetail = (id: string): string => `${MIGRATION}${id}`;
export const migrationOf = (detail: string | null): string | null =>
  detail?.startsWith(MIGRATION) ? detail.slice(MIGRATION.length) : null;

/** The issue rows, of one reason or all: `issue-rows`, `issue-rows-slot-taken`. */
export const issuesDetail = (reason: string | null = null): string =>
  reason === null ? ISSUES : `${ISSUES}-${reason}`;
const ISSUES = 'issue-rows';

/** null: another page; reason null: all of them. */
export function issuesPage(detail: string | null): { reason: string | null } | null {
  if (detail === ISSUES) return { reason: null };
  return detail?.startsWith(`${ISSUES}-`) ? { reason: detail.slice(ISSUES.length + 1) } : null;
}

/** Taking files of a program in. */
export const INGEST_DETAIL = 'take-in';

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
