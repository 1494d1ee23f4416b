import { createElement, type ReactElement } from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import { type AppError, appError, type ErrorCode } from '@shared/errors.ts';
import { drawn, wordsOf } from './drawn.ts';
import { backup } from './values.ts';

/** What is said of the file that a restore replaces. */
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/backups' });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call: () => new Promise(() => {}), on: () => {} } });

const { RestoreDialog } = await import('../../../renderer/panels/backups/restore-dialog.tsx');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');

/** Its words; closed dialogs are drawn without any, so what lies in it is drawn by itself. */
function words(why: AppError | null = null): string {
  let inside: ReactElement | null = null;
  const Opened = () => {
    const dialog = RestoreDialog({ handle: 'k3', fileName: 'a.db', backup: backup(), why, onClose: () => {} });
    inside = (dialog.props as { children: ReactElement }).children;
    return null;
  };
  drawn(createElement(Opened));
  return wordsOf(drawn(inside ?? createElement('p')));
}
const looked = (code: ErrorCode | null): void =>
  useDatabases.setState({ views: { k3: { error: code && appError(code, '') } as never } });
beforeEach(() => looked(null));

it('is that it is backed up first or, where the making of the backup finds it damaged, kept', () => {
  expect(words()).toContain(
    'What is replaced is backed up first or, where it is too damaged for that, kept byte for byte beside it, so this',
  );
});

it.each<ErrorCode>(['E_CORRUPT', 'E_NOT_SQLITE', 'E_DB_BUSY'])(
  'is no more than that it is kept, where it could not be looked at: %s',
  (code) => {
    looked(code);
    expect(words()).toContain('What is replaced is kept first , as a backup or, where SQLite cannot read it, as files');
    expect(words()).not.toContain('backed up first');
  },
);

it('is not that anything is kept, where it is gone', () => {
  looked('E_NOT_FOUND');
  expect(words()).not.toMatch(/kept first|backed up first/);
});

it('is also why it is asked about, where undoing a restore was refused', () => {
  expect(words(appError('E_STATE_CHANGED', 'Something else may have been done.'))).toContain(
    'Something else may have been done.',
  );
});
