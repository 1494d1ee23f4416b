import { expectNone, namesIn, readTableDefinition, tableExists } from '@engine/migration.ts';
import type { CanonicalColumn, CanonicalTable, Db, ExitCriterion, Finding } from '@engine/migration.ts';
import { canonical } from '../schema/canonical.ts';

/** Phase 5, by data: references, lists of words, issue rows and accounts, asked of the rows themselves. */

const referencesLead: ExitCriterion = {
  id: 'final-references',
  title: 'Every reference leads to a row',
  cost: 'data',
  check(db) {
    const present = canonical.filter(({ name }) => tableExists(db, name));
    const findings = present.flatMap((table) =>
      expectNone(
        db,
        `rows of ${table.name} that refer to nothing`,
        `SELECT v."table" || ' ' || ifnull(v.rowid, '') || ' to ' || v.parent FROM pragma_foreign_key_check('${table.name}') AS v
         WHERE v.fkid IN (${ownReferences(table)})`,
      ),
    );
    const references = present.flatMap(({ columns }) => columns.filter((column) => column.references)).length;
    return verdict(findings, `${references} kinds of references were followed, and none leads nowhere.`);
  },
};

/**
 * A program without foreign keys may have changed the key of a project. Until the cut-over its row would be made anew;
 * what led to the old key has left by then, as an issue row.
 */
const storageThere: ExitCriterion = {
  id: 'final-storage',
  title: 'Every project still says where its files lie',
  cost: 'data',
  check: (db) =>
    verdict(
      tableExists(db, 'project_storage')
        ? expectNone(
            db,
            'projects without a row in project_storage',
            `SELECT id FROM projects WHERE id IS NOT NULL
             AND id NOT IN (SELECT project_id FROM project_storage WHERE project_id IS NOT NULL)`,
          )
        : [],
      'No project is without its row in project_storage.',
    ),
};

/** Those of the canonical schema. What somebody declared beside them may have led nowhere all along. */
const ownReferences = ({ name, columns }: CanonicalTable): string => {
  const own = columns.flatMap((column) =>
    column.references ? `('${column.name}', '${column.references.table}')` : [],
  );
  return `SELECT id FROM pragma_foreign_key_list('${name}') GROUP BY id
    HAVING count(*) = 1 AND (lower("from"), lower("table")) IN (VALUES ${own.join(', ') || `('', '')`})`;
};

/** A word that no list has: a rule that lets it through is none. */
const NO_WORD = 'phasewise: no such word';

const wordsListed: ExitCriterion = {
  id: 'final-words',
  title: 'Lists of words are enforced, or rows with other words are noted',
  cost: 'data',
  check(db) {
    const columns = canonical.flatMap(({ name, columns: all }) =>
      tableExists(db, name)
        ? all.filter(({ allowed }) => allowed !== undefined).map((column) => ({ name, column }))
        : [],
    );
    const open = columns.filter(({ name, column }) => !isEnforced(db, name, column));
    const findings = open.flatMap(({ name, column }) => otherWords(db, name, column));
    const enforced = columns.length - open.length;
    const result = verdict(findings, `${enforced} of ${columns.length} lists of words are enforced.`);
    const left = open.map(({ name, column }) => `${name}.${column.name} holds other words, so its rule is left out`);
    return { ...result, evidence: [...result.evidence, ...left.map((text) => ({ label: 'Left out', text }))] };
  },
};

/** Tries the CHECK rules of the table's own text with every listed word, and with one that is not listed. */
function isEnforced(db: Db, table: string, column: CanonicalColumn): boolean {
  const sql = db
    .prepare<[string], string>(`SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE`)
    .pluck()
    .get(table);
  const definition = readTableDefinition(sql ?? '');
  const rules = [
    ...definition.constraints.filter(({ kind }) => kind === 'check').map(({ text }) => text),
    ...definition.columns.flatMap(({ checks }) => checks),
  ].filter((text) => namesIn(text).has(column.name));
  const accepts = (rule: string, word: string | number) =>
    db
      .prepare<[string | number], number>(
        `SELECT ${rule.replace(/^(CONSTRAINT\s+\S+\s+)?CHECK/i, '')} FROM (SELECT ? AS ${column.name})`,
      )
      .pluck()
      .get(word) === 1;
  const words = (column.allowed ?? []).map((word) => (column.type === 'TEXT' ? word : Number(word)));
  return rules.some((rule) => {
    try {
      return words.every((word) => accepts(rule, word)) && !accepts(rule, NO_WORD);
    } catch {
      return false; // a rule over other columns as well: not the one looked for
    }
  });
}

/** Where the rule is left out, every row with another word is noted; without such a row it must be there. */
function otherWords(db: Db, table: string, column: CanonicalColumn): Finding[] {
  // As the rule itself compares: a blob is none of the words, whatever its bytes spell.
  const list = (column.allowed ?? []).map((word) => (column.type === 'TEXT' ? `'${word}'` : word)).join(', ');
  const others = `SELECT id FROM ${table} WHERE ${column.name} NOT IN (${list})`;
  if (db.prepare(`${others} LIMIT 1`).get() === undefined) {
    return [
      { what: `list of words of ${table}.${column.name} that nothing enforces`, count: 1, sampleKeys: [], sql: others },
    ];
  }
  return expectNone(
    db,
    `rows of ${table} with another word in ${column.name} that are not noted`,
    `${others} AND id IS NOT NULL AND id NOT IN (SELECT source_key FROM _phasewise_quarantine
       WHERE source_table = '${table}' AND source_key IS NOT NULL)`,
  );
}

