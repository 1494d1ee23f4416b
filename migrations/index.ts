import type { Pack } from '@engine/migration.ts';
import { kroma } from './kroma/pack.ts';

/** Every family of databases that this build knows. The engine's process entry hands them to the engine. */
export const packs: readonly Pack[] = [kroma];
