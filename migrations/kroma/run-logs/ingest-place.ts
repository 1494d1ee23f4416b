import type { IngestFile } from '@engine/migration.ts';
import { idOf, type Rows } from './ingest-rows.ts';
import type { RunLog } from './run-log.ts';

/** Where a log belongs: its project, the run that it may already be, and the path under which that is known. */

export interface Project {
  readonly id: string;
  readonly slug: string;
  readonly owner: string | null;
}

export interface Place {
  readonly project: Project;
  /** null = the run is not there yet. */
  readonly runId: string | null;
  readonly newRunId: string;
  /** The run's run_log_path; of a new run, what it gets there. */
  readonly logPath: string;
}

export type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };
const refuse = (reason: string) => ({ ok: false, reason }) as const;

/**
 * @param wanted what the person said: a project's short name, `user/short name`, or its id; null = what the log says.
 */
export function placeOf(rows: Rows, log: RunLog, file: IngestFile, wanted: string | null): Found<Place> {
  const named = projectsNamed(rows, wanted, log);
  if (named.length === 0) return refuse(noProject(wanted ?? log.project));
  if (isAnothers(rows, log, named)) return refuse(`it is a log of the project “${log.project}”`);
  const places = named.map((project) => placeIn(rows, project, log, file));
  // Two users may have projects of one name: the log belongs to the one that has its run.
  const known = places.length === 1 ? places : places.filter(({ runId }) => runId !== null);
  const [place] = known;
  if (place !== undefined && known.length === 1) return { ok: true, value: place };
  const choices = named.map(({ owner, slug, id }) => (owner === null ? id : `${owner}/${slug}`)).join(', ');
  return refuse(`${named.length} projects are called “${named[0]?.slug}”; say which one is meant: ${choices}`);
}

/** A folder may hold the logs of several projects; naming one of them does not make the others' logs its own. */
const isAnothers = (rows: Rows, log: RunLog, named: readonly Project[]): boolean =>
  log.project !== null &&
  named.every(({ slug }) => slug !== log.project) &&
  rows.one(`SELECT 1 FROM projects WHERE slug = :slug`, { slug: log.project }) !== undefined;

const noProject = (name: string | null): string =>
  name === null ? 'it names no project' : `there is no project “${name}” in this database`;

function projectsNamed(rows: Rows, wanted: string | null, log: RunLog): Project[] {
  const owner = rows.has('projects', 'owner_user_id') ? 'owner_user_id' : 'user_id';
  const select = `SELECT p.id, p.slug, u.username AS owner FROM projects AS p LEFT JOIN app_users AS u ON u.id = p.${owner}`;
  const by = (where: string, values: Record<string, string>) =>
    rows.all<Project>(`${select} WHERE p.id IS NOT NULL AND ${where} ORDER BY p.id`, values);
  if (wanted === null) return log.project === null ? [] : by('p.slug = :slug', { slug: log.project });
  const bySlug = by('p.slug = :slug', { slug: wanted });
  if (bySlug.length > 0) return bySlug;
  const byId = by('p.id = :id', { id: wanted });
  if (byId.length > 0) return byId;
  const cut = wanted.indexOf('/');
  return cut === -1
    ? []
    : by('u.username = :user AND p.slug = :slug', { user: wanted.slice(0, cut), slug: wanted.slice(cut + 1) });
}

interface KnownRun {
  readonly id: string;
  readonly path: string;
  readonly settings: string | null;
}

function placeIn(rows: Rows, project: Project, log: RunLog, file: IngestFile): Place {
  const name = namesOf(file.path).at(-1) ?? '';
  const newRunId = idOf('run', project.id, name, log.startedAt ?? '');
  const logPath = logPathOf(log, file, project);
  const known = rows.all<KnownRun>(
    `SELECT id, run_log_path AS path, settings_snapshot_json AS settings FROM runs
     WHERE project_id = :project AND id IS NOT NULL AND (id = :id OR substr(replace(run_log_path, char(92), '/'), -length(:name)) = :name)
     ORDER BY created_at, id`,
    { project: project.id, id: newRunId, name },
  );
  const run = runAmong(known, log, file, logPath, newRunId);
  return { project, newRunId, runId: run?.id ?? null, logPath: run?.path ?? logPath };
}

/** The run of this very path; else the one whose path has the longest end in common with the file's. */
function runAmong(
  known: readonly KnownRun[],
  log: RunLog,
  file: IngestFile,
  logPath: string,
  newRunId: string,
): KnownRun | undefined {
  const clean = (path: string) => namesOf(path).join('/');
  const exact =
    known.find(({ path }) => clean(path) === clean(logPath) || clean(path) === clean(file.path)) ??
    known.find(({ id }) => id === newRunId);
  if (exact !== undefined) return exact;
  const rated = known
    .map((run) => ({ run, common: commonEnd(namesOf(run.path), namesOf(file.path)) }))
    // A name alone may be that of another project root's log; then the time in it must agree too.
    .filter(({ run, common }) => common > 1 || (common === 1 && hasTimestamp(run, log)));
  const best = Math.max(...rated.map(({ common }) => common));
  const closest = rated.filter(({ common }) => common === best);
  return (closest.find(({ run }) => hasTimestamp(run, log)) ?? closest[0])?.run;
}

const hasTimestamp = ({ settings }: KnownRun, { startedAt }: RunLog): boolean =>
  startedAt !== null && settings !== null && settings.includes(JSON.stringify(startedAt));

/**
 * The path that the program itself would have noted: it writes logs to `<project root>/runs/` and notes them relative
 * to where it was started. Only where neither the log nor the file's own path says so, the file's path as it is.
 */
function logPathOf({ projectRoot }: RunLog, file: IngestFile, { slug }: Project): string {
  const names = namesOf(file.path);
  const name = names.at(-1) ?? '';
  if (projectRoot !== null) return `${projectRoot.replace(/\/+$/, '')}/runs/${name}`;
  const root = names.findLastIndex((part, at) => part === 'projects' && at > 0 && names[at + 1] === slug);
  return root > 0 ? names.slice(root - 1).join('/') : file.path;
}

export const namesOf = (path: string): string[] =>
  path
    .trim()
    .replaceAll('\\', '/')
    .split('/')
    .filter((name) => name !== '' && name !== '.');

function commonEnd(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[a.length - 1 - length] === b[b.length - 1 - length]) length++;
  return length;
}
