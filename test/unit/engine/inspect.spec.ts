import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import { inspect } from '@engine/inspect.ts';
import { makePlan } from '@engine/plan.ts';
import type { CanonicalTable } from '@engine/migration.ts';
import { safetyText } from '@shared/errors.ts';
import { DatabaseStatus } from '@shared/status.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopMigrations, shopPack, measureNotes } from '../../support/engine/shop-pack.ts';
import { folderState } from '../../support/folder-state.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const base = temporaryFolder();
const packs = [shopPack()];
const look = (file: string) => inspect(file, 'schema', packs);
const check = (file: string) => inspect(file, 'data', packs);
const refusal = (file: string) => codeOfPromise(look(file));

function change(file: string, sql: string): void {
  const db = new Database(file);
  db.pragma('foreign_keys = 0');
  db.exec(sql);
  db.close();
}
const states = (status: DatabaseStatus) =>
  status.phases.flatMap(({ migrations }) => migrations.map(({ state }) => state));
const phaseStates = (status: DatabaseStatus) => status.phases.map(({ state }) => state);

describe('a legacy database', () => {
  it('is named, with everything pending and the first phase next', async () => {
    const status = await look(makeShop(base));

    expect(DatabaseStatus.parse(status)).toEqual(status);
    expect(status).toMatchObject({
      pack: { id: 'shop' },
      variant: { id: 'legacy', evidence: ['table member'] },
      phaseReached: null,
      defaultTarget: 1,
      pending: ['0001_person', '0002_note_length'],
      drift: [],
      unfinishedRun: null,
      highlights: [{ label: 'members', rows: { value: 30, isExact: true } }],
    });
    expect(phaseStates(status)).toEqual(['next', 'not-started', 'unavailable']);
    expect(status.phases[1]?.migrations[0]).toMatchObject({
      state: 'pending',
      findings: ['the table person is missing'],
    });
  });

  it('keeps every byte and time, of the file and of its folder', async () => {
    for (const wal of [false, true]) {
      const file = makeShop(base, { wal });
      const before = folderState(path.dirname(file));

      await look(file);
      await check(file);

      expect(folderState(path.dirname(file))).toEqual(before);
    }
  });

  it('shows markers of the original program as evidence only', async () => {
    const { ledger } = await look(makeShop(base));

    expect(ledger).toEqual([
      {
        version: 'shop_1',
        note: 'made by the shop',
        appliedAt: '2026-01-01',
        source: 'program',
        state: 'evidence-only',
      },
    ]);
  });

  it('is not believed when it claims a migration that was never applied', async () => {
    const file = makeShop(base, {
      extra: `INSERT INTO schema_migrations VALUES ('0001_person', 'not really', '2026-01-01');`,
    });
    const status = await look(file);

    expect(states(status)).toEqual(['claimed', 'pending']);
    expect(status.ledger.find(({ version }) => version === '0001_person')).toMatchObject({
      source: 'program',
      state: 'untrue',
    });
    expect(status.pending).toContain('0001_person');
  });
});

