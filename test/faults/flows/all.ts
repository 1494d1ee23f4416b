import { backup } from './backup.ts';
import { besideDamage } from './beside-damage.ts';
import type { Flow } from './flow.ts';
import { inUse } from './in-use.ts';
import { look, plan } from './look.ts';
import { restoreOverDamage } from './over-damage.ts';
import { putBack } from './put-back.ts';
import { recoveryOf } from './recovery.ts';
import { restoreByFile, restoreInPlace } from './restore.ts';
import { upgrade } from './upgrade.ts';

/** Everything that is tried, in the order of the table. */
export const flows: readonly Flow[] = [
  look,
  plan,
  backup,
  upgrade,
  recoveryOf(upgrade, 'resume'),
  restoreInPlace,
  recoveryOf(restoreInPlace, 'restore-in-place again'),
  restoreByFile,
  recoveryOf(restoreByFile, 'restore-by-file again'),
  restoreOverDamage,
  recoveryOf(restoreOverDamage, 'restore-over-damage again'),
  putBack,
  ...[backup, upgrade, restoreInPlace, restoreByFile].map(besideDamage),
  ...[restoreInPlace, restoreByFile, restoreOverDamage, putBack].map(inUse),
];

export function flowNamed(name: string): Flow {
  const flow = flows.find((each) => each.name === name);
  if (flow === undefined) throw new Error(`${name} is not one of ${flows.map((each) => each.name).join(', ')}`);
  return flow;
}
