import { coded, CodedError } from '@shared/errors.ts';
import { withSpaceFigures } from '@engine/space-figures.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

it('says of a full disk how much is needed and how much is free', () => {
  const told = withSpaceFigures(coded('E_NO_SPACE', 'The disk is full (while restoring a.db).'), folder, 131e6);

  expect(told).toBeInstanceOf(CodedError);
  const { appError } = told as CodedError;
  expect(appError.message).toMatch(
    /^The disk is full \(while restoring a\.db\)\. About 131 MB must be free; .+ has [\d.,]+ \w+ free\.$/,
  );
  expect(appError.details).toMatchObject({ folder, needBytes: 131e6 });
  expect(appError.details?.['freeBytes']).toBeGreaterThan(0);
});

it('leaves every other error, and one that says it already, as it is', () => {
  const known = coded('E_BACKUP_NO_SPACE', 'It needs 9 MB but has 1 MB free.', { needBytes: 9e6, freeBytes: 1e6 });
  const other = coded('E_IO', 'The disk reported an error.');

  expect(withSpaceFigures(known, folder, 1)).toBe(known);
  expect(withSpaceFigures(other, folder, 1)).toBe(other);
});
