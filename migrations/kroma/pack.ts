import { collectMigrations, sha256, type Migration, type Pack } from '@engine/migration.ts';
import { audit } from './audit.ts';
import { canonical } from './schema/canonical.ts';
import { ingest } from './run-logs/ingest.ts';
import { carriedOver } from './cleanup/carried-over.ts';
import { knownMarkers } from './ledger.ts';
import { ownObjects } from './own-objects.ts';
import { clearPlainKeys, listPlainKeys } from './plain-keys.ts';
import { phases } from './phases.ts';
import { recognise, variants } from './recognise.ts';
import { columnsMistaken, legacyTables, tablesByRowid } from './schema/by-rowid.ts';
import { programUniques } from './schema/shapes.ts';
import { buildKromaSample } from './sample/build.ts';
import { rebuilds } from './rebuilt.ts';
import { replaces } from './replaced.ts';
import { sourceFolder } from './run-logs/source-folder.ts';
import { highlights, issueReasons, olderPrograms } from './words.ts';

const modules = import.meta.glob<Migration>('./20*.ts', { eager: true, import: 'default' });
const sources = import.meta.glob<string>('./20*.ts', { eager: true, import: 'default', query: '?raw' });
/** Files that are part of the migrations which import them, so their texts count in those checksums. */
const parts = import.meta.glob<string>(['./*.ts', './*/*.ts', '!./20*.ts', '!./pack.ts', '!./sample/*.ts'], {
  eager: true,
  import: 'default',
  query: '?raw',
});

/** The parts that a file imports, and those that they import, each once. */
function partsOf(file: string, source: string, found = new Set<string>()): Set<string> {
  for (const [, specifier = ''] of source.matchAll(/from '(\.{1,2}\/[^']+\.ts)'/g)) {
    const part = `.${new URL(specifier, `pack:${file.slice(1)}`).pathname}`;
    const text = parts[part];
    if (text === undefined || found.has(part)) continue;
    found.add(part);
    partsOf(part, text, found);
  }
  return found;
}
const wholeSource = (file: string, source: string): string =>
  [source, ...[...partsOf(file, source)].toSorted().map((part) => parts[part] ?? '')].join('\n');
const wholeSources = Object.fromEntries(
  Object.entries(sources).map(([file, source]) => [file, wholeSource(file, source)]),
);

/** Project databases of Kroma, an image production backend: users, projects, runs, jobs, candidates, files. */
export const kroma: Pack = {
  id: 'kroma',
  title: 'Kroma project database',
  variants,
  recognise,
  canonical,
  legacyTables,
  tablesByRowid,
  columnsMistaken,
  phases,
  migrations: collectMigrations(modules, wholeSources, sha256),
  ownObjects,
  ledger: {
    table: 'schema_migrations',
    idColumn: 'version',
    noteColumn: 'note',
    appliedAtColumn: 'applied_at',
    knownMarkers,
  },
  highlights,
  issueReasons,
  gatingReasons: ['username-taken', 'owner-slug-taken', 'address-taken', 'slot-taken'],
  programUniques,
  replaces,
  rebuilds,
  carriedOver,
  olderPrograms,
  sourceFolder,
  audit,
  ingest,
  plainSecrets: {
    list: (db) =>
      listPlainKeys(db).map(({ id, projectId, providerCode }) => ({
        id,
        owner: `${providerCode} in project ${projectId}`,
      })),
    clear: clearPlainKeys,
  },
  identity: (db) => db.prepare<[], string>(`SELECT CAST(id AS TEXT) FROM projects`).pluck().all(),
  buildSample: buildKromaSample,
};
