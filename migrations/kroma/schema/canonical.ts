import type { CanonicalTable } from '@engine/migration.ts';
import { coreTables } from './canonical-core.ts';
import { chatTables, eventTables } from './canonical-events.ts';
import { knowledgeTables } from './canonical-knowledge.ts';

/** The canonical schema: 25 tables, the approved extensions among them marked as such. */
export const canonical: readonly CanonicalTable[] = [...coreTables, ...eventTables, ...knowledgeTables, ...chatTables];

/** The tables that phase 1 brings into their canonical shape. */
export const phaseOneTables: readonly string[] = coreTables
  .filter((table) => !table.isExtension)
  .map((table) => table.name);
