import { collectMigrations, sha256, type Migration, type Pack } from '@engine/migration.ts';
import { canonical } from './canonical.ts';
import { knownMarkers } from './ledger.ts';
import { phases } from './phases.ts';
import { recognise, variants } from './recognise.ts';
import { buildKromaSample } from './sample/build.ts';
import { highlights, issueReasons, olderPrograms } from './words.ts';

const modules = import.meta.glob<Migration>('./20*.ts', { eager: true, import: 'default' });
const sources = import.meta.glob<string>('./20*.ts', { eager: true, import: 'default', query: '?raw' });
/** Files that are part of the migrations which import them, so their texts count in those checksums. */
const parts = import.meta.glob<string>('./{candidate-triggers,claims,final-files,path-rule}.ts', {
  eager: true,
  import: 'default',
  query: '?raw',
});

/** A source and the parts that it imports, and those that they import. */
function wholeSource(source: string, included: readonly string[] = []): string {
  const own = [...source.matchAll(/from '(\.\/[a-z-]+\.ts)'/g)].map(([, file]) => file ?? '');
  const more = own.filter((file) => file in parts && !included.includes(file));
  return [source, ...more.map((file) => wholeSource(parts[file] ?? '', [...included, ...more]))].join('\n');
}
const wholeSources = Object.fromEntries(Object.entries(sources).map(([file, source]) => [file, wholeSource(source)]));

/** Project databases of Kroma, an image production backend: users, projects, runs, jobs, candidates, files. */
export const kroma: Pack = {
  id: 'kroma',
  title: 'Kroma project database',
  variants,
  recognise,
  canonical,
  legacyTables: ['users', 'run_job_candidates'],
  phases,
  migrations: collectMigrations(modules, wholeSources, sha256),
  ledger: {
    table: 'schema_migrations',
    idColumn: 'version',
    noteColumn: 'note',
    appliedAtColumn: 'applied_at',
    knownMarkers,
  },
  highlights,
  issueReasons,
  olderPrograms,
  buildSample: buildKromaSample,
};
