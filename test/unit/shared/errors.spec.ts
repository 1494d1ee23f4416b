import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError, appError, coded, errorCatalogue, errorCodes, safetyText, toAppError } from '@shared/errors.ts';

const document = readFileSync(path.resolve(import.meta.dirname, '../../../electron/shared/ERRORS.md'), 'utf8');

describe('the error catalogue', () => {
  it.each(errorCodes)('documents %s with its headline, its safety and its next step', (code) => {
    const line = document.split('\n').find((row) => row.startsWith(`| ${code} |`));

    expect(line).toBeDefined();
    expect(line).toContain(errorCatalogue[code].title);
    expect(line).toContain(errorCatalogue[code].nextStep);
  });

  it('documents no code that does not exist', () => {
    const documented = [...document.matchAll(/^\| (E_[A-Z_]+) \|/gm)].map((match) => match[1]);

    expect(documented.sort()).toEqual([...errorCodes].sort());
  });

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
