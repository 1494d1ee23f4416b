import type { RunReport } from '@shared/run.ts';
import { createControl } from '@engine/control.ts';
import { assertPlan } from '@engine/plan.ts';
import { runUpgrade } from '@engine/run.ts';
import { packs } from '../../../migrations/index.ts';
import { inputFor } from '../engine/run-shop.ts';

/** Upgrades a file as the engine does, without run logs. */
export const upgradeKroma = (file: string, toPhase: number): Promise<RunReport> =>
  runUpgrade(inputFor(file, { source: { kind: 'none' }, isRemovalConfirmed: true, toPhase }), {
    packs,
    control: createControl(),
    emit: () => {},
    assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
  });
