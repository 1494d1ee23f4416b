import { chmodSync, copyFileSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspect } from '@engine/inspect.ts';
import { makePlan } from '@engine/plan.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { folderState } from '../../support/folder-state.ts';
import { SHARED_DATA_MISSING, sharedFile } from '../../support/shared-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const base = temporaryFolder();
const isThere = sharedFile('kroma', 'legacy-small.db') !== null;

/** A copy in a folder of its own: the originals are read-only. */
function copyOf(name: string): string {
  const file = path.join(mkdtempSync(path.join(base, 'kroma-')), name);
  copyFileSync(sharedFile('kroma', name) ?? '', file);
  chmodSync(file, 0o644);
  return file;
}

describe.skipIf(!isThere)(`databases made by the original program${isThere ? '' : ` (${SHARED_DATA_MISSING})`}`, () => {
  it.each([
    ['empty-legacy.db', 'empty', 0],
    ['legacy-small.db', 'legacy', 205],
    ['legacy-medium.db', 'legacy', 19_835],
    ['baseline-wrong-columns.db', 'baseline', 223],
    ['dual.db', 'dual', 1079],
  ])('%s is recognised as %s, without a trace', async (name, variantId, candidates) => {
    const file = copyOf(name);
    const before = folderState(path.dirname(file));
    const status = await inspect(file, 'data', [kroma]);
    const plan = await makePlan({ path: file, toPhase: null, backupFolder: path.join(base, 'backups') }, [kroma]);

    expect(folderState(path.dirname(file))).toEqual(before);
    expect(status).toMatchObject({ variant: { id: variantId }, phaseReached: null, defaultTarget: 4, drift: [] });
    expect(status.highlights.find(({ label }) => label === 'candidates')?.rows.value).toBe(candidates);
    expect(plan.steps.map(({ migrationId }) => migrationId)).toEqual(status.pending);
    expect(plan.preflight.filter(({ state }) => state === 'blocking')).toEqual([]);
  });

  it('the score card of the first version says what the audit of the original says', async () => {
    const { scoreCard } = await inspect(copyOf('legacy-small.db'), 'schema', [kroma]);

    expect(scoreCard).toMatchObject({ missing: 11, legacyName: 2 });
  });
});
