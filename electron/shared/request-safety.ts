import type { Safety } from './errors.ts';

/**
 * What is true of the data when a request did not come to its end. The engine that failed in it and the host whose
 * engine is gone must say the same.
 */
const unended: Readonly<Record<string, Safety>> = {
  restore: 'unknown',
  finishRestore: 'unknown',
  putBack: 'unknown',
  settle: 'unknown',
  ingest: 'unknown',
  retryIssues: 'unknown',
  clearPlainSecrets: 'unknown',
  // It changes nothing, but without it nobody knows whether the file came out well.
  verify: 'unknown',
  removeBackup: 'backup-only',
  tidyBackups: 'backup-only',
};

/**
 * @param request its name in the protocol. Those without a line above only look, or write what is new. Not for `run`, of
 * which it depends on how far it came.
 */
export const safetyOfUnended = (request: string): Safety => unended[request] ?? 'untouched';