const issuesWhole: ExitCriterion = {
  id: 'final-issues',
  title: 'Every issue row holds its whole row',
  cost: 'data',
  isEntry: true,
  check(db) {
    if (!tableExists(db, '_phasewise_quarantine')) return verdict([], 'There are no issue rows.');
    const isObject = `CASE WHEN json_valid(row_json) THEN json_type(row_json) = 'object' ELSE 0 END`;
    // In the letters that the file had it in when the row was recorded.
    const idOf = `json_each(CASE WHEN ${isObject} THEN q.row_json END) WHERE key = 'id' COLLATE NOCASE`;
    const findings = [
      ...expectNone(
        db,
        'issue rows whose content cannot be read',
        `SELECT id FROM _phasewise_quarantine WHERE NOT ${isObject}`,
      ),
      ...expectNone(
        db,
        'issue rows that hold another row than they name',
        `SELECT q.id FROM _phasewise_quarantine AS q WHERE ${isObject} AND typeof(source_key) = 'text'
           AND (SELECT type = 'text' AND atom <> source_key FROM ${idOf})`,
      ),
      ...expectNone(
        db,
        'issue rows with fewer columns than their table',
        `SELECT q.id FROM _phasewise_quarantine AS q WHERE ${isObject}
           AND EXISTS (SELECT 1 FROM pragma_table_xinfo(q.source_table) AS c WHERE lower(c.name) = 'id') AND NOT EXISTS (SELECT 1 FROM ${idOf})`,
      ),
    ];
    const rows = db.prepare<[], number>('SELECT count(*) FROM _phasewise_quarantine').pluck().get() ?? 0;
    const whole = rows === 1 ? '1 issue row holds its' : `${rows.toLocaleString('en-US')} issue rows each hold their`;
    return verdict(findings, `${whole} whole row.`);
  },
};

/** Rows of the cut-over's walks: a row without a place has left its table, every other one is accounted for. */
const accountsFinal: ExitCriterion = {
  id: 'final-accounts',
  title: 'Rows that were kept and rows that were set aside add up',
  cost: 'data',
  check(db) {
    if (!tableExists(db, '_phasewise_backfills')) return verdict([], 'No row was moved.');
    const walks = `SELECT * FROM _phasewise_backfills WHERE id LIKE '20260221!_0025!_%' ESCAPE '!'`;
    const findings = [
      ...expectNone(
        db,
        'walks that do not add up',
        `SELECT id FROM (${walks}) WHERE state <> 'done' OR expected <> moved + already_right + issue_rows`,
      ),
      ...expectNone(
        db,
        'walks whose issue rows are not all there',
        `SELECT id FROM (${walks}) AS b WHERE issue_rows <> (SELECT count(*) FROM _phasewise_quarantine AS q WHERE q.backfill_id = b.id)`,
      ),
      ...canonical
        .filter(({ name }) => tableExists(db, name))
        .flatMap(({ name }) =>
          expectNone(
            db,
            `rows of ${name} that were set aside and are back`,
            `SELECT id FROM ${name} WHERE id IN (SELECT source_key FROM _phasewise_quarantine
               WHERE backfill_id = '20260221_0025_cut_over/${name}' AND is_placed = 0 AND source_key IS NOT NULL)`,
          ),
        ),
    ];
    const lines = db
      .prepare<[], string>(
        `SELECT source || ': ' || expected || ' rows = ' || (expected - aside) || ' kept + ' || aside || ' set aside' FROM (
           SELECT b.source, b.expected, (SELECT count(*) FROM _phasewise_quarantine AS q
             WHERE q.backfill_id = b.id AND q.is_placed = 0 AND q.source_key IS NOT NULL) AS aside FROM (${walks}) AS b)
         WHERE source NOT LIKE '!_phasewise!_%' ESCAPE '!' ORDER BY source`,
      )
      .pluck()
      .all();
    const result = verdict(findings, `${lines.length} tables add up.`);
    return { ...result, evidence: [...result.evidence, { label: 'Accounts', text: lines.join('\n') }] };
  },
};

function verdict(findings: readonly Finding[], whenMet: string) {
  return {
    met: findings.length === 0,
    summary: findings.length === 0 ? whenMet : findings.map(({ what, count }) => `${count} ${what}`).join('; ') + '.',
    evidence: [
      { label: 'Result', text: findings.length === 0 ? whenMet : `${findings.length} findings` },
      ...findings.flatMap(({ what, count, sampleKeys, sql }) => [
        { label: what, text: `${count} rows, e.g. ${sampleKeys.join(', ')}` },
        { label: 'SQL', text: sql.trim() },
      ]),
    ],
  };
}

export const finalDataCriteria: readonly ExitCriterion[] = [
  referencesLead,
  storageThere,
  wordsListed,
  issuesWhole,
  accountsFinal,
];
