import {
  addColumn,
  columnExists,
  defineMigration,
  expectNone,
  missingColumns,
  tableExists,
} from '@engine/migration.ts';
import type { Db } from '@engine/migration.ts';
import { filled, leftBehind, pairTriggers, type ColumnPair, type PairTriggers } from './triggers/column-pairs.ts';
import { fillingOf, itsProject } from './rules/knowledge-backfill.ts';
import { valueMayBreakRuleOf } from './rules/own-rule.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';

/**
 * Gives the creative knowledge of a project its canonical columns: rules_json of style guides from specs_json (G1),
 * name, kind and metadata_json of reference sets from title and notes (T1 to T3), and room for the rest.
 * Why: the interface answers from these. '' becomes '{}' where JSON belongs (D15); text that is no JSON is copied as it
 * is and reported. notes stays: the interface answers it too, metadata_json only repeats it where it says nothing else.
 */
const tables = {
  style_guides: `
  CREATE TABLE style_guides (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    rules_json TEXT NOT NULL DEFAULT '{}',
    is_default INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  )`,
  characters: `
  CREATE TABLE characters (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    bio TEXT NOT NULL DEFAULT '',
    identity_constraints_json TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (project_id, code)
  )`,
  reference_sets: `
  CREATE TABLE reference_sets (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    metadata_json TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  )`,
  reference_items: `
  CREATE TABLE reference_items (
    id TEXT PRIMARY KEY,
    reference_set_id TEXT NOT NULL REFERENCES reference_sets(id) ON DELETE CASCADE,
    asset_id TEXT NOT NULL REFERENCES assets(id) ON DELETE CASCADE,
    weight REAL NOT NULL DEFAULT 1.0,
    notes TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    UNIQUE (reference_set_id, asset_id)
  )`,
} as const;

/** Beside old columns: name gets its NOT NULL, and kind loses its default, with the rebuild of the last phase. */
const columns = {
  style_guides: { rules_json: `TEXT NOT NULL DEFAULT '{}'`, is_default: 'INTEGER NOT NULL DEFAULT 0' },
  characters: { identity_constraints_json: `TEXT NOT NULL DEFAULT '{}'` },
  reference_sets: {
    name: 'TEXT',
    kind: `TEXT NOT NULL DEFAULT 'other'`,
    metadata_json: `TEXT NOT NULL DEFAULT '{}'`,
  },
  reference_items: { weight: 'REAL NOT NULL DEFAULT 1.0' },
} as const;
const namesOf = (table: keyof typeof columns): string[] => Object.keys(columns[table]);

const rules: ColumnPair = { table: 'style_guides', legacy: 'specs_json', canonical: 'rules_json', kind: 'json' };
const names: ColumnPair = { table: 'reference_sets', legacy: 'title', canonical: 'name', kind: 'text' };

/** Notes as metadata, in the form that the original gives them (T3). */
const asMetadata = (notes: string) =>
  `CASE WHEN ifnull(${notes}, '') = '' THEN '{}' ELSE '{"notes":' || json_quote(CAST(${notes} AS TEXT)) || '}' END`;
const isBare = (metadata: string) => `ifnull(${metadata}, '') IN ('', '{}')`;

const setMetadata = `
  BEGIN
    UPDATE reference_sets SET metadata_json = ${asMetadata('NEW.notes')}
      WHERE rowid = NEW.rowid AND NOT ${valueMayBreakRuleOf('reference_sets', 'metadata_json', asMetadata('NEW.notes'))};
  END`;
/** One way only: metadata that says something else than the notes said is nobody's copy. */
const noteTriggers = {
  _phasewise_0006_reference_sets_notes_insert: `CREATE TRIGGER _phasewise_0006_reference_sets_notes_insert AFTER INSERT ON reference_sets
  WHEN ${isBare('NEW.metadata_json')} AND NEW.metadata_json IS NOT ${asMetadata('NEW.notes')}${setMetadata}`,
  _phasewise_0006_reference_sets_notes_update: `CREATE TRIGGER _phasewise_0006_reference_sets_notes_update AFTER UPDATE OF notes ON reference_sets
  WHEN NEW.notes IS NOT OLD.notes AND NEW.metadata_json IS OLD.metadata_json
    AND (${isBare('NEW.metadata_json')} OR NEW.metadata_json IS ${asMetadata('OLD.notes')})${setMetadata}`,
};

const guideTriggers = pairTriggers('_phasewise_0006_style_guides', rules);
const titleTriggers = pairTriggers('_phasewise_0006_reference_sets_title', names);

