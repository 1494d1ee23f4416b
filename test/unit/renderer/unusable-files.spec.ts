import { createElement } from 'react';
import { expect, it } from 'vitest';
import { appError } from '@shared/errors.ts';
import { UnusableFiles } from '../../../renderer/panels/backups/unusable-files.tsx';
import { drawn, wordsOf } from './drawn.ts';

/** What lies among the backups, or may lie there, and cannot be used. */
const words = (files: Parameters<typeof UnusableFiles>[0]['files']): string =>
  wordsOf(drawn(createElement(UnusableFiles, { files })));
const renamed = { path: '/b/renamed.db', why: appError('E_BACKUP_CORRUPT', 'It was renamed.') };

it('a folder that nobody could look into is not told as something that was found', () => {
  const told = words([
    { path: '/away', why: appError('E_TIMEOUT', 'The drive does not answer.') },
    { path: '/b', why: appError('E_BACKUP_FOLDER', 'It is none.') },
    renamed,
  ]);
  const [unseen, found] = told.split('Found, but not usable as a backup of this database');
  expect(unseen).toMatch(/Could not be looked into .*\/away .*E_TIMEOUT .*\/b .*E_BACKUP_FOLDER/);
  expect(found).toMatch(/\/b\/renamed\.db .*E_BACKUP_CORRUPT/);
});

it('what there is none of has no title', () => {
  expect(words([renamed])).not.toContain('Could not be looked into');
  expect(words([])).toBe('');
});
