// @ts-check
// What npm keeps for itself of a command line in which no bare "--" stands before our options: a trial would then be
// the real thing. It tells its scripts of each option as npm_config_NAME.

/**
 * The options of the command line, but for three. npm tells of what an npmrc sets in the same way, and `json` and `yes`
 * a person may well keep there for good, who would then never get in; without them nothing is done that was not asked
 * for: the command asks, or tells in words. Of `format` npm tells nothing, but leaves its value, an argument too many.
 */
const ours = [
  ...['all', 'backup-dir', 'check', 'clear', 'contract', 'dry-run', 'export', 'finish', 'keep', 'project', 'put-back'],
  ...['retry', 'run-logs', 'to'],
];

/** What npm takes for the beginning of one of its own. */
const completed = new Map([['token_description', 'to']]);

/**
 * @param {string[]} args what was handed on
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]} the options that were typed and are not among them: "--dry-run"
 */
export function optionsNpmKept(args, env) {
  const handedOn = args.map((arg) => arg.split('=')[0]);
  const kept = Object.entries(env).flatMap(([key, value]) => {
    const setting = /^npm_config_(.+)$/.exec(key)?.[1] ?? '';
    const name = completed.get(setting) ?? setting.replaceAll('_', '-');
    if (!ours.includes(name)) return [];
    if (value) return [`--${name}`];
    return name === 'run-logs' ? ['--no-run-logs'] : []; // empty is what npm makes of every --no-NAME
  });
  return kept.filter((option) => !handedOn.includes(option)).sort();
}

/**
 * @param {string[]} kept
 * @param {NodeJS.Platform} platform
 */
export function telling(kept, platform) {
  // A PowerShell before npm 10.9.3 and 11.4 takes a bare -- away; no shell takes a quoted one.
  const [dashes, why] =
    platform === 'win32' ? ['"--"', ', with its quotes, because PowerShell may take it away otherwise'] : ['--', ''];
  return `npm kept ${kept.join(' and ')} for itself, so the command would have run without. Nothing was done.
Write ${dashes} before the command${why}: npm run -s phasewise ${dashes} COMMAND`;
}
