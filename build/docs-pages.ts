// The generated parts of docs/: made of the lists that the program itself uses, so that none of them can lack an entry.
import { exitCodeOf } from '../electron/cli/terminal.ts';
import { HELP } from '../electron/cli/help.ts';
import { appError, type ErrorCode, errorCatalogue, errorCodes, safetyText } from '../electron/shared/errors.ts';
import type { Pack } from '../electron/engine/migration.ts';
import { packs } from '../migrations/index.ts';
import { shortcuts } from '../renderer/panels/shortcuts/shortcuts.ts';
import * as states from '../renderer/words/states.ts';

/** A generated part by its name; it stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`. */
export const parts: Readonly<Record<string, () => string>> = {
  'error codes': errorTables,
  'command line': () => `\`\`\`text\n${HELP}\n\`\`\``,
  'issue reasons': () => packs.map(reasonTable).join('\n\n'),
  'phases and exit criteria': () => packs.map(phaseTables).join('\n\n'),
  states: stateTables,
  shortcuts: () => table(['Keys', 'What they do'], shortcuts.map(shortcutRow)),
};

const BEGIN = /^<!-- generated: (.+) -->$/;

/**
 * A page with its generated parts made anew; the rest stays as it is.
 * @throws Error when a part is unknown or has no end.
 */
export function regenerated(page: string): string {
  const lines = page.split('\n');
  const made: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    made.push(line);
    const name = BEGIN.exec(line)?.[1];
    if (name === undefined) continue;
    const part = parts[name];
    const end = lines.indexOf(`<!-- end of ${name} -->`, at);
    if (!part || end === -1) throw new Error(`The generated part "${name}" is not known or has no end.`);
    made.push('', part(), '');
    at = end - 1;
  }
  return made.join('\n');
}

/** Names of the generated parts that a page has. */
export const partsOf = (page: string): string[] =>
  page.split('\n').flatMap((line) => {
    const name = BEGIN.exec(line)?.[1];
    return name === undefined ? [] : [name];
  });

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

const groups: readonly { readonly title: string; readonly has: (code: ErrorCode) => boolean }[] = [
  { title: 'Refused', has: (code) => is(code, 'refused', 'untouched') },
  { title: 'The file is not what it was', has: (code) => is(code, 'refused', 'not-ours') },
  { title: 'Not understood', has: (code) => is(code, 'usage', 'untouched') },
  { title: 'Only a backup is concerned', has: (code) => is(code, 'refused', 'backup-only') },
  { title: 'Stopped at a whole step', has: (code) => is(code, 'failed', 'whole-step') },
  { title: 'To be looked at before anything else', has: (code) => is(code, 'failed', 'unknown') },
];

const is = (code: ErrorCode, outcome: string, safety: keyof typeof safetyText): boolean =>
  errorCatalogue[code].outcome === outcome && errorCatalogue[code].safety === safety;

/** Grouped by what is true of the data. @throws Error when a code fits no group. */
function errorTables(): string {
  const left = errorCodes.filter((code) => !groups.some(({ has }) => has(code)));
  if (left.length > 0) throw new Error(`No group of error codes has a place for ${left.join(', ')}.`);
  return groups
    .map(({ title, has }) => {
      const codes = errorCodes.filter(has).toSorted();
      const [first] = codes;
      if (first === undefined) return '';
      const { safety } = errorCatalogue[first];
      return [
        `### ${title} (exit code ${exitCodeOf(appError(first, ''))})`,
        `Is the data safe? **${safetyText[safety]}**`,
        table(
          ['Code', 'What happened', 'What to do'],
          codes.map((code) => [`\`${code}\``, errorCatalogue[code].title, errorCatalogue[code].nextStep]),
        ),
      ].join('\n\n');
    })
    .filter((text) => text !== '')
    .join('\n\n');
}

function reasonTable({ title, issueReasons, gatingReasons = [] }: Pack): string {
  const rows = Object.entries(issueReasons).map(([reason, words]) => [
    `\`${reason}\``,
    words,
    gatingReasons.includes(reason) ? 'yes' : '',
  ]);
  return `### ${title}\n\n${table(['Reason', 'What it means', 'Stands in the way of the last phase'], rows)}`;
}

function phaseTables({ title, phases, migrations }: Pack): string {
  const one = ({ number, name, scope, exitCriteria, removesAnything }: Pack['phases'][number]): string => {
    const steps = migrations.filter(({ phase }) => phase === number);
    return [
      `#### Phase ${number}: ${name}${removesAnything ? ' (removes the old names)' : ''}`,
      scope,
      steps.length === 0
        ? 'No migration.'
        : table(
            ['Migration', 'Kind', 'What it does'],
            steps.map(({ id, kind, title: what }) => [`\`${id}\``, kind, what]),
          ),
      table(
        ['Exit criterion', 'What has to hold', 'Looked at'],
        exitCriteria.map(({ id, title: what, cost }) => [
          `\`${id}\``,
          what,
          cost === 'schema' ? 'at every look' : 'with `--check`, at the checkpoint, in the verdict',
        ]),
      ),
    ].join('\n\n');
  };
  return [`### ${title}`, ...phases.map(one)].join('\n\n');
}

const named: readonly (readonly [string, Readonly<Record<string, { readonly word: string }>>])[] = [
  ['phase', states.phaseMarks],
  ['migration', states.migrationMarks],
  ['exit criterion, check', states.checkMarks],
  ['finding before an upgrade', states.preflightMarks],
  ['table', states.tableMarks],
  ['gap of a column or index', states.gapMarks],
  ['ledger entry', states.ledgerMarks],
  ['health', states.healthMarks],
  ['run', states.runMarks],
];

function stateTables(): string {
  const rows = named.flatMap(([of, marks]) =>
    Object.entries(marks).map(([state, { word }], at) => [at === 0 ? of : '', `\`${state}\``, word]),
  );
  return table(['State of a', 'In JSON', 'On screen'], rows);
}

const shortcutRow = ({ keys, what }: (typeof shortcuts)[number]): string[] => [
  keys.map((key) => `\`${key}\``).join(' + '),
  what,
];
