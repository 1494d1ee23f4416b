import type { RunReport } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { isAsLeft } from './written-since.ts';

const READ_THEN =
  'The content of the file was not read by this look. When the last upgrade was proven, all of it was: SQLite found no damage, and the file was not written to since.';

/**
 * A short look leaves the content of a large file out. Where the verdict on the last upgrade has read it, that is told: as
 * what was found then, not as what is so, because a disk may lose what nobody has read again.
 * @param lastReport of a run of this file; asked for only where the look has left something out.
 */
export async function withVerdictHealth(
  status: DatabaseStatus,
  file: string,
  lastReport: () => RunReport | undefined,
): Promise<DatabaseStatus> {
  if (status.health.state !== 'not-checked') return status;
  const { verified, checks, leftAs } = lastReport() ?? { verified: false, checks: [] };
  const isSound = checks.some(({ id, state }) => id === 'integrity' && state === 'met');
  if (!verified || !isSound || !(await isAsLeft(file, leftAs))) return status;
  return { ...status, health: { ...status.health, summary: READ_THEN } };
}
