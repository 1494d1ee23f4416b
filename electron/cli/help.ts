/** What `--help` says. README.md has the same commands in a table. */
export const HELP = `Usage: npm run -s phasewise -- COMMAND [--json]      (in PowerShell "--", with its quotes)

  status DB [--check]                 what the database is and how far it has come; --check also reads all its rows
  stay DB                             leave what was interrupted as it is, and be told of it in one line only
  plan DB [--to N]                    what an upgrade would do
  migrate DB [--to N] [--yes] [--contract] [--backup-dir DIR]
                                      back up, upgrade, check
  ingest DB PATH... [--project NAME] [--dry-run]
                                      take run logs into an upgraded database; of folders, all that are below;
                                      a file that is named itself and refused is a failure, the others go in
  issues DB [--export FILE]           the rows that need a person's look; --export writes them whole, as CSV or .json
  issues DB --retry --yes             try them again after what was wrong is put right
  export DB TABLE [--format F] [--to FILE]
                                      all rows of a table to a new file; what is sensitive stays masked
  keys DB                             whose keys stand in the database in plain text; never the keys
  keys DB --clear --yes               empty them; the backup made before still holds them
  backups DB                          the backups of a database
  backups DB --keep N [--yes]         which of them could go if the newest N good ones stay; --yes deletes those
  verify BACKUP                       read a whole backup again and check it
  verify --all DB                     the same with every backup of a database
  restore BACKUP --to DB --yes        put a backup back; what it replaces is kept first
  restore --finish --to DB --yes      carry an interrupted restore through
  restore --put-back FOLDER --to DB --yes
                                      put back, byte for byte, what a restore set aside in that folder
  sample TARGET                       build a sample database to try things on

  --to N          the phase to reach; without it the last phase that removes nothing
  --format        csv (formulas made harmless), csv-exact, tsv, json, ndjson, sql or markdown; without it csv
  --yes           do not ask
  --contract      remove the old names for good: only phase 5 does, and not without this
  --run-logs DIR  where the run logs are that plan, migrate and --retry read; without it the usual places are looked at
  --no-run-logs   do without run logs
  --project       the project that run logs go to: its short name, USER/NAME or id; without it what they say
  --dry-run       say what would be taken in; change nothing
  --backup-dir    where the backup goes; without it a folder beside the database, named after it
  --json          stdout is exactly one JSON document; progress goes to stderr
  -h, --help      -v, --version

Exit codes: 0 done and verified, 1 failed (the file is at its last whole step), 2 wrong usage,
3 refused (nothing was touched), 130 or 143 stopped by a signal (at a whole step; migrate again continues).`;
