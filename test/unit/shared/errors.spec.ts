import { describe, expect, it } from 'vitest';
import { AppError } from '@shared/error-schema.ts';
import { appError, coded, errorCatalogue, errorCodes, safetyText, saysUntouched, toAppError } from '@shared/errors.ts';

describe('the error catalogue', () => {
  it('says in every error what happened, whether the data is safe and what to do', () => {
    for (const code of errorCodes) {
      const error = AppError.parse(appError(code, 'northern-lights.db is locked.'));
      for (const text of [error.title, error.message, error.safety, error.nextStep])
        expect(text.length).toBeGreaterThan(10);
    }
  });

  it('calls data untouched only for codes that refuse before anything is written', () => {
    for (const code of errorCodes) {
      if (errorCatalogue[code].outcome === 'failed') expect(errorCatalogue[code].safety).not.toBe('untouched');
    }
  });

  it.each(['E_EMPTY', 'E_TRUNCATED', 'E_CORRUPT', 'E_NOT_SQLITE', 'E_NOT_FOUND'] as const)(
    'does not say of a file that is %s that its data is as it was, only that it was not our doing',
    (code) => {
      const told = [appError(code, ''), appError(code, '', undefined, { safety: 'untouched' })];
      expect(told.map(({ safety }) => safety)).toEqual(['Phasewise changed nothing.', 'Phasewise changed nothing.']);
      expect(told.every(({ safety }) => saysUntouched(safety))).toBe(true);
      expect(appError(code, '', undefined, { safety: 'unknown' }).safety).toBe(safetyText.unknown);
    },
  );

  it('keeps a coded error as it is and turns anything else into E_INTERNAL', () => {
    expect(toAppError(coded('E_EMPTY', 'x.db is empty.')).code).toBe('E_EMPTY');
    expect(toAppError(new Error('boom'))).toMatchObject({
      code: 'E_INTERNAL',
      message: 'boom',
      safety: safetyText.unknown,
    });
    expect(toAppError('boom').code).toBe('E_INTERNAL');
  });
});
