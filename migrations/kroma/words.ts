/** What screens and reports say about this family: plain words, one place. */

/** Why a source row needs a person's look, by reason. */
export const issueReasons: Readonly<Record<string, string>> = {
  'key-missing':
    'The row has no id, so nothing can refer to it. Its whole content is kept with this note: what the last phase removes of it is then only here and in the backups.',
  'username-taken':
    'Another user already has this user name in the new table. This user has no place there; the whole row is kept with this note.',
  'owner-missing': 'The owner of this project is not among the users. The project is kept and names the missing owner.',
  'owner-slug-taken':
    'Another project of the same owner already has this short name. The project was given no new owner.',
  'project-missing': 'The project it belongs to does not exist. The row was filled all the same.',
  'run-missing': 'The run it belongs to does not exist. The row was filled all the same.',
  'settings-unreadable': 'The settings of this project could not be read. Its storage got the usual values.',
  'settings-wrong-type': 'A storage setting of this project is not what it should be. It was read as far as possible.',
  'meta-unreadable': 'The details of this job could not be read, so its prompt stays empty.',
  'same-path-after-cleaning':
    'Two files of this project differ only in slashes or blanks of their path. Both are kept.',
  'address-taken': 'Another file of this project already has this address. The new address column stays empty.',
  'orphan-candidate':
    'The job or the run it belongs to does not exist, so the candidate has no place in the new table. Its whole row is kept with this note.',
  'file-without-id':
    'The file it names is registered without an id, so nothing can refer to it. The row itself is kept.',
  'slot-taken':
    'Another candidate already has this number in the job, so this one has no place in the new table. Its whole row is kept with this note.',
  'rank-unreadable':
    'A rank of this candidate is not a number. It counts as 0 in its quality report; the candidate keeps it as it is.',
  'report-not-made':
    'The job, the run or the project it belongs to does not exist, so the candidate got no quality report.',
  'amount-unreadable':
    'The amount of this cost is not a number. It counts as 0; the whole row as it was is kept with this note.',
  'log-unreadable': 'The run log of this run is there but could not be read. Nothing was taken from it.',
  'log-differs':
    'The run log of this run says something else than the database. Only what it says about the same candidates was taken.',
  'details-unreadable': 'The details of this event are no readable JSON. They were carried over as they are.',
  'actor-missing': 'The user named by this event does not exist. The event is kept without naming anybody.',
  'json-unreadable': 'A JSON text of this row is malformed. It was carried over as it is, and the detail names it.',
  'set-missing': 'The reference set it belongs to does not exist. The row itself is kept.',
  'file-missing': 'A file it names is not registered. The row itself is kept.',
  'link-to-itself': 'The link leads from a file to the same file. It is kept as it is.',
  'link-type-unknown': 'The type of the link is none that the program knows. It is kept as it is.',
  'link-across-projects': 'The link joins files of different projects, which no program expects. It is kept as it is.',
  'link-not-made': 'Its two files are not both files of its project, so no link was made between them.',
  'old-value-differs':
    'An old column said something else than the new one that replaces it. The new value stays; the whole row as it was is kept with this note.',
  'reference-cleared':
    'It referred to something that does not exist. The reference was emptied; the row as it was is kept with this note.',
  'value-missing': 'A column that must be filled was empty. It got its usual value.',
  'word-not-listed':
    'A word in this row is none that the new rules know. The row stays as it is, and the rule is left out for this file.',
  'project-gone':
    'The project it belongs to does not exist. The row has left its table; all of it is kept with this note.',
  'run-gone': 'The run it belongs to does not exist. The row has left its table; all of it is kept with this note.',
  'job-gone': 'The job it belongs to does not exist. The row has left its table; all of it is kept with this note.',
  'parent-missing': 'What it belongs to does not exist. The row has left its table; all of it is kept with this note.',
  'link-impossible':
    'The link leads from a file to itself, joins files of different projects, or is of an unknown type. It has left its table; all of it is kept with this note.',
  'place-taken':
    'An earlier row has the same place, which only one may have. This one has left its table; all of it is kept with this note.',
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
