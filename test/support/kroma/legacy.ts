import type Database from 'better-sqlite3';
import { writeBelongings } from '../../../migrations/kroma/sample/belongings.ts';
import { createClock } from '../../../migrations/kroma/sample/clock.ts';
import { writeConversations } from '../../../migrations/kroma/sample/conversations.ts';
import { ingestRun } from '../../../migrations/kroma/sample/ingest.ts';
import type { Project } from '../../../migrations/kroma/sample/people.ts';
import { createRandom } from '../../../migrations/kroma/sample/random.ts';
import { rowWriter } from '../../../migrations/kroma/sample/rows.ts';
import { makeRunLog } from '../../../migrations/kroma/sample/run-log.ts';
import { createLegacySchema, recordLegacyMarkers } from '../../../migrations/kroma/sample/schema.ts';
import { insertRows, withoutForeignKeys } from './insert.ts';
import { hopelessCandidates, hopelessExports, oddAssets, oddCandidates, oddExports } from './odd-files.ts';
import { hopelessJobs, hopelessRuns, oddJobs, oddRuns } from './odd-runs.ts';
import { oddSettings } from './odd-settings.ts';

const T = '2026-01-02T08:00:00Z';

/** Schema and markers, no rows. */
export function buildEmptyLegacy(db: Database.Database): void {
  createLegacySchema(db);
  recordLegacyMarkers(db, T);
}

/**
 * A legacy database with every odd case that the facts list, beside ordinary runs. Odd rows carry telling ids.
 * @param isHopeless also rows at which the original program gives up: a run of a missing project that names files.
 */
export function buildLegacyOdd(db: Database.Database, { isHopeless = true } = {}): void {
  createLegacySchema(db);
  withoutForeignKeys(db, () => {
    recordLegacyMarkers(db, T);
    writeOddPeople(db);
    writeOrdinaryRuns(db);
    insertRows(db, 'runs', [...oddRuns, ...(isHopeless ? hopelessRuns : [])]);
    insertRows(db, 'run_jobs', [...oddJobs, ...(isHopeless ? hopelessJobs : [])]);
    insertRows(db, 'run_job_candidates', [...oddCandidates, ...(isHopeless ? hopelessCandidates : [])]);
    insertRows(db, 'assets', oddAssets);
    insertRows(db, 'project_exports', [...oddExports, ...(isHopeless ? hopelessExports : [])]);
    insertRows(db, 'chat_messages', [
      { id: 'm-orphan', session_id: 's-gone', role: 'user', content_text: 'Hallo?', created_at: T },
    ]);
  });
}

function writeOddPeople(db: Database.Database): void {
  const user = { is_active: 1, created_at: T, updated_at: T };
  insertRows(db, 'users', [
    { ...user, id: 'u-one', username: 'one', display_name: 'One 🦊', email: 'one@studio.example' },
    { ...user, id: 'u-two', username: 'two', display_name: 'Второй', email: null },
    { ...user, id: 'u-three', username: 'Two', display_name: '', email: '', is_active: 0 },
    { ...user, id: 'u-four', username: '', display_name: '四', email: 'four', created_at: '2026-01-02 08:00' },
  ]);
  const project = { name: 'n', description: '', status: 'active', settings_json: '{}', created_at: T, updated_at: T };
  insertRows(db, 'projects', [
    { ...project, id: 'p-odd', user_id: 'u-one', slug: 'odd' },
    { ...project, id: 'p-other', user_id: 'u-two', slug: 'odd' },
    { ...project, id: 'p-third', user_id: 'u-three', slug: 'odd', status: 'archived' },
    { ...project, id: 'p-long-slug', user_id: 'u-one', slug: 's'.repeat(80) },
    { ...project, id: 'p-owner-gone', user_id: 'u-gone', slug: 'ownerless' },
    { ...project, id: 'p-owner-empty', user_id: '', slug: 'ownerless' },
    ...Object.entries(oddSettings).map(([kind, settings_json], index) => ({
      ...project, id: `p-settings-${index}`, user_id: 'u-two', slug: `settings-${index}`, name: kind, settings_json,
    })),
  ]); // prettier-ignore
  const secret = { provider_code: 'openai', secret_ciphertext: 'sample-not-a-key', created_at: T, updated_at: T };
  insertRows(db, 'project_api_secrets', [
    { ...secret, id: 'k-plain', project_id: 'p-odd', secret_name: 'api_key' },
    { ...secret, id: 'k-own-reference', project_id: 'p-odd', secret_name: 'other', key_ref: 'vault/7' },
    { ...secret, id: 'k-empty-reference', project_id: 'p-odd', secret_name: 'third', key_ref: '' },
    { ...secret, id: 'k-no-project', project_id: 'p-gone', secret_name: 'api_key' },
  ]);
}

function writeOrdinaryRuns(db: Database.Database): void {
  const random = createRandom(7);
  const clock = createClock(T);
  const write = rowWriter(db);
  const projects = ['p-odd', 'p-other'].map((id): Project => ({
    id,
    ownerId: 'u-one',
    slug: id,
    root: `generated/projects/${id}`,
    runs: 4,
    hasSecrets: false,
  }));
  for (const project of projects) {
    for (let index = 0; index < project.runs; index += 1) {
      clock.advance(900);
      ingestRun(
        write,
        random,
        clock,
        project.id,
        `${project.root}/runs/${index}.json`,
        makeRunLog(random, clock, project),
      );
    }
  }
  writeBelongings(write, random, clock, projects);
  writeConversations(write, random, clock, projects);
}
