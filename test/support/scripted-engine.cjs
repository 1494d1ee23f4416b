// A stand-in for the engine's process: speaks its protocol, touches no database. What it does is scripted by the path
// it is asked about: `…/crash.db` dies, `…/slow.db` never answers, nor does `…/endless.db`, which says with a file beside
// it that it was asked, nor does the final check of `…/reached.db`, and so on. For specs of the host alone.
const fs = require('node:fs');
const path = require('node:path');

// Node's fork or Electron's utility process.
const { parentPort } = process;
const send = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));
const error = (code, message) => ({
  ok: false,
  error: { code, title: code, message, safety: 'Nothing was changed. Your data is as it was.', nextStep: 'n' },
});
const early = [];
let control = (asked) => early.push(asked);

process.on('disconnect', () => process.exit(0));
if (parentPort) parentPort.on('message', ({ data }) => void receive(data));
else process.on('message', (message) => void receive(message));

async function receive(message) {
  if (message.type === 'control') return control(message.control);
  const { id, name, input } = message;
  const script = path.basename(input.path ?? input.backupPath ?? '', '.db');
  if (script === 'crash') process.abort();
  if (script === 'memory') {
    process.stderr.write('FATAL ERROR: JavaScript heap out of memory\n', () => process.exit(134));
    return;
  }
  if (script === 'slow') return;
  if (script === 'endless' || (script === 'reached' && name === 'verify'))
    return fs.writeFileSync(`${input.path ?? input.backupPath}.asked`, '');
  if (script === 'fatal') return send({ type: 'fatal', error: error('E_RUNTIME_MISMATCH', 'no addon').error });
  const answers = {
    inspect,
    plan,
    run,
    verify,
    backup,
    listBackups,
    verifyBackup,
    restore,
    sample,
    packs: () => ok([{ title: 'Kroma', variants: ['Legacy version'], upTo: { number: 1, name: 'one' } }]),
    listIssues: () => ok([]),
    source: ({ source }) => ok(coverage(source)),
    ingest,
    retryIssues,
    settle: () => ok({ phase: 0, applied: ['m1'], begun: { migrationId: 'm2', rowsDone: 7, rowsTotal: 500 } }),
    putBack: ({ folder }) => ok({ replacedFolder: `${folder}!` }),
    removeBackup,
    tidyBackups,
    browseExport,
    exportIssues,
  };
  send({ type: 'answer', id, result: await answers[name](input, script) });
}

const ok = (value) => ({ ok: true, value });
const at = '2026-11-21T12:00:00.000Z';
const step = (migrationId, state = 'waiting') => ({
  migrationId,
  title: `title of ${migrationId}`,
  phase: 1,
  state,
  ms: null,
  rowsDone: 0,
  rowsTotal: 0,
  issueRows: 0,
});
const check = (state) => ({ id: 'c', title: 'A check', state, summary: 'It is so.', evidence: [] });

/** `exports.db` never comes to its end. */
function browseExport({ target, partial }, script) {
  fs.writeFileSync(partial, 'half');
  send({ type: 'export', rows: 5, bytes: 4 });
  if (script === 'exports') return new Promise(() => {});
  fs.renameSync(partial, target);
  return ok({ path: target, rows: 7, bytes: 4 });
}

function exportIssues({ target, partial, format }, script) {
  if (script !== 'exports') return ok({ path: target, rows: format === 'csv' ? 1 : 2 });
  fs.writeFileSync(partial, 'half');
  return new Promise(() => {});
}

function record(file, folder, reason = 'before phase 1') {
  return {
    id: 'backup-1',
    path: path.join(folder, 'backup-1.db'),
    folder,
    databaseName: path.basename(file),
    databasePath: file,
    createdAt: at,
    reason,
    phase: null,
    variantTitle: 'Legacy version',
    sizeBytes: 1,
    sha256: 'a'.repeat(64),
    pages: 1,
    runId: null,
    verified: true,
    checks: [check('met')],
    lastCheck: null,
    state: 'verified',
  };
}

/** The run that `file` knows as unfinished: it then says `run <id>` and nothing else. */
function runIn(file) {
  const runId = /^run (.+)$/.exec(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '')?.[1];
  return runId === undefined ? null : { runId, startedAt: at, toPhase: 1, stoppedAt: 'm2' };
}

