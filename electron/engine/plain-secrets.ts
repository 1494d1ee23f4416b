import { coded } from '@shared/errors.ts';
import type { PlainSecretsReport } from '@shared/run.ts';
import { createBackup } from './backup.ts';
import { describeContent } from './backups.ts';
import { assertForeignKeysNotWorse, fkCensus } from './census.ts';
import { checkCold, requireMet, rowCounts, type Expected } from './cold-check.ts';
import { passGateForWriting } from './gate.ts';
import { requireKnownIds } from './ledger.ts';
import type { MaintenanceLock } from './lock.ts';
import { lookAt, tryOnCopy } from './look.ts';
import type { Pack } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { keepingWhatIsLost } from './recovery-copy.ts';
import { inTransaction } from './session.ts';
import {
  onlyTell,
  type OnWork,
  tellChecking,
  type Telling,
  underMaintenanceLock,
  writingAtOnce,
} from './small-change.ts';

type Input = EngineRequests['clearPlainSecrets']['input'];

/** Whose secrets stand in the file in plain text; never the secrets. @throws CodedError as `inspect`. */
export const listPlainSecrets = (path: string, packs: readonly Pack[]): Promise<PlainSecretsReport> =>
  lookAt(path, ({ db }) => {
    const { pack } = recogniseOrRefuse(db, packs);
    return { owners: pack.plainSecrets?.list(db) ?? [], cleared: 0, backup: null };
  });

/**
 * Empties every secret that stands in the file in plain text, behind a verified backup, which then still holds them.
 * @throws CodedError of the gate, the lock and the backup; E_NEWER_SCHEMA, E_NOTHING_TO_DO, E_INVARIANT, E_VERIFY_FAILED.
 */
export async function clearPlainSecrets(
  input: Input,
  packs: readonly Pack[],
  onWork: OnWork = () => {},
  beforeChange = onlyTell(onWork),
): Promise<PlainSecretsReport> {
  const gated = passGateForWriting(input.path);
  await tryOnCopy(gated, ({ db }) => recogniseOrRefuse(db, packs));
  const work = (lock: MaintenanceLock) => underLock(lock, input, packs, { onWork, beforeChange });
  return keepingWhatIsLost(gated, input.backupFolder, async () => {
    const { report, expected } = await underMaintenanceLock(gated, input.lockFolder, onWork, work);
    tellChecking(onWork);
    requireMet(checkCold(gated.path, expected), 'After clearing the keys');
    return report;
  });
}

async function underLock(
  lock: MaintenanceLock,
  input: Input,
  packs: readonly Pack[],
  { onWork, beforeChange }: Telling,
): Promise<{ report: PlainSecretsReport; expected: Expected }> {
  const { db } = lock;
  const { pack } = recogniseOrRefuse(db, packs);
  requireKnownIds(db, pack);
  const { plainSecrets, audit } = pack;
  const owners = plainSecrets?.list(db) ?? [];
  if (!plainSecrets || owners.length === 0) throw coded('E_NOTHING_TO_DO', 'No key stands in this file in plain text.');
  const before = fkCensus(db);
  const backup = await createBackup(db, {
    path: lock.path,
    folder: input.backupFolder,
    reason: 'before clearing keys',
    runId: input.runId,
    appVersion: input.appVersion,
    content: describeContent(db, packs),
    onWork,
  });
  await beforeChange(writingAtOnce);
  const cleared = inTransaction(lock, 'clearing the keys', () => {
    const count = plainSecrets.clear(
      db,
      owners.map(({ id }) => id),
    );
    if (count !== owners.length || plainSecrets.list(db).length > 0)
      throw coded('E_INVARIANT', `Only ${count} of ${owners.length} keys could be cleared.`);
    if (audit?.isReady(db)) {
      const createdAt = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
      const payload = { accounts: count };
      audit.record(db, { id: `phasewise:keys-cleared:${input.runId}`, code: 'phasewise.keys_cleared', projectId: null, payload, createdAt }); // prettier-ignore
    }
    return count;
  });
  assertForeignKeysNotWorse(before, fkCensus(db));
  return { report: { owners, cleared, backup }, expected: { rows: rowCounts(db), foreignKeys: before } };
}
