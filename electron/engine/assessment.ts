import { checkBookkeeping, requireReadableBackfills } from './bookkeeping.ts';
import { requireKnownIds } from './ledger.ts';
import type { Db, Pack, SourceFiles } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { assertMayRemove } from './removal-gate.ts';
import { resolveSource } from './source-coverage.ts';
import { requireSoundLedger } from './sound-ledger.ts';
import { findUntrue, phaseReached, refuseBelowBegun, refuseWhenReached, resolveTarget } from './target.ts';

/** What a run begins with. */
export interface Assessment {
  readonly pack: Pack;
  readonly variantTitle: string;
  readonly target: number;
  readonly fromPhase: number | null;
  readonly untrue: Set<string>;
  readonly sourceFiles: SourceFiles | null;
}

/** What the file is and how far it has come. @throws CodedError for everything that makes a run impossible or pointless. */
export function assessStart(db: Db, input: EngineRequests['run']['input'], packs: readonly Pack[]): Assessment {
  checkBookkeeping(db);
  const { pack, variant, schema } = recogniseOrRefuse(db, packs);
  requireSoundLedger(db, schema, pack);
  const target = resolveTarget(pack, input.toPhase);
  requireKnownIds(db, pack);
  requireReadableBackfills(db);
  refuseBelowBegun(db, pack, target);
  const untrue = findUntrue(db, pack);
  const fromPhase = phaseReached(db, pack, untrue);
  refuseWhenReached(db, pack, fromPhase, target);
  assertMayRemove(db, pack, { fromPhase, target, isConfirmed: input.isRemovalConfirmed === true });
  const isRead = pack.sourceFolder !== undefined && pack.sourceFolder.phase <= target;
  const sourceFiles = isRead ? resolveSource(db, pack, input.source, input.path).files : null;
  return { pack, variantTitle: variant.title, target, fromPhase, untrue, sourceFiles };
}