function inspect({ path: file }) {
  return ok({
    file: {
      name: path.basename(file),
      folder: path.dirname(file),
      path: file,
      sizeBytes: 1,
      walBytes: 0,
      journalMode: 'rollback',
      pageSizeBytes: 4096,
      encoding: 'UTF-8',
      needsRecovery: false,
      isWritable: true,
      readOnlyReason: null,
      inspectedVia: 'in-place',
    },
    pack: { id: 'kroma', title: 'Kroma' },
    variant: { id: 'legacy', title: 'Legacy version', description: 'old', evidence: [`process ${process.pid}`] },
    phaseReached: null,
    defaultTarget: 1,
    phases: [],
    tables: [],
    scoreCard: {
      canonicalTables: 1,
      aligned: 1,
      legacyName: 0,
      missing: 0,
      wrongColumns: 0,
      columnsMissing: 0,
      indexesMissing: 0,
      approvedExtensions: 0,
    },
    highlights: [],
    pending: ['m1', 'm2'],
    drift: [],
    ledger: [],
    health: { state: 'healthy', summary: 'Your file is healthy.', checks: [], foreignKeyViolations: null },
    issues: [],
    unfinishedRun: runIn(file),
    runs: [],
    unfinishedRestore: null,
    checkedAt: at,
    elapsedMs: 1,
  });
}

/** How the choice was understood, as the folder's name. */
const coverage = (source) => ({
  title: 'Run logs',
  question: 'Where?',
  explanation: 'They say more.',
  folder: source.kind === 'folder' ? source.folder : source.kind === 'guess' ? '/guessed' : null,
  choice: { folder: 'chosen', guess: 'guessed', none: 'declined' }[source.kind],
  rows: 3,
  found: 3,
  missing: 0,
  unreadable: 0,
  differing: 0,
  isComplete: true,
  samples: [],
});

function plan({ toPhase, backupFolder, source }, script) {
  if (toPhase !== null && toPhase > 5) return error('E_PHASE_UNAVAILABLE', 'no such phase');
  const steps = ['m1', 'm2'].map((id) => ({
    migrationId: id,
    phase: 1,
    title: `title of ${id}`,
    kind: 'expand',
    reason: 'pending',
    what: [],
    rows: 0,
  }));
  const blocking = {
    id: 'space',
    title: 'Space',
    state: 'blocking',
    detail: 'full',
    error: error('E_NO_SPACE', 'full').error,
  };
  return ok({
    packId: 'kroma',
    variantId: 'legacy',
    fromPhase: script === 'reached' ? 1 : null,
    toPhase: toPhase ?? 1,
    steps: ['done', 'reached'].includes(script) ? [] : steps,
    removesAnything: script === 'removes',
    gating: [],
    source: script === 'logs' ? coverage(source) : null,
    olderPrograms: '',
    preflight: script === 'blocked' ? [blocking] : [],
    space: {
      ...{ databaseBytes: 1, backupBytes: 1, growthBytes: 1, needBytes: 1, freeBytes: 9, backupFreeBytes: 9 },
      ...{ parts: [], temporaryFreeBytes: 9 },
    },
    timeSeconds: null,
    backupFolder,
    fingerprint: 'f1',
  });
}

async function run({ path: file, backupFolder, runId, toPhase, source, isRemovalConfirmed, continues }, script) {
  const event = (happened) => send({ type: 'run', event: happened });
  if (script === 'logs' || script === 'removes') {
    return error('E_STATE_CHANGED', JSON.stringify({ source, isRemovalConfirmed }));
  }
  if (script === 'refused') return error('E_STATE_CHANGED', 'changed');
  event({ type: 'steps', steps: [step('m1'), step('m2')] });
  event({ type: 'state', state: 'backing-up', now: 'copying' });
  if (script === 'dies-early') process.exit(9);
  if (script.startsWith('dies'))
    for (const partial of ['b.partial', 'b 2.partial']) event({ type: 'partial', file: partial });
  if (script === 'dies-copying') process.exit(9);
  event({ type: 'backup', backup: record(file, backupFolder) });
  event({ type: 'state', state: 'migrating', now: 'migrating' });
  event({ type: 'applied', migrationId: 'm1', ms: 5 });
  if (script === 'dies') process.exit(9);
  if (script === 'deaf') {
    // One endless statement: nothing is heard. SIGKILL alone ends it.
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  }
  if (script === 'full') {
    const attention = { ...error('E_NO_SPACE', 'To go on, the disk needs 9 MB free; it has 1 MB.').error };
    const paused = { type: 'state', state: 'paused', now: 'Waiting for free space', attention };
    event(paused);
    const asked = await new Promise((resolve) => {
      let times = 0;
      control = (wish) => {
        if (wish === 'resume' && (times += 1) === 1) event(paused);
        else resolve(wish);
      };
    });
    if (asked === 'cancel') return error('E_CANCELLED', 'stopped');
    event({ type: 'state', state: 'migrating', now: 'going on' });
  }
  if (script === 'waits') {
    const asked = await untilControlled(event);
    if (asked === 'cancel') return error('E_CANCELLED', 'stopped');
  }
  for (let rows = 0; rows <= 500; rows += 10) {
    const numbers = { rowsDone: rows, rowsTotal: 500, issueRows: 0, rowsPerSecond: 10, etaSeconds: null };
    event({ type: 'progress', migrationId: 'm2', now: 'copying rows', ...numbers });
  }
  event({ type: 'applied', migrationId: 'm2', ms: 6 });
  event({ type: 'checkpoint', phase: 1 });
  return ok({
    runId,
    ok: true,
    fileName: path.basename(file),
    packId: 'kroma',
    fromPhase: null,
    toPhase,
    startedAt: at,
    finishedAt: at,
    migrations: [
      { id: 'm1', title: 'title of m1', ms: 5 },
      { id: 'm2', title: 'title of m2', ms: 6 },
    ],
    backfills: [
      {
        id: 'm2/rows',
        title: 'copying rows',
        source: 't',
        expected: 500,
        moved: 500,
        alreadyRight: 0,
        issueRows: 0,
        rowsPerSecond: 10,
      },
    ],
    backup: record(file, backupFolder),
    continuedRuns: continues,
    verified: false,
    checks: [],
    issues: [],
    tables: [],
  });
}

