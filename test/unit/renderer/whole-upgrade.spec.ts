import { describe, expect, it } from 'vitest';
import { reportText } from '../../../renderer/panels/result/report-text.ts';
import { verifiedStatement, whatNext, whichBackup, wholeWords } from '../../../renderer/panels/result/result-words.ts';
import { describeProof } from '../../../renderer/panels/backups/backups-words.ts';
import { lastKnown, stepsStood } from '../../../renderer/panels/run/run-words.ts';
import { backupMark } from '../../../renderer/words/states.ts';
import { backup, report, run } from './values.ts';

const original = backup({ id: 'b1', path: '/b/b1.db' });
const half = backup({ id: 'b2', path: '/b/b2.db' });
const beforeRemoval = backup({ id: 'b3', path: '/b/b3.db', reason: 'before phase 5 removes anything' });
const continues = { runIds: ['r1'], startedAt: '2026-11-21T14:00:00.000Z', original };
const whole = report({ backup: half, backups: [original, half, beforeRemoval], continues });

describe('the result of an upgrade that was interrupted and gone on with', () => {
  it('tells the backups apart: the original first, then the half upgraded file', () => {
    expect(whichBackup(whole, original)).toBe('Your original: the file from before the upgrade was begun');
    expect(whichBackup(whole, half)).toContain('the half upgraded file');
    expect(whichBackup(whole, beforeRemoval)).toBeNull(); // its reason says it
    expect(whichBackup(report(), backup())).toBeNull();
    expect(whatNext(whole).at(-1)).toContain('Keep the backup of your original until');
    expect(verifiedStatement({ ...whole, verified: true })).toContain('Each backup was restored to a scratch file');
  });

  it('says that it speaks of the whole', () => {
    expect(wholeWords(whole)).toContain('the whole of it, both parts.');
    expect(wholeWords(report())).toBeNull();
    const text = reportText(whole);
    expect(text.indexOf('/b/b1.db')).toBeGreaterThan(text.indexOf('Your original'));
    expect(text.indexOf('/b/b2.db')).toBeGreaterThan(text.indexOf('/b/b1.db'));
  });

  it('says so where the backup of the original is gone', () => {
    const without = (whyNone: 'gone' | 'broken' | 'unread') =>
      report({ backups: [half], continues: { ...continues, runIds: ['r1', 'r2'], original: null, whyNone } });
    const gone = without('gone');
    expect(wholeWords(without('broken'))).toMatch(/is no longer good\.$/);
    expect(wholeWords(without('unread'))).toMatch(/could not be looked at just now\.$/);
    expect(wholeWords(gone)).toMatch(/all 3 parts\. The backup from before it was begun is no longer where it was\.$/);
    expect(whatNext(gone).at(-1)).toContain('Keep the backup until');
  });
});

it('a run that nobody is heard of any more is told as it was last', () => {
  expect(lastKnown(run({ state: 'migrating' }))).toBe('Last heard: copying candidates into their canonical table');
  // The rows of its step are all done, the upgrade is not.
  const step = { migrationId: 'm', title: 'm', phase: 1, ms: 1, rowsDone: 9, rowsTotal: 9, issueRows: 0 };
  const steps = (['applied', 'running', 'waiting', 'waiting'] as const).map((state) => ({ ...step, state }));
  expect(stepsStood(run({ steps }))).toEqual({ percent: 25, words: '1 of 4 steps' });
  expect(stepsStood(run({ steps: [] }))).toBeNull();
});

it('a backup that is missing is not called unverified', () => {
  const missing = backup({ state: 'missing', verified: false, lastCheck: null });
  expect([backupMark(missing).word, describeProof(missing, Date.now())]).toEqual(['the file is missing', '']);
});