describe('an upgraded database', () => {
  it('has reached its phase, every entry of the ledger is true', async () => {
    const file = makeShop(base);
    await upgradeShop(file);
    const status = await look(file);

    expect(status).toMatchObject({ phaseReached: 1, pending: [], drift: [], unfinishedRun: null });
    expect(states(status)).toEqual(['applied', 'applied']);
    expect(phaseStates(status)).toEqual(['done', 'done', 'unavailable']);
    expect(status.ledger.map(({ source, state }) => `${source} ${state}`)).toEqual([
      'phasewise true',
      'phasewise true',
      'program evidence-only',
    ]);
    expect(status.issues).toEqual([
      { reason: 'no-name', title: 'The member has no name', sourceTable: 'member', count: 3 },
    ]);
  });

  it('evaluates criteria that scan rows only when asked, and shows meanwhile what the checkpoint found', async () => {
    const file = makeShop(base);
    await upgradeShop(file);

    expect((await look(file)).phases[1]?.exitCriteria[0]).toMatchObject({
      state: 'not-checked',
      summary: 'At the checkpoint: Yes.',
    });
    expect((await check(file)).phases[1]?.exitCriteria[0]).toMatchObject({ state: 'met', summary: 'Yes.' });
  });

  it('does not ask about the rows of a phase whose migrations are yet to come', async () => {
    expect((await check(makeShop(base))).phases[1]?.exitCriteria[0]).toMatchObject({
      state: 'not-checked',
      summary: 'Not checked before this phase is reached.',
    });
  });

  it('counts what a person knows their data by in the old table too, where rows without a place stay', async () => {
    const person = { name: 'person', legacyName: 'member', phase: 1, priority: 'must-now', group: 'People' } as const;
    const canonical = [{ ...person, columns: [], indexes: [], uniques: [], foreignKeys: [] }];
    const pack = { ...shopPack(), canonical, highlights: [{ label: 'persons', table: 'person' }] };
    const file = makeShop(base);
    const shown = async () => (await inspect(file, 'schema', [pack])).highlights;
    const before = await shown();
    await upgradeShop(file);

    expect(before).toEqual([{ label: 'persons', rows: { value: 30, isExact: true } }]);
    expect(await shown()).toEqual(before); // 27 persons, 3 members without a name
  });

  it.each([
    ['a column is gone', 'ALTER TABLE note DROP COLUMN length', '0002_note_length'],
    [
      'a record is missing from the ledger',
      `DELETE FROM schema_migrations WHERE version = '0002_note_length'`,
      '0002_note_length',
    ],
    [
      'a backfill is not finished',
      `UPDATE _phasewise_backfills SET state = 'running' WHERE migration_id = '0001_person'`,
      '0001_person',
    ],
  ])('drifts when %s', async (_, sql, id) => {
    const file = makeShop(base);
    await upgradeShop(file);
    change(file, sql);
    const status = await look(file);

    expect(status.pending).toEqual([id]);
    expect(status.drift).toEqual([{ object: id, phase: 1, finding: expect.any(String) as string }]);
    expect(phaseStates(status)).toEqual(['done', 'attention', 'unavailable']);
    expect(status.phaseReached).toBe(0);
  });

  it('drifts when rows no longer hold: seen by the check of all data only', async () => {
    const file = makeShop(base);
    await upgradeShop(file);
    change(file, `UPDATE person SET full_name = 'other' WHERE id = 'm000001'`);

    expect((await look(file)).drift).toEqual([]);
    expect((await check(file)).drift).toEqual([
      { object: '0001_person', phase: 1, finding: 'members without their person: 1' },
    ]);
  });

  it('shows a migration that was applied from another source as drift', async () => {
    const file = makeShop(base);
    await upgradeShop(file);
    change(file, `UPDATE _phasewise_migrations SET checksum = 'other' WHERE id = '0001_person'`);

    expect((await look(file)).drift).toMatchObject([
      { object: '0001_person', finding: expect.stringContaining('another source') as string },
    ]);
  });

  it('says where a stopped run is and what continuing will do', async () => {
    const file = makeShop(base);
    const control = createControl();
    await upgradeShop(file, {
      control,
      more: {
        tuning: manyChunks,
        probe: (point, id) => point === 'chunk' && id.includes('lengths') && control.request('cancel'),
      },
    });
    const status = await look(file);

    expect(states(status)).toEqual(['applied', 'started']);
    expect(phaseStates(status)).toEqual(['done', 'running', 'unavailable']);
    expect(status.unfinishedRun).toMatchObject({ toPhase: 1, stoppedAt: measureNotes.title });
  });
});

