import { existsSync } from 'node:fs';
import path from 'node:path';
import { coded } from '@shared/errors.ts';

/**
 * Looks that everything is there that is started later, so that a broken installation is told at once and in words.
 * @throws CodedError E_RUNTIME_MISMATCH
 */
export function requireBundles(buildFolder: string, names: readonly string[] = ['preload.cjs', 'engine.cjs']): void {
  const missing = names.filter((name) => !existsSync(path.join(buildFolder, name)));
  if (missing.length > 0)
    throw coded('E_RUNTIME_MISMATCH', `A part of Phasewise is missing (${missing.join(', ')}). Nothing was opened.`);
}
