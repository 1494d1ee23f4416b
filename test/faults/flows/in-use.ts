import { createProgram } from '../faults/program.ts';
import type { Flow } from './flow.ts';
import { databasesFor } from './names.ts';
import { recoveryOf } from './recovery.ts';

const program = createProgram();

/** Gone by the time that the engine begins, a little later, or only when it was refused or has waited. */
const STAYS_MS = [1_000, 250, 3_000];

/**
 * The same flow begun and killed, and begun again while another program has the database open: it came after the kill,
 * and commits a row now and then. It must be refused, or kept what it was told is committed; never is the file taken
 * away under it.
 */
export function inUse(flow: Flow): Flow {
  const name = `${flow.name} in use again`;
  const carriedOn = recoveryOf(flow, name);
  return {
    ...carriedOn,
    databases: databasesFor(name),
    async prepare(folder, source, engine, place = 0) {
      await program.leave();
      const scene = await carriedOn.prepare(folder, source, engine, place);
      await program.comeTo(scene.sandbox.file, STAYS_MS[place % STAYS_MS.length] ?? 0);
      return scene;
    },
    leave: () => program.leave(),
  };
}
