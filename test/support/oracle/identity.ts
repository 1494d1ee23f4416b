import { addColumns, canonicalRows, NOW, type Work } from './phase1.ts';
import { byId, fillEmpty, isEmpty, rowsOf, textOf, type Value } from './rows.ts';
import { policyColumns, settingOf, storagePolicy } from './settings.ts';

/** U1: every user gets the same row in app_users; legacy wins only while the original's backfill has not happened. */
export function expectUsers(work: Work): void {
  const canonical = canonicalRows(work, 'app_users');
  const present = byId(canonical);
  const idOfName = new Map(canonical.map((row) => [textOf(row['username']), textOf(row['id'])]));
  for (const user of rowsOf(work.tables, 'users')) {
    const id = textOf(user['id']);
    const twin = present.get(id);
    const isTaken = (idOfName.get(textOf(user['username'])) ?? id) !== id;
    if (twin && work.mode === 'keep') {
      for (const column of ['email', 'display_name']) if (!isEmpty(user[column])) fillEmpty(twin, column, user[column]);
    } else if (isTaken) {
      work.issue('users', user, 'username-taken', false);
    } else if (twin) {
      Object.assign(twin, { ...user, created_at: twin['created_at'] });
    } else {
      canonical.push({ ...user });
      idOfName.set(textOf(user['username']), id);
    }
  }
}

/** P1. */
export function expectOwners(work: Work): void {
  const users = byId(rowsOf(work.tables, 'app_users'));
  const projects = rowsOf(work.tables, 'projects');
  addColumns(projects, { owner_user_id: null });
  const place = (owner: Value | undefined, slug: Value | undefined): string => `${textOf(owner)}\0${textOf(slug)}`;
  const taken = new Set(
    projects.filter((row) => !isEmpty(row['owner_user_id'])).map((row) => place(row['owner_user_id'], row['slug'])),
  );
  for (const project of projects) {
    if (isEmpty(project['owner_user_id'])) {
      if (taken.has(place(project['user_id'], project['slug']))) work.issue('projects', project, 'owner-slug-taken');
      else project['owner_user_id'] = project['user_id'] ?? null;
    }
    if (!users.has(textOf(project['owner_user_id']))) work.issue('projects', project, 'owner-missing');
  }
}

/** ST: one storage row per project. In keep mode only the word None that stands for a JSON null is repaired. */
export function expectStorage(work: Work): void {
  const storage = canonicalRows(work, 'project_storage');
  addColumns(storage, { ...storagePolicy('').policy, s3_prefix: null });
  const byProject = new Map(storage.map((row) => [textOf(row['project_id']), row]));
  for (const project of rowsOf(work.tables, 'projects')) {
    const { policy, issue } = storagePolicy(project['settings_json']);
    if (issue) work.issue('projects', project, issue);
    const row = byProject.get(textOf(project['id']));
    if (!row) {
      storage.push({
        id: project['id'] ?? null,
        project_id: project['id'] ?? null,
        ...policy,
        created_at: NOW,
        updated_at: NOW,
      });
    } else if (work.mode === 'fill') {
      Object.assign(row, policy, { updated_at: NOW });
    } else {
      const nulls = policyColumns.filter(
        (column) => row[column] === 'None' && settingOf(project['settings_json'], column)?.kind === 'null',
      );
      for (const column of nulls) row[column] = policy[column] ?? null;
      if (nulls.length > 0) row['updated_at'] = NOW;
    }
  }
}

/** S1. */
export function expectSecrets(work: Work): void {
  const projects = byId(rowsOf(work.tables, 'projects'));
  const secrets = rowsOf(work.tables, 'project_api_secrets');
  addColumns(secrets, { kms_key_ref: null });
  for (const secret of secrets) {
    fillEmpty(secret, 'kms_key_ref', secret['key_ref']);
    if (!projects.has(textOf(secret['project_id']))) work.issue('project_api_secrets', secret, 'project-missing');
  }
}
