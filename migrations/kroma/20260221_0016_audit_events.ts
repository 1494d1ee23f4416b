import {
  addColumn,
  columnExists,
  defineMigration,
  ensureTriggers,
  expectNone,
  inRange,
  missingColumns,
  rangeValues,
  tableExists,
  wrongTriggers,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { auditTriggers } from './triggers/audit-triggers.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';

/**
 * Gives audit_events its canonical columns: event_code, payload_json and actor_user_id from action, details_json and
 * user_id (rules AU1 to AU3). The table is made where it is missing.
 * Why: the original added the new columns with defaults, took them for filled, and so every old event read
 * legacy_event with nothing in it (D2).
 * A blank action has no better word than legacy_event. Details that are no JSON are carried over as they stand and
 * reported. target_type and target_id stay where they are: an approved extension.
 */
const id = '20260221_0016_audit_events';

const createAuditEvents = `
  CREATE TABLE audit_events (
    id TEXT PRIMARY KEY,
    project_id TEXT REFERENCES projects(id) ON DELETE SET NULL,
    actor_user_id TEXT REFERENCES app_users(id) ON DELETE SET NULL,
    event_code TEXT NOT NULL,
    payload_json TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL
  )`;

/** Without a reference and with defaults where ALTER TABLE wants them; both are put right by the last phase. */
const columns = {
  actor_user_id: 'TEXT',
  event_code: `TEXT NOT NULL DEFAULT 'legacy_event'`,
  payload_json: `TEXT NOT NULL DEFAULT '{}'`,
};
type Column = keyof typeof columns;
const legacyOf: Readonly<Record<Column, string>> = {
  actor_user_id: 'user_id',
  event_code: 'action',
  payload_json: 'details_json',
};
const names = Object.keys(columns) as Column[];

const isEmpty = (value: string) => `ifnull(${value}, '') = ''`;
/** Values of a new column that say nothing. */
const saysNothing: Readonly<Record<Column, (value: string) => string>> = {
  actor_user_id: isEmpty,
  event_code: (value) => `ifnull(${value}, '') IN ('', 'legacy_event')`,
  payload_json: (value) => `ifnull(${value}, '') IN ('', '{}')`,
};

/** A user only where the reference allows it: a row must not come to refer to nobody, nor a trigger fail a write. */
const knownUser = (table: string | null, user: string) =>
  table === null ? user : `(SELECT u.id FROM ${table} AS u WHERE u.id = ${user})`;
/** The table that a user column of audit_events refers to, or null. */
const referenceOf = (db: Db, column: string): string | null =>
  db
    .prepare<[string], string>(
      `SELECT "table" FROM pragma_foreign_key_list('audit_events') WHERE lower("from") = ? LIMIT 1`,
    )
    .pluck()
    .get(column) ?? null;

/** What the new column is for a value of the old one, and the other way round. */
interface Rules {
  readonly toNew: Readonly<Record<Column, (old: string) => string>>;
  readonly toOld: Readonly<Record<Column, (value: string) => string>>;
}
const rulesOf = (db: Db): Rules => ({
  toNew: {
    actor_user_id: (user) => knownUser(referenceOf(db, 'actor_user_id'), user),
    event_code: (action) => `CASE WHEN ${isEmpty(action)} THEN 'legacy_event' ELSE ${action} END`,
    payload_json: (details) => `CASE WHEN ${isEmpty(details)} THEN '{}' ELSE ${details} END`,
  },
  toOld: {
    actor_user_id: (user) => knownUser(referenceOf(db, 'user_id'), user),
    event_code: (code) => code,
    payload_json: (payload) => payload,
  },
});

/**
 * Both directions: the side that a program wrote leads, and where it wrote both, both stay. Each trigger leaves a row
 * alone whose other side says the same already, so that one never answers the other.
 */
function followingTriggers({ toNew, toOld }: Rules): Record<string, string> {
  const trigger = (name: string, event: string, when: string, set: string) => [
    name,
    `CREATE TRIGGER ${name} AFTER ${event} ON audit_events
  WHEN ${when}
  BEGIN
    UPDATE audit_events SET ${set} WHERE rowid = NEW.rowid;
  END`,
  ];
  return Object.fromEntries(
    names.flatMap((column) => {
      const legacy = legacyOf[column];
      const [value, old] = [`NEW.${column}`, `NEW.${legacy}`];
      const differs = `(${toNew[column](old)}) IS NOT ${value}`;
      const oldDiffers = `(${toOld[column](value)}) IS NOT ${old}`;
      const changedAlone = (one: string, other: string) =>
        `NEW.${one} IS NOT OLD.${one} AND NEW.${other} IS OLD.${other} AND ${differs} AND ${oldDiffers}`;
      const base = `_phasewise_0016_events_${legacy}`;
      return [
        trigger(
          `${base}_insert`,
          'INSERT',
          `${saysNothing[column](value)} AND ${differs}`,
          `${column} = ${toNew[column](old)}`,
        ),
        trigger(
          `${base}_insert_follows`,
          'INSERT',
          `${column === 'payload_json' ? saysNothing[column](old) : isEmpty(old)} AND NOT (${saysNothing[column](value)}) AND ${oldDiffers}`,
          `${legacy} = ${toOld[column](value)}`,
        ),
        trigger(
          `${base}_update`,
          `UPDATE OF ${legacy}`,
          changedAlone(legacy, column),
          `${column} = ${toNew[column](old)}`,
        ),
        trigger(
          `${base}_update_follows`,
          `UPDATE OF ${column}`,
          changedAlone(column, legacy),
          `${legacy} = ${toOld[column](value)}`,
        ),
      ];
    }),
  ) as Record<string, string>;
}

const hasLegacyColumns = (db: Db) => missingColumns(db, 'audit_events', Object.values(legacyOf)).length === 0;

/** The triggers that keep both sides in step, by direction; none where nothing old is left. */
function mirrorsOf(db: Db) {
  const all = hasLegacyColumns(db) ? Object.entries(followingTriggers(rulesOf(db))) : [];
  const isFollowing = ([name]: [string, string]) => name.endsWith('_follows');
  return [
    Object.fromEntries(all.filter((each) => !isFollowing(each))),
    Object.fromEntries(all.filter(isFollowing)),
  ] as const;
}

/** The triggers that note what programs do; they stay for good. */
function auditOf(db: Db): Record<string, string> {
  const audit = Object.entries(auditTriggers(hasLegacyColumns(db), columnExists(db, 'project_exports', 'export_path')));
  const hasInstructions = tableExists(db, 'agent_instructions');
  return Object.fromEntries(audit.filter(([, sql]) => hasInstructions || !sql.includes('ON agent_instructions')));
}

/** Python accepts three words that JSON has not. */
const isReadable = (text: string) =>
  `(json_valid(${text}) OR json_valid(replace(replace(replace(${text}, '-Infinity', '0'), 'Infinity', '0'), 'NaN', '0')))`;

/** Fills the events of a range; those whose details cannot be read, or whose user is gone, are filled and reported. */
function fillEvents(db: Db, range: KeyRange, context: BackfillContext) {
  const isDual = hasLegacyColumns(db);
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const { toNew } = rulesOf(db);
  const target = (column: Column) =>
    isDual
      ? `CASE WHEN ${saysNothing[column](`s.${column}`)} THEN ${column === 'actor_user_id' ? `ifnull(${toNew[column]('s.user_id')}, s.actor_user_id)` : toNew[column](`s.${legacyOf[column]}`)} ELSE s.${column} END`
      : `s.${column}`;
  const isUnreadable = `NOT ${isReadable(`CAST((${target('payload_json')}) AS TEXT)`)}`;
  const isNobody = isDual ? `(NOT ${isEmpty('s.user_id')} AND ${isEmpty(target('actor_user_id'))})` : '0';
  const isOpen = `(${names.map((column) => `(${target(column)}) IS NOT s.${column}`).join(' OR ')})`;
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE issue) AS issueRows, count(*) FILTER (WHERE NOT issue AND open) AS moved,
         count(*) FILTER (WHERE NOT issue AND NOT open) AS alreadyRight
       FROM (SELECT ${isUnreadable} OR ${isNobody} AS issue, ${isOpen} AS open FROM audit_events AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  context.setAside({
    reason: 'details-unreadable',
    detailSql: `${isDual ? `CASE WHEN ${saysNothing.payload_json('s.payload_json')} THEN 'details_json' ELSE 'payload_json' END` : `'payload_json'`}
      || ' is no JSON, it begins ' || substr(CAST((${target('payload_json')}) AS TEXT), 1, 40)`,
    where: `${inChunk} AND ${isUnreadable}`,
    params: values,
    isPlaced: true,
  });
  context.setAside({
    reason: 'actor-missing',
    detailSql: isDual ? `'names user ' || s.user_id || ', which does not exist'` : `''`,
    where: `${inChunk} AND ${isNobody}`,
    params: values,
    isPlaced: true,
  });
  if (isDual) {
    const set = names.map((column) => `${column} = ${target(column)}`).join(', ');
    db.prepare(`UPDATE audit_events AS s SET ${set} WHERE ${inChunk} AND ${isOpen}`).run(values);
  }
  return count;
}

export default defineMigration({
  phase: 2,
  kind: 'expand',
  title: 'Give every audit event its code and its payload',
  what: [
    'The table audit_events gets actor_user_id, event_code and payload_json, filled from user_id, action and details_json; it is added where it is missing.',
    'From now on, changes of secrets, storage, exports and instruction states are noted in it, without the values of secrets.',
    'The old columns stay as they are; whichever side a program writes, the other follows.',
  ],
  effect: { grows: ['audit_events'], changes: { audit_events: names } },

  up(db) {
    if (!tableExists(db, 'audit_events')) db.exec(createAuditEvents);
    for (const column of names) addColumn(db, 'audit_events', column, columns[column]);
    ensureMirrors(db, ...mirrorsOf(db));
    ensureTriggers(db, auditOf(db));
  },

  backfills: [
    {
      name: 'events',
      title: 'filling the canonical columns of audit events',
      source: 'audit_events',
      key: 'id',
      chunk: fillEvents,
    },
  ],

  shape: (db) => [
    ...missingColumns(db, 'audit_events', ['id', 'project_id', ...names, 'created_at']).map(
      (column) => `audit_events has no column ${column}`,
    ),
    ...wrongMirrors(db, ...mirrorsOf(db)),
    ...wrongTriggers(db, auditOf(db)),
  ],

  verify: (db) => {
    if (!hasLegacyColumns(db)) return [];
    const noted = `SELECT source_key FROM _phasewise_quarantine WHERE backfill_id = '${id}/events'`;
    return [
      ...expectNone(
        db,
        'audit events whose code or payload stands in the old column only',
        `
        SELECT id FROM audit_events WHERE id IS NOT NULL
          AND ((length(action) > 0 AND action <> 'legacy_event' AND event_code IN ('', 'legacy_event'))
            OR (length(details_json) > 0 AND details_json <> '{}' AND payload_json IN ('', '{}')))`,
      ),
      ...expectNone(
        db,
        'audit events whose user stands in the old column only',
        `
        SELECT id FROM audit_events WHERE length(user_id) > 0 AND coalesce(length(actor_user_id), 0) = 0
        EXCEPT ${noted}`,
      ),
    ];
  },
});
