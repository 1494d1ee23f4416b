import { columnExists, tableExists, type Db } from '@engine/migration.ts';

/**
 * Keys of providers that an early version kept in plain text in provider_accounts.api_key. No migration moves or clears
 * them: only their owner knows whether a key is still needed, and stored elsewhere. Nothing here returns a key.
 */
export interface PlainKey {
  readonly id: string;
  readonly projectId: string;
  readonly providerCode: string;
}

const isKept = `length(api_key) > 0`;
const hasKeys = (db: Db): boolean =>
  tableExists(db, 'provider_accounts') && columnExists(db, 'provider_accounts', 'api_key');

/** How many accounts keep a key in plain text. */
export const countPlainKeys = (db: Db): number =>
  hasKeys(db)
    ? (db.prepare<[], number>(`SELECT count(*) FROM provider_accounts WHERE ${isKept}`).pluck().get() ?? 0)
    : 0;

/** Whose keys they are, by project and provider; never the keys. Accounts without an id can't be cleared, nor named. */
export const listPlainKeys = (db: Db): PlainKey[] =>
  hasKeys(db)
    ? db
        .prepare<[], PlainKey>(
          `SELECT id, project_id AS projectId, provider_code AS providerCode FROM provider_accounts
           WHERE id IS NOT NULL AND ${isKept} ORDER BY project_id, provider_code, id`,
        )
        .all()
    : [];

/**
 * Empties the keys of these accounts and nothing else of them; all of them or, when one statement fails, none.
 * The bytes are overwritten in the database (secure_delete), which must not be in a read-only connection. Backups, and a
 * write-ahead log that is not merged yet, still hold them: tell the person.
 * @returns how many accounts had a key.
 */
export function clearPlainKeys(db: Db, ids: readonly string[]): number {
  if (!hasKeys(db)) return 0;
  const before = db.pragma('secure_delete', { simple: true });
  db.pragma('secure_delete = ON');
  try {
    const clear = db.prepare<[string]>(`UPDATE provider_accounts SET api_key = '' WHERE id = ? AND ${isKept}`);
    return db.transaction(() => ids.reduce((cleared, id) => cleared + clear.run(id).changes, 0))();
  } finally {
    db.pragma(`secure_delete = ${before === 2 ? 'FAST' : Number(before)}`);
  }
}
