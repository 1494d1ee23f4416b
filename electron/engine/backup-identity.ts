import fs from 'node:fs';
import path from 'node:path';
import { coded, type CodedError } from '@shared/errors.ts';
import type { Manifest } from '@shared/manifest.ts';
import { requireAlone } from './backup-alone.ts';
import { openInspector } from './connection.ts';
import { sha256Text } from './fsync.ts';
import { lookAt } from './look.ts';
import type { Db, Pack } from './migration.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { isUnanswered } from './sqlite-error.ts';

/**
 * Tells whether a backup is of this database: by path, by content, by name. Names repeat ("project.db"), files get
 * renamed; the random ids of its projects do neither.
 */

const MOST_TOKENS = 500;

/** Ids that no other database of the family has, hashed: a manifest must not tell what is in the file. */
export function identityOf(pack: Pack, db: Db): string[] {
  try {
    const ids = pack.identity?.(db) ?? [];
    return ids
      .toSorted()
      .slice(0, MOST_TOKENS)
      .map((id) => sha256Text(`${pack.id}:${id}`).slice(0, 16));
  } catch (error) {
    if (isUnanswered(error)) throw error;
    return []; // a table that is not there, or damaged, has nothing to say
  }
}

interface Comparison {
  readonly manifest: Manifest;
  readonly backup: string;
  readonly target: string;
  /** Open on the target; null where that is missing or cannot be read. */
  readonly db: Db | null;
}

/** Putting a backup over another project's database is how people lose one. @throws CodedError E_BACKUP_FOREIGN */
export function assertOfThatDatabase({ manifest, backup, target, db }: Comparison, packs: readonly Pack[]): void {
  if (manifest.databasePath === target) return;
  const isNamed = manifest.databaseName === path.basename(target);
  const isKin = db === null ? null : isSameContent(tokensOf(db, packs), manifest.identity ?? readTokens(backup, packs));
  if (isKin ?? isNamed) return;
  throw foreign(manifest, target, isNamed);
}

const foreign = (manifest: Manifest, target: string, isNamed: boolean): CodedError =>
  coded(
    'E_BACKUP_FOREIGN',
    isNamed
      ? `This is a backup of another ${manifest.databaseName}: none of its projects is in ${target}.`
      : `This is a backup of ${manifest.databaseName}, not of ${path.basename(target)}.`,
    { backup: manifest.id },
  );

/** A backup that was made of a file at another place. */
interface Found {
  readonly manifest: Manifest;
  /** It lies in the folder beside the database: where that cannot be asked any more, name and place tell. */
  readonly isInOwnFolder: boolean;
}

/**
 * Of those backups, the ones of a database that now goes by another name or lies elsewhere. A copy that was thrown away
 * is told from that by nothing, see `isMovedAlong`.
 */
export async function ofTheSameDatabase<T extends Found>(
  found: readonly T[],
  database: string,
  packs: readonly Pack[],
): Promise<T[]> {
  // A database that is still where it was has its backups itself.
  const orphans = found.filter(
    ({ manifest }) => !fs.existsSync(manifest.databasePath) || isLinkTo(manifest.databasePath, database),
  );
  if (orphans.length === 0) return [];
  const tokens = await readableTokens(database, packs);
  return orphans.filter((each) => isSameContent(tokens, each.manifest.identity ?? []) ?? isMovedAlong(each, database));
}

/** Beside the database and under its name: the two have come there together. Or its old place still leads to it. */
export const isMovedAlong = ({ manifest, isInOwnFolder }: Found, database: string): boolean =>
  (isInOwnFolder && manifest.databaseName === path.basename(database)) || isLinkTo(manifest.databasePath, database);

/** Somebody who moves a folder may leave a link in its place, so that other programs find it. */
function isLinkTo(old: string, database: string): boolean {
  try {
    return fs.realpathSync.native(old) === fs.realpathSync.native(database);
  } catch {
    return false; // one of them leads nowhere
  }
}

/** None of one that is gone, damaged, or not to be opened now. */
async function readableTokens(database: string, packs: readonly Pack[]): Promise<readonly string[]> {
  if (!fs.existsSync(database)) return [];
  try {
    return await lookAt(database, ({ db }) => tokensOf(db, packs));
  } catch {
    return [];
  }
}

/** null = one of them has nothing to tell it by. */
function isSameContent(some: readonly string[], others: readonly string[]): boolean | null {
  if (some.length === 0 || others.length === 0) return null;
  const known = new Set(others);
  return some.some((token) => known.has(token));
}

function tokensOf(db: Db, packs: readonly Pack[]): string[] {
  try {
    return identityOf(recogniseOrRefuse(db, packs).pack, db);
  } catch (error) {
    if (isUnanswered(error)) throw error;
    return []; // of no family that we know
  }
}

function readTokens(backup: string, packs: readonly Pack[]): string[] {
  requireAlone(backup);
  const db = openInspector(fs.realpathSync(backup));
  try {
    return tokensOf(db, packs);
  } finally {
    db.close();
  }
}
