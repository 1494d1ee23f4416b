import path from 'node:path';
import Database from 'better-sqlite3';
import { snapshotOf } from '../../../support/kill/snapshot.ts';
import { inspectRemains, keptProblems } from '../../../support/kill/whole-step.ts';
import { backupTruth } from '../../oracles/backup-truth.ts';
import { fingerprint } from '../../oracles/content.ts';
import { type Sandbox, templateDatabase } from './sandbox.ts';

/**
 * What contradicts "at a whole step, with everything of the person's, and the original in a backup" once a work has
 * ended early: empty = the promise was kept. Asked of copies, because opening a file recovers it.
 * @param at where the database is to be seen, if not at its own path.
 */
export function brokenPromises(base: string, box: Sandbox, at = box.file): string[] {
  const template = templateDatabase(base);
  const { own, original } = (known ??= lookAtTemplate(template));
  const scratch = path.join(path.dirname(box.folder), 'looked-at');
  const copy = snapshotOf(at, scratch);
  const { applied, problems } = inspectRemains(copy);
  const { problems: untrue, backups } = backupTruth({ ...box, temporaryFolder: '' });
  const isKept = backups.some(({ content }) => content === original) || contentOf(copy) === original;
  return [
    ...problems.filter((problem) => !own.has(problem)),
    ...keptProblems(copy, template),
    ...untrue,
    ...(isKept ? [] : [`${applied.length} steps are applied, and no backup holds the original`]),
  ];
}

/** What these questions find in the template itself is its own oddity. */
let known: { readonly own: ReadonlySet<string>; readonly original: string } | undefined;
const lookAtTemplate = (template: string) => ({
  own: new Set(inspectRemains(snapshotOf(template, `${template}-looked-at`)).problems),
  original: contentOf(template),
});

function contentOf(file: string): string {
  const db = new Database(file, { readonly: true });
  try {
    return fingerprint(db);
  } finally {
    db.close();
  }
}
