import { createElement } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { drawn } from './drawn.ts';
import { backup, backupList } from './values.ts';

/** Thousands of backups: what is drawn of them. Where the focus goes is in test/e2e/window.spec.ts. */
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/backups' });
vi.stubGlobal('window', { addEventListener: () => {} });
const { BackupsPanel } = await import('../../../renderer/panels/backups/backups-panel.tsx');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
const { appError } = await import('@shared/errors.ts');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');

const minute = (at: number): string => new Date(Date.UTC(2026, 10, 21, 14) - at * 60_000).toISOString();
const many = Array.from({ length: 2_000 }, (_, at) =>
  backup({ id: `b${at}`, path: `/b/b${at}.db`, createdAt: minute(at), state: at < 40 ? 'broken' : 'verified' }),
);
const page = (backups = many, backupId: string | null = null): string => {
  const list = backupList({ backups });
  const view = { list, listError: null, error: null, busy: null, said: null, undo: null };
  useBackups.setState({ byHandle: { k3: view } });
  return drawn(createElement(BackupsPanel, { handle: 'k3', fileName: 'lights.db', backupId }));
};
const itemsIn = (markup: string): number => markup.match(/aria-label="Backup of /g)?.length ?? 0;

describe('of thousands of backups', () => {
  it('the newest are drawn, and the one that was asked for', () => {
    expect(itemsIn(page(many.slice(0, 30)))).toBe(30);
    expect(page(many.slice(0, 30))).not.toContain('Show more');
    expect(itemsIn(page())).toBe(30);
    expect(page()).toContain('Show more');
    expect(itemsIn(page(many, 'b1500'))).toBe(31);
    expect(itemsIn(page(many, 'b3'))).toBe(30);
  });

  it('the one that is advised is among them, however many before it are broken', () => {
    const gone = { status: null, error: appError('E_NOT_FOUND', ''), busy: null, isFull: false, seenAt: null };
    useDatabases.setState({ views: { k3: gone } });
    expect(itemsIn(page())).toBe(31);
    useDatabases.setState({ views: {} });
  });

  it('the evidence is drawn only once somebody opens it', () => {
    expect(page()).toContain('Show the evidence for the backup of ');
    expect(page()).not.toContain('Delete this backup…');
    expect(page()).not.toContain('SHA-256');
  });
});