/** The triggers that this file needs, by the old columns it has. */
function triggersOf(db: Db): PairTriggers {
  const needed: PairTriggers[] = [
    ...(columnExists(db, 'style_guides', 'specs_json') ? [guideTriggers] : []),
    ...(columnExists(db, 'reference_sets', 'title') ? [titleTriggers] : []),
    ...(hasOldNotes(db) ? [{ carried: noteTriggers, following: {} }] : []),
  ];
  const all = (direction: keyof PairTriggers) =>
    Object.assign({}, ...needed.map((each) => each[direction])) as Record<string, string>;
  return { carried: all('carried'), following: all('following') };
}
/** notes stays in the last phase, as it is; only beside title it is the old form of metadata_json. */
const hasOldNotes = (db: Db): boolean =>
  columnExists(db, 'reference_sets', 'title') && columnExists(db, 'reference_sets', 'notes');

const jsonText = (column: string) => `coalesce(nullif(s.${column}, ''), '{}')`;

const backfills = [
  fillingOf({
    table: 'style_guides',
    title: 'filling the rules of style guides',
    values: (db) => ({
      rules_json: columnExists(db, 'style_guides', 'specs_json') ? filled(rules) : jsonText('rules_json'),
    }),
    json: ['rules_json'],
    parents: [itsProject],
  }),
  fillingOf({
    table: 'characters',
    title: 'looking through the characters',
    values: () => ({ identity_constraints_json: jsonText('identity_constraints_json') }),
    json: ['identity_constraints_json'],
    parents: [itsProject],
  }),
  fillingOf({
    table: 'reference_sets',
    title: 'filling names and details of reference sets',
    values: (db) => ({
      ...(columnExists(db, 'reference_sets', 'title') ? { name: filled(names) } : {}),
      kind: `coalesce(nullif(s.kind, ''), 'other')`,
      metadata_json: hasOldNotes(db)
        ? `CASE WHEN ${isBare('s.metadata_json')} THEN ${asMetadata('s.notes')} ELSE s.metadata_json END`
        : jsonText('metadata_json'),
    }),
    json: ['metadata_json'],
    parents: [itsProject],
  }),
  fillingOf({
    table: 'reference_items',
    title: 'looking through the reference items',
    values: () => ({}),
    parents: [
      { column: 'reference_set_id', table: 'reference_sets', reason: 'set-missing' },
      { column: 'asset_id', table: 'assets', reason: 'file-missing' },
    ],
  }),
];

export default defineMigration({
  phase: 4,
  kind: 'expand',
  title: 'Give style guides, characters and references their canonical columns',
  what: [
    'The tables style_guides, characters, reference_sets and reference_items are added, or get the columns they lack.',
    'rules_json is filled from specs_json, name from title, and metadata_json from notes where it says nothing.',
    'Old and new columns follow each other, whichever of them a program writes.',
  ],
  effect: {
    grows: [],
    changes: Object.fromEntries(Object.entries(columns).map(([table, added]) => [table, Object.keys(added)])),
  },

  up(db) {
    for (const [table, create] of Object.entries(tables)) if (!tableExists(db, table)) db.exec(create);
    for (const [table, added] of Object.entries(columns)) {
      for (const [column, definition] of Object.entries(added)) addColumn(db, table, column, definition);
    }
    const { carried, following } = triggersOf(db);
    ensureMirrors(db, carried, following);
  },

  backfills,

  shape(db) {
    const { carried, following } = triggersOf(db);
    return [
      ...(Object.keys(columns) as (keyof typeof columns)[]).flatMap((table) =>
        missingColumns(db, table, namesOf(table)).map((column) => `${table} has no column ${column}`),
      ),
      ...wrongMirrors(db, carried, following),
    ];
  },

  verify: (db, proof) => [
    ...(columnExists(db, 'style_guides', 'specs_json') ? leftBehind(db, rules) : []),
    ...(columnExists(db, 'reference_sets', 'title') ? leftBehind(db, names) : []),
    ...expectNone(
      db,
      'reference sets without a kind',
      `SELECT id FROM reference_sets WHERE id IS NOT NULL AND coalesce(length(kind), 0) = 0`,
    ),
    // A newer program may take the metadata back: the notes themselves stay, and it answers them too.
    ...(hasOldNotes(db) && proof?.mayBeEdited !== true
      ? expectNone(
          db,
          'reference sets whose notes are in no metadata',
          `SELECT id FROM reference_sets WHERE id IS NOT NULL AND length(notes) > 0 AND metadata_json IN ('', '{}')`,
        )
      : []),
  ],
});
