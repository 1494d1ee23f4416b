import { createElement } from 'react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { buttonIn, drawn, wordsOf } from './drawn.ts';
import { backup, backupList, report, upToDate } from './values.ts';

/** A report keeps what was true when it was written; its page tells what has become of the backup since. */
const listed = vi.hoisted(() => ({ isFresh: true }));
vi.mock('../../../renderer/panels/result/use-listed.ts', async () => {
  const { useBackups } = await import('../../../renderer/stores/backups.ts');
  return {
    useListed: (handle: string) => {
      const backups = useBackups.getState().byHandle[handle]?.list?.backups ?? [];
      return { backups, isFresh: listed.isFresh };
    },
  };
});
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/activity' });
vi.stubGlobal('window', { addEventListener: () => {} });

const { BackupCard } = await import('../../../renderer/components/backup-card.tsx');
const { ResultPanel } = await import('../../../renderer/panels/result/result-panel.tsx');
const { keptNow, verifiedStatement, whatNext } = await import('../../../renderer/panels/result/result-words.ts');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
const { useSession } = await import('../../../renderer/stores/session.ts');

const list = (backups: readonly BackupRecord[]): void => {
  const view = { listError: null, error: null, busy: null, said: null, undo: null };
  const found = backupList({ backups: [...backups] });
  useBackups.setState({ byHandle: { k3: { ...view, list: found } } });
};
const page = (): string =>
  drawn(createElement(ResultPanel, { handle: 'k3', status: upToDate(), report: report(), error: null }));
const broken = backup({ state: 'broken', lastCheck: { at: '', ok: false, error: appError('E_BACKUP_CORRUPT', '') } });
const SHIELD = 'tabler-icon-shield-check-filled';

beforeEach(() => {
  listed.isFresh = true;
  useSession.setState({ info: { canRevealFiles: true } as never });
});

describe('a card of a backup', () => {
  it.each<[string, BackupRecord, string, string]>([
    ['whole', backup(), 'Backup verified', 'done'],
    ['only copied', backup({ verified: false }), 'Backup: a copy, not verified', 'attention'],
    ['broken', broken, 'Backup: broken, do not rely on it', 'blocked'],
    ['missing', backup({ state: 'missing' }), 'Backup: the file is missing', 'blocked'],
  ])('says what it is worth now: %s', (_, record, words, tone) => {
    const card = drawn(createElement(BackupCard, { backup: record }));
    expect(wordsOf(card)).toContain(words);
    expect(card).toContain(`data-tone="${tone}"`);
    expect(card.includes(SHIELD)).toBe(tone === 'done');
  });

  it('leads to no file that is not there', () => {
    const onReveal = (): void => {};
    expect(drawn(createElement(BackupCard, { backup: backup(), onReveal }))).toContain('Show in folder');
    const missing = backup({ state: 'missing' });
    expect(drawn(createElement(BackupCard, { backup: missing, onReveal }))).not.toContain('Show in folder');
  });
});

describe('the backup of a report', () => {
  it('can be put back, and is to be kept, as long as it is good', () => {
    list([backup()]);
    expect(buttonIn(page(), 'Restore…')).toEqual({ isDisabled: false });
    expect(wordsOf(page())).toContain('Keep the backup until');
    expect(wordsOf(page())).toContain('restored to a scratch file and checked');
  });

  it.each<[string, readonly BackupRecord[], string]>([
    ['broke', [broken], 'Backup: broken, do not rely on it'],
    ['lost its file', [backup({ state: 'missing' })], 'Backup: the file is missing'],
    ['went', [], 'Backup: cannot be found now'],
  ])('is told as it is where it %s since, and nobody is told to keep it', (_, backups, words) => {
    list(backups);
    expect(wordsOf(page())).toContain(words);
    expect(wordsOf(page())).not.toMatch(/Backup verified|Keep the backup|scratch file and checked/);
    expect(wordsOf(page())).toContain('Make a new one');
    expect(page()).not.toContain(SHIELD);
    expect(buttonIn(page(), 'Restore…')).toEqual({ isDisabled: true });
  });

  it('is not said to be gone by a list from before it was made, but to be broken by any', () => {
    list([]);
    listed.isFresh = false;
    expect(wordsOf(page())).toContain('Backup verified');
    list([broken]);
    expect(wordsOf(page())).toContain('Backup: broken');
  });

  it('is the one in its place, or the same one under another path to its folder', () => {
    const moved = backup({ path: '/link/b1.db', folder: '/link', state: 'broken' });
    const now = (...backups: BackupRecord[]) => keptNow(backup(), { backups, isFresh: true });
    expect(now(moved).backup.state).toBe('broken');
    expect(now(backup({ id: 'b1 #12', state: 'broken' })).backup.state).toBe('broken');
    expect(now({ ...moved, sha256: 'cd'.repeat(32) }).mark.word).toBe('cannot be found now');
  });

  it('that is the original of an upgrade that was gone on with is the one that counts', () => {
    const [original, half] = [backup({ id: 'o', path: '/b/o.db' }), backup({ id: 'h', path: '/b/h.db' })];
    const continues = { runIds: ['r0'], startedAt: '2026-11-20T14:00:00Z', original };
    const whole = report({ backup: half, backups: [original, half], continues });
    const words = (...backups: BackupRecord[]) => whatNext(whole, false, { backups, isFresh: true }).at(-1);
    const isBroken = { state: 'broken' } as const;
    expect(words(original, { ...half, ...isBroken })).toMatch(/^Keep the backup of your original/);
    expect(words({ ...original, ...isBroken }, half)).toMatch(
      /^The backup of your original can no longer be relied on/,
    );
    const listedNow = { backups: [original, { ...half, ...isBroken }], isFresh: true };
    expect(verifiedStatement(whole, listedNow)).not.toContain('scratch file');
  });
});
