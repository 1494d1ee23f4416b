/** What screens and reports say about this family: plain words, one place. */

/** Why a source row needs a person's look, by reason. */
export const issueReasons: Readonly<Record<string, string>> = {
  'key-missing': 'The row has no id, so nothing can refer to it. It stays in its old table only.',
  'username-taken': 'Another user already has this user name in the new table. The user stays in the old table only.',
  'owner-missing': 'The owner of this project is not among the users. The project is kept and names the missing owner.',
  'owner-slug-taken':
    'Another project of the same owner already has this short name. The project was given no new owner.',
  'project-missing': 'The project it belongs to does not exist. The row itself is kept and filled.',
  'run-missing': 'The run it belongs to does not exist. The row itself is kept and filled.',
  'settings-unreadable': 'The settings of this project could not be read. Its storage got the usual values.',
  'settings-wrong-type': 'A storage setting of this project is not what it should be. It was read as far as possible.',
  'meta-unreadable': 'The details of this job could not be read, so its prompt stays empty.',
  'same-path-after-cleaning':
    'Two files of this project differ only in slashes or blanks of their path. Both are kept.',
  'address-taken': 'Another file of this project already has this address. The new address column stays empty.',
  'orphan-candidate': 'The job or the run it belongs to does not exist. The candidate stays in its old table only.',
  'file-without-id':
    'The file it names is registered without an id, so nothing can refer to it. The row itself is kept.',
  'slot-taken': 'Another candidate already has this number in the job. The candidate stays in its old table only.',
};

/** What programs that know only the old names can still do once a phase is reached. */
export const olderPrograms: Readonly<Record<number, string>> = {
  0: 'Every program that worked with this file still does. Only a few notes of Phasewise are added to it.',
  1: 'Programs that know only the old names keep working: the old tables and columns stay, and what they write is carried over to the new ones at once.',
  2: 'Programs that know only the old names keep working.',
  3: 'Programs that know only the old names keep working.',
  4: 'Programs that know only the old names keep working.',
  5: 'Programs that know only the old names can no longer open this file.',
};

/** What a person recognises their data by. A table that still has its old name is counted there. */
export const highlights: readonly { readonly label: string; readonly table: string }[] = [
  { label: 'projects', table: 'projects' },
  { label: 'runs', table: 'runs' },
  { label: 'jobs', table: 'run_jobs' },
  { label: 'candidates', table: 'run_candidates' },
  { label: 'files', table: 'assets' },
];