describe('refusals', () => {
  it('a database of another program, saying what was found', async () => {
    const file = makeDatabase(base, 'CREATE TABLE invoice (id); CREATE TABLE payment (id)');

    await expect(look(file)).rejects.toMatchObject({
      appError: { code: 'E_FOREIGN_DATABASE', message: expect.stringContaining('invoice, payment') as string },
    });
  });

  it('a database of another program whose tables have names that nobody can see', async () => {
    await expect(look(makeDatabase(base, 'CREATE TABLE "" (id); CREATE TABLE " " (id)'))).rejects.toMatchObject({
      appError: { message: expect.stringContaining('It has the tables (no name), “ ”.') as string },
    });
  });

  it('a database in which an index has the name of a table to come', async () => {
    const file = makeShop(base);
    const person: CanonicalTable = {
      ...{ name: 'person', group: 'People', priority: 'must-now', phase: 1 },
      ...{ columns: [], uniques: [], indexes: [] },
    };
    change(file, 'CREATE INDEX Person ON member (name)');

    await expect(inspect(file, 'schema', [{ ...shopPack(), canonical: [person] }])).rejects.toMatchObject({
      appError: { code: 'E_NAME_COLLISION', message: 'The name Person is taken by an index.' },
    });
  });

  it('an empty database', async () => {
    expect(await refusal(makeDatabase(base, 'CREATE TABLE t (a); DROP TABLE t'))).toBe('E_FOREIGN_DATABASE');
  });

  it.each([
    [
      'a trigger on the list of migrations',
      `CREATE TRIGGER t AFTER INSERT ON schema_migrations BEGIN SELECT 1; END`,
      'E_LEDGER_TAMPERED',
    ],
    [
      'a list that is a view',
      `ALTER TABLE schema_migrations RENAME TO real; CREATE VIEW schema_migrations AS SELECT * FROM real`,
      'E_LEDGER_TAMPERED',
    ],
    ['a list without its columns', `ALTER TABLE schema_migrations DROP COLUMN note`, 'E_LEDGER_TAMPERED'],
    [
      'a list that wants an unknown value',
      `DROP TABLE schema_migrations; CREATE TABLE schema_migrations (version TEXT, note TEXT, applied_at TEXT, by TEXT NOT NULL)`,
      'E_LEDGER_TAMPERED',
    ],
    [
      'a list that names an id twice',
      `DROP TABLE schema_migrations; CREATE TABLE schema_migrations (version, note, applied_at); INSERT INTO schema_migrations VALUES ('shop_1', '', ''), ('shop_1', '', '')`,
      'E_LEDGER_TAMPERED',
    ],
    ['our own name taken by a table of another shape', 'CREATE TABLE _phasewise_runs (id)', 'E_NAME_COLLISION'],
  ])('%s', async (_, sql, code) => {
    const file = makeShop(base);
    change(file, sql);
    const before = folderState(path.dirname(file));

    expect(await refusal(file)).toBe(code);
    expect(folderState(path.dirname(file))).toEqual(before);
  });

  it('of writing only: a record of ours that this version does not know', async () => {
    const file = makeShop(base);
    await upgradeShop(file);
    const older = shopPack({ '0001_person': shopMigrations['0001_person'] });

    expect((await inspect(file, 'schema', [older])).file).toMatchObject({
      isWritable: false,
      readOnlyReason: {
        code: 'E_NEWER_SCHEMA',
        message: expect.stringMatching(
          /^Phasewise \S+ worked on it last\. The database lists 1 step that this version does not know: "0002_note_length"\.$/,
        ) as string,
        safety: safetyText.untouched,
        nextStep: expect.stringMatching(
          /^To change it, use Phasewise \S+ or a newer one; here you can look at it/,
        ) as string,
      },
    });
  });

  it('a damaged database, wherever the damage is', async () => {
    for (const page of [0, 1, 2, 5]) {
      const file = makeShop(base, { members: 300 });
      const bytes = readFileSync(file);
      bytes.fill(0xa5, page * 4096 + (page === 0 ? 100 : 0), page * 4096 + 1000);
      writeFileSync(file, bytes);

      expect(await refusal(file)).toBe('E_CORRUPT');
    }
  });

  it("a database with damage that only SQLite's own check sees: a page that belongs to nobody", async () => {
    const file = makeShop(base);
    const bytes = readFileSync(file);
    bytes.writeUInt32BE(bytes.readUInt32BE(28) + 1, 28);
    writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(4096)]));

    expect(await refusal(file)).toBe('E_CORRUPT');
    await expect(check(file)).rejects.toMatchObject({
      appError: { code: 'E_CORRUPT', message: expect.stringMatching(/^SQLite found damage: [^\n]+[^.]\.$/) as string },
    });
  });

  it('a trigger on one of our own tables', async () => {
    const file = makeShop(base);
    await upgradeShop(file);
    change(file, 'CREATE TRIGGER swallow BEFORE INSERT ON _phasewise_runs BEGIN SELECT RAISE(IGNORE); END');

    expect(await refusal(file)).toBe('E_LEDGER_TAMPERED');
  });

  it('not for notes of ours that cannot be read: a look needs none of them, and the plan says so', async () => {
    for (const [sql, plans] of [
      [`UPDATE _phasewise_backfills SET facts_json = 'x'`, 'E_LEDGER_TAMPERED'],
      [`UPDATE _phasewise_backfills SET added_json = '[]'`, 'E_LEDGER_TAMPERED'],
      [`UPDATE _phasewise_checkpoints SET evidence_json = 'x'`, undefined],
      [`UPDATE _phasewise_checkpoints SET evidence_json = '[null]'`, undefined],
    ] as const) {
      const file = makeShop(base);
      await upgradeShop(file);
      change(file, sql);

      for (const seen of [await look(file), await check(file)])
        expect(seen, sql).toMatchObject({ phaseReached: 1, drift: [] });
      const backupFolder = path.join(path.dirname(file), 'backups');
      const { preflight } = await makePlan({ path: file, toPhase: 1, backupFolder }, packs);
      expect(preflight.find(({ id }) => id === 'records')?.error?.code, sql).toBe(plans);
    }
  });

  it('a database whose last pages are gone, although its header says so too', async () => {
    const file = makeShop(base, { members: 300 });
    const bytes = readFileSync(file);
    const pages = bytes.readUInt32BE(28) - 3;
    bytes.writeUInt32BE(pages, 28);
    writeFileSync(file, bytes);
    truncateSync(file, pages * 4096);

    expect(await refusal(file)).toBe('E_CORRUPT');
  });
});

describe('health', () => {
  it('a small file gets a quick check with every look', async () => {
    expect((await look(makeShop(base))).health).toMatchObject({
      state: 'healthy',
      summary: 'Your file is healthy.',
      foreignKeyViolations: null,
    });
  });

  it('rows that refer to nothing are counted by the check of all data, by table', async () => {
    const file = makeShop(base);
    change(file, `DELETE FROM member WHERE id = 'm000001'`);
    const { health } = await check(file);

    expect(health).toMatchObject({ state: 'problems', foreignKeyViolations: 3 });
    expect(health.checks.find(({ id }) => id === 'foreign-keys')?.evidence).toEqual([
      { label: 'note', text: '3 rows' },
    ]);
    expect(health.summary).toBe('Your file is whole. 3 rows refer to rows that do not exist; they are kept.');
    expect(health.checks.map(({ title }) => title)).toEqual(['Content of the file', 'References between rows']);
  });
});
