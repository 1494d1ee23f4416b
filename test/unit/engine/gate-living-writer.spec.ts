import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { passGate } from '@engine/gate.ts';
import { codeOf } from '../../support/code-of.ts';
import { otherProgram } from '../../support/other-program.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const base = temporaryFolder();
let writer: { kill(): Promise<void> } | undefined;
afterEach(() => writer?.kill());

/** Grows and shrinks the file without a rest. */
const writing = (journalMode: string): string => `
  for (const setting of ['journal_mode = ${journalMode}', 'synchronous = OFF', 'auto_vacuum = FULL']) db.pragma(setting);
  db.exec('VACUUM');
  setImmediate(function go() {
    for (let i = 0; i < 50; i++) db.exec('INSERT INTO t VALUES (zeroblob(20000)); DELETE FROM t');
    setImmediate(go);
  });`;

const LOOKING_MS = 1_500;

it.each(['delete', 'truncate', 'persist', 'memory', 'off', 'wal'])(
  'a sound file is never called damaged, strange or gone while a program writes to it (journal mode %s)',
  async (journalMode) => {
    const file = makeDatabase(mkdtempSync(path.join(base, 'written-')), 'CREATE TABLE t (a)', 'project.db');
    writer = await otherProgram(file, writing(journalMode));
    const said = new Set<string | null>();
    for (const until = Date.now() + LOOKING_MS; Date.now() < until;) said.add(codeOf(() => passGate(file)));

    expect([...said].filter((code) => code !== 'E_DB_BUSY')).toEqual([null]);
  },
);
