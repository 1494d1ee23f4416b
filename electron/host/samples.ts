import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { appError, err, type Result } from '@shared/errors.ts';
import { doesNotAnswer, lookOnDrives } from './drives.ts';
import type { Engines } from './engines.ts';
import { isFsError } from './fs-errors.ts';
import { printable } from './printable.ts';

/** The pack whose sample a first visitor gets, and the seed that makes it the same for everybody. */
const SAMPLE = { packId: 'kroma', seed: 20_260_221, name: 'northern-lights' } as const;

/**
 * Builds the sample database in `<documents>/Phasewise samples/`, under a name that is free: nothing is overwritten.
 * Errors: the folder cannot be written, or its drive does not answer; those of the engine.
 */
export async function buildSample(engines: Engines, documentsFolder: string): Promise<Result<{ path: string }>> {
  const folder = path.join(documentsFolder, 'Phasewise samples');
  const make = () =>
    mkdir(folder, { recursive: true }).then(
      () => ({ cause: null }),
      (cause: Error) => ({ cause }),
    );
  const made = await lookOnDrives.ask(folder, make, true);
  if (typeof made !== 'object') return err(doesNotAnswer(folder));
  const { cause } = made;
  if (cause !== null) {
    if (!isFsError(cause)) throw cause;
    const code = ['ENOSPC', 'EDQUOT'].includes(errorCode(cause)) ? 'E_NO_SPACE' : 'E_READONLY_DIR';
    return err(appError(code, `The folder ${printable(folder)} cannot be made.`));
  }
  return buildSampleAt(engines, await freeName(folder, SAMPLE.name));
}

/** Builds the sample database at exactly `file`. Error E_FILE_EXISTS when it is taken, and others of the engine's. */
export const buildSampleAt = (engines: Engines, file: string): Promise<Result<{ path: string }>> =>
  engines.askAlone(file, 'sample', { path: file, packId: SAMPLE.packId, seed: SAMPLE.seed }).answer;

/** `northern-lights.db`, else `northern-lights 2.db`, …: a name that neither a file nor a leftover journal has. */
export async function freeName(folder: string, stem: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const file = path.join(folder, number === 1 ? `${stem}.db` : `${stem} ${number}.db`);
    if (!(await isTaken(file))) return file;
  }
}

async function isTaken(file: string): Promise<boolean> {
  for (const suffix of ['', '-wal', '-shm', '-journal', ' backups'])
    if (typeof (await lookOnDrives(`${file}${suffix}`, true)) === 'object') return true;
  return false;
}