/** Pauses and resumes as often as it is told to; ends with the control that ends the wait. */
const untilControlled = (event) =>
  new Promise((resolve) => {
    let isPaused = false;
    control = (asked) => {
      if (asked === 'pause') {
        isPaused = true;
        event({ type: 'state', state: 'paused', now: 'paused' });
      } else if (asked === 'resume' && isPaused) {
        event({ type: 'state', state: 'migrating', now: 'going on' });
        resolve(asked);
      } else if (asked === 'cancel') {
        event({ type: 'state', state: 'migrating', now: 'finishing a chunk' });
        setTimeout(() => resolve(asked), 30);
      }
    };
    for (const asked of early.splice(0)) control(asked);
  });

function verify(_input, script) {
  if (script === 'unproven') return new Promise(() => {});
  const states = { untrue: ['met', 'unmet'], unchecked: ['not-checked'], nothing: [] }[script] ?? ['met'];
  return ok({ checks: states.map(check) });
}

/** `long.db`: tells how far it is and never ends, deaf as an engine in the middle of a query. */
function backup({ path: file, folder, reason }, script) {
  if (script !== 'long') return ok(record(file, folder, reason));
  const partial = path.join(folder, 'long.db.partial');
  send({ type: 'work', work: { stage: 'copying', fraction: 0.2, canCancel: true, partial } });
  send({ type: 'work', work: { stage: 'proving', fraction: 0.4, canCancel: true } });
  return new Promise(() => {});
}
/** `long.db`: the drive of its backups hangs. */
const hangs = ({ databasePath }) => path.basename(databasePath ?? '') === 'long.db';
const removeBackup = ({ backupPath, needed, ...places }) =>
  hangs(places)
    ? new Promise(() => {})
    : needed.length > 0
      ? error('E_BACKUP_NEEDED', needed[0].why)
      : ok(record(backupPath, path.dirname(backupPath)));
const tidyBackups = ({ keep, needed, shown = [], ...places }) =>
  hangs(places)
    ? new Promise(() => {})
    : ok({
        removed: shown.map((each) => ({ ...record('x', 'y'), path: each })),
        kept: needed.map(({ why }) => ({ backup: record('x', 'y'), why })),
        freedBytes: keep,
      });
/** `unlisted.db`: its folder does not answer. */
const listBackups = ({ folders, databasePath }) =>
  path.basename(databasePath ?? '') === 'unlisted.db'
    ? new Promise(() => {})
    : ok(folders.map((folder) => ({ ...record(databasePath, folder), id: `of-${path.basename(folder)}` })));
const verifyBackup = ({ backupPath }) =>
  ok({ ...record('x.db', path.dirname(backupPath)), state: backupPath.includes('broken') ? 'broken' : 'verified' });
const restore = ({ backupPath, path: file, backupFolder }) =>
  ok({
    restored: { ...record(file, path.dirname(backupPath)), path: backupPath },
    before: record(file, backupFolder),
    replacedFolder: null,
  });
/** `long.db`: as with a backup. */
function ingest({ path: file, files, isTrial, backupFolder }, script) {
  if (script === 'long' && !isTrial) {
    send({ type: 'work', work: { stage: 'copying', fraction: 0.2, canCancel: true, partial: 'x.partial' } });
    send({ type: 'work', work: { stage: 'writing', fraction: 0.5, canCancel: true } });
    return new Promise(() => {});
  }
  const told = { state: 'new', reason: null, project: 'kites', counts: { runs: 1 } };
  return ok({
    title: 'run log',
    files: files.map((name) => ({ name, ...told })),
    backup: isTrial ? null : record(file, backupFolder, 'before taking files in'),
    isTrial,
    checks: [],
  });
}
const retryIssues = ({ path: file, backupFolder, source }) =>
  source.kind === 'none'
    ? ok({ tried: 0, cleared: 0, left: 0, kept: 0, backup: null })
    : ok({ tried: 2, cleared: 1, left: 1, kept: 0, backup: record(file, backupFolder) });
function sample({ path: file }) {
  require('node:fs').writeFileSync(file, 'a sample', { flag: 'wx' });
  return ok({ path: file });
}

send({ type: 'ready' });
