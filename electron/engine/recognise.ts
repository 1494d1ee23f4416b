import { coded } from '@shared/errors.ts';
import type { Db, Pack, Schema, Variant } from './migration.ts';
import { nameKey, readSchema } from './schema.ts';

export interface Recognised {
  readonly pack: Pack;
  readonly variant: Variant;
  readonly evidence: readonly string[];
  readonly schema: Schema;
}

/**
 * Finds the pack that knows this database.
 * @throws CodedError E_FOREIGN_DATABASE when none does; E_NAME_COLLISION or E_NEWER_SCHEMA when one does, but must not
 * touch it.
 */
export function recogniseOrRefuse(db: Db, packs: readonly Pack[]): Recognised {
  const schema = readSchema(db);
  for (const pack of packs) {
    const found = pack.recognise(db, schema);
    if (found.kind === 'refused') {
      const isIncomplete = found.code === 'E_FOREIGN_DATABASE'; // of a program that we know, with a part of it gone
      throw coded(found.code, found.message, { pack: pack.id }, isIncomplete ? { nextStep: MEND } : {});
    }
    if (found.kind === 'not-mine') continue;
    requireFreeNames(schema, pack);
    const { variantId, evidence } = found;
    const variant = pack.variants.find(({ id }) => id === variantId) ?? {
      id: variantId,
      title: variantId,
      description: '',
    };
    return { pack, variant, evidence, schema };
  }
  throw coded('E_FOREIGN_DATABASE', `${whatWasFound(schema)} No supported program makes such a database.`);
}

const MEND =
  'Restore a backup in which nothing is missing, or ask support. If it is of another program, choose a database of a supported one.';

/**
 * Tables and indexes share their names: an index named like a table to come would stop the upgrade half-way.
 * @throws CodedError E_NAME_COLLISION
 */
function requireFreeNames(schema: Schema, pack: Pack): void {
  const wanted = new Set(pack.canonical.map(({ name }) => nameKey(name)));
  const indexes = [...schema.tables.values()].flatMap(({ indexes: own }) => own);
  const taken = indexes.find(({ name }) => wanted.has(nameKey(name)));
  if (taken)
    throw coded('E_NAME_COLLISION', `The name ${shownName(taken.name)} is taken by an index.`, { pack: pack.id });
}

const MOST_NAMES = 5;

/** Cut, and in words where there is nothing to see: a table may be called "" or " ". */
const shownName = (name: string): string =>
  name.trim() !== '' ? name.slice(0, 60) : name === '' ? '(no name)' : `“${name.slice(0, 60)}”`;

function whatWasFound(schema: Schema): string {
  const names = [...schema.tables.values()].map(({ name }) => name);
  if (names.length === 0) return 'It has no tables.';
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  const shown = names.slice(0, MOST_NAMES).map(shownName);
  return `It has the ${names.length === 1 ? 'table' : 'tables'} ${shown.join(', ')}${more}.`;
}
