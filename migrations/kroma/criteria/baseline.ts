import { checkIntegrity, tableExists, type Db, type ExitCriterion } from '@engine/migration.ts';

/** Phase 0: the file is whole, its ledger can be read, and a verified backup was taken before anything changed. */
export const safetyBaselineCriteria: readonly ExitCriterion[] = [
  {
    id: 'file-whole',
    title: 'The file is whole',
    cost: 'data',
    check(db) {
      const { isSound, lines, contentFindings } = checkIntegrity(db);
      // Old rows that break a rule of their own table are no damage: they were so before, and they stay.
      const beside = contentFindings === 0 ? '' : ` ${contentFindings} rows break a rule of their own table.`;
      return {
        met: isSound,
        summary: isSound
          ? `SQLite read every page and every index and found no damage.${beside}`
          : `SQLite reports damage: ${lines[0] ?? 'no answer'}.`,
        evidence: [
          { label: 'PRAGMA integrity_check', text: lines.length === 0 ? 'ok' : lines.slice(0, 10).join('\n') },
        ],
      };
    },
  },
  {
    id: 'ledger-readable',
    title: 'The list of applied changes can be read',
    cost: 'schema',
    check(db, schema) {
      if (!schema.table('schema_migrations')) {
        // Before our first step nothing rests on it, and that step makes it; later its absence is a loss.
        const isLost = anyStepDone(db);
        const summary = isLost
          ? 'The file has no table schema_migrations.'
          : 'The file has no list of applied changes yet. The first step makes one.';
        return { met: !isLost, summary, evidence: [] };
      }
      const sql = 'SELECT version FROM schema_migrations ORDER BY version';
      const versions = db.prepare<[], unknown>(sql).pluck().all();
      return {
        met: true,
        summary: `It has ${versions.length} entries.`,
        evidence: [{ label: sql, text: versions.map(String).join('\n') }],
      };
    },
  },
  {
    id: 'backup-recorded',
    title: 'A verified backup was taken before anything changed',
    cost: 'schema',
    check(db) {
      const sql =
        'SELECT id, backup_sha256 FROM _phasewise_runs WHERE length(backup_sha256) = 64 ORDER BY rowid LIMIT 1';
      const first = tableExists(db, '_phasewise_runs')
        ? db.prepare<[], { id: string; backup_sha256: string }>(sql).get()
        : undefined;
      return {
        met: first !== undefined,
        summary: first
          ? 'The file records the checksum of the backup taken before the first change.'
          : 'The file records no backup yet.',
        evidence: first
          ? [
              { label: 'SHA-256 of the backup', text: first.backup_sha256 },
              { label: 'SQL', text: sql },
            ]
          : [],
      };
    },
  },
];

/** A step records itself in the list, and in the same transaction here. */
const anyStepDone = (db: Db): boolean =>
  hasRow(db, '_phasewise_migrations') || hasRow(db, '_phasewise_backfills', `state = 'done'`);
const hasRow = (db: Db, table: string, condition = '1'): boolean =>
  tableExists(db, table) && db.prepare(`SELECT 1 FROM ${table} WHERE ${condition} LIMIT 1`).get() !== undefined;
