import path from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { ExportFormat } from '@shared/browse.ts';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { SourceChoice } from '@engine/protocol.ts';

/** A command line, understood. Paths are absolute; `to` null = the last phase that removes nothing. */
export type Command =
  | { name: 'help' | 'version' }
  | { name: 'status'; file: string; checkData: boolean }
  | { name: 'stay'; file: string }
  | { name: 'plan'; file: string; to: number | null; backupFolder: string | null; source: SourceChoice }
  | {
      name: 'migrate';
      file: string;
      to: number | null;
      yes: boolean;
      backupFolder: string | null;
      source: SourceChoice;
      /** What is removed for good was meant. */
      contract: boolean;
    }
  | {
      name: 'ingest';
      file: string;
      files: string[];
      project: string | null;
      isTrial: boolean;
      backupFolder: string | null;
    }
  | {
      name: 'issues';
      file: string;
      exportTo: string | null;
      retry: boolean;
      yes: boolean;
      backupFolder: string | null;
      source: SourceChoice;
    }
  | { name: 'export'; file: string; table: string; format: ExportFormat; to: string | null }
  | { name: 'keys'; file: string; clear: boolean; yes: boolean; backupFolder: string | null }
  /** keep null = only list them. */
  | { name: 'backups'; file: string; keep: number | null; yes: boolean }
  /** isAll: `backup` is the database whose backups are meant. */
  | { name: 'verify'; backup: string; isAll: boolean }
  /** source: a backup file; for 'put-back' a folder with what a restore replaced; for 'finish' empty. */
  | { name: 'restore'; how: 'backup' | 'put-back' | 'finish'; source: string; file: string; yes: boolean }
  | { name: 'sample'; target: string };

type Options = NonNullable<ParseArgsConfig['options']>;

interface Parsed {
  readonly positionals: readonly string[];
  text(name: string): string | null;
  flag(name: string): boolean;
}

/** Error: E_USAGE, saying what was not understood. */
export function parseCommand(args: readonly string[]): Result<Command> {
  const end = args.indexOf('--'); // behind it everything is a name, "--help" too
  const names = end === -1 ? [] : args.slice(end);
  const [name, ...rest] = args.slice(0, args.length - names.length).filter((argument) => argument !== '--json');
  try {
    if (name === undefined) throw new Error('A command is missing');
    if (rest.includes('--help') || rest.includes('-h') || name === '--help' || name === '-h' || name === 'help')
      return ok({ name: 'help' });
    if (name === '--version' || name === '-v') return ok({ name: 'version' });
    const parser = Object.hasOwn(parsers, name) ? parsers[name as keyof typeof parsers] : undefined;
    if (!parser)
      throw new Error(
        name.startsWith('-') ? `The command comes first, before ${name}` : `There is no command "${name}"`,
      );
    return ok(parser([...rest, ...names]));
  } catch (cause) {
    return err(appError('E_USAGE', `${cause instanceof Error ? cause.message : String(cause)}.`));
  }
}

const TO = { to: { type: 'string' } } as const;
const FOLDER = { 'backup-dir': { type: 'string' } } as const;
const SOURCE = { 'run-logs': { type: 'string' }, 'no-run-logs': { type: 'boolean' } } as const;
const YES = { yes: { type: 'boolean', short: 'y' } } as const;

const parsers = {
  status(args: string[]): Command {
    const { positionals, flag } = parse(args, ['DB'], { check: { type: 'boolean' } });
    return { name: 'status', file: fileAt(positionals), checkData: flag('check') };
  },
  stay(args: string[]): Command {
    return { name: 'stay', file: fileAt(parse(args, ['DB'], {}).positionals) };
  },
  plan(args: string[]): Command {
    const { positionals, text, flag } = parse(args, ['DB'], { ...TO, ...FOLDER, ...SOURCE });
    return {
      name: 'plan',
      file: fileAt(positionals),
      to: phaseOf(text('to')),
      backupFolder: folderOf(text, 'backup-dir'),
      source: sourceOf(text, flag),
    };
  },
  migrate(args: string[]): Command {
    const options = { ...TO, ...FOLDER, ...SOURCE, ...YES, contract: { type: 'boolean' } } as const;
    const { positionals, text, flag } = parse(args, ['DB'], options);
    return {
      name: 'migrate',
      file: fileAt(positionals),
      to: phaseOf(text('to')),
      yes: flag('yes'),
      backupFolder: folderOf(text, 'backup-dir'),
      source: sourceOf(text, flag),
      contract: flag('contract'),
    };
  },
  ingest(args: string[]): Command {
    const options = { ...FOLDER, project: { type: 'string' }, 'dry-run': { type: 'boolean' } } as const;
    const { positionals, text, flag } = parse(args, ['DB', 'PATH'], options, true);
    const [, ...files] = positionals;
    const project = text('project');
    if (project === '') throw new Error('--project is empty');
    return {
      name: 'ingest',
      file: fileAt(positionals),
      files: files.map((file) => fileAt([file])),
      project,
      isTrial: flag('dry-run'),
      backupFolder: folderOf(text, 'backup-dir'),
    };
  },
  issues(args: string[]): Command {
    const options = { ...FOLDER, ...SOURCE, ...YES, export: { type: 'string' }, retry: { type: 'boolean' } } as const;
    const { positionals, text, flag } = parse(args, ['DB'], options);
    const exportTo = folderOf(text, 'export');
    if (exportTo !== null && flag('retry')) throw new Error('--export and --retry are two commands');
    return {
      name: 'issues',
      file: fileAt(positionals),
      exportTo,
      retry: flag('retry'),
      yes: flag('yes'),
      backupFolder: folderOf(text, 'backup-dir'),
      source: sourceOf(text, flag),
    };
  },
  export(args: string[]): Command {
    const { positionals, text } = parse(args, ['DB', 'TABLE'], { ...TO, format: { type: 'string' } });
    const [, table = ''] = positionals;
    return {
      name: 'export',
      file: fileAt(positionals),
      table,
      format: formatOf(text('format')),
      to: folderOf(text, 'to'),
    };
  },
  keys(args: string[]): Command {
    const { positionals, text, flag } = parse(args, ['DB'], { ...FOLDER, ...YES, clear: { type: 'boolean' } });
    const backupFolder = folderOf(text, 'backup-dir');
    return { name: 'keys', file: fileAt(positionals), clear: flag('clear'), yes: flag('yes'), backupFolder };
  },
  backups(args: string[]): Command {
    const { positionals, text, flag } = parse(args, ['DB'], { ...YES, keep: { type: 'string' } });
    return { name: 'backups', file: fileAt(positionals), keep: keepOf(text('keep')), yes: flag('yes') };
  },
  verify(args: string[]): Command {
    const isAll = hasOption(args, /^--all$/);
    const { positionals } = parse(args, [isAll ? 'DB' : 'BACKUP'], { all: { type: 'boolean' } });
    return { name: 'verify', backup: fileAt(positionals), isAll };
  },
  restore(args: string[]): Command {
    const options = { ...TO, ...YES, 'put-back': { type: 'string' }, finish: { type: 'boolean' } } as const;
    const isOther = hasOption(args, /^--(finish$|put-back(=|$))/);
    const { positionals, text, flag } = parse(args, isOther ? [] : ['BACKUP'], options);
    const to = text('to');
    if (!to) throw new Error('restore needs --to DB: the database to put the backup into');
    const common = { name: 'restore', file: path.resolve(to), yes: flag('yes') } as const;
    const folder = folderOf(text, 'put-back');
    if (folder !== null && flag('finish')) throw new Error('--finish and --put-back are two commands');
    if (folder !== null) return { ...common, how: 'put-back', source: folder };
    return flag('finish')
      ? { ...common, how: 'finish', source: '' }
      : { ...common, how: 'backup', source: fileAt(positionals) };
  },
  sample(args: string[]): Command {
    return { name: 'sample', target: fileAt(parse(args, ['TARGET'], {}).positionals) };
  },
} as const;

/** Before it is known how many names there have to be. Behind "--" everything is a name. */
function hasOption(args: readonly string[], option: RegExp): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).some((each) => option.test(each));
}

/** @param isOpenEnded the last of `expected` may be given several times. */
function parse(args: string[], expected: readonly string[], options: Options, isOpenEnded = false): Parsed {
  const parsed = understood(() => parseArgs({ args: withNumbers(args, options), allowPositionals: true, options }));
  const values: Record<string, unknown> = parsed.values;
  const { positionals } = parsed;
  const missing = expected[positionals.length];
  if (missing !== undefined) throw new Error(`${missing} is missing`);
  if (!isOpenEnded && positionals.length > expected.length)
    throw new Error(`"${positionals[expected.length] ?? ''}" is one argument too many`);
  return {
    positionals,
    text(name) {
      const value = values[name];
      return typeof value === 'string' ? value : null;
    },
    flag: (name) => values[name] === true,
  };
}

/** `--to -1` as `--to=-1`: Node takes the number for an option of its own, and says that a value is missing. */
function withNumbers(args: readonly string[], options: Options): string[] {
  const end = args.indexOf('--');
  return args.reduce<string[]>((all, argument, at) => {
    const before = all.at(-1) ?? '';
    const isValue = /^-\d/.test(argument) && options[before.slice(2)]?.type === 'string' && before.startsWith('--');
    return isValue && (end === -1 || at < end) ? [...all.slice(0, -1), `${before}=${argument}`] : [...all, argument];
  }, []);
}

/** Node's own sentences about options, in words for whoever typed them. */
function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const option = /'(?:-\w, )?(--?[^' ]+)/.exec(text)?.[1] ?? '';
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
      throw new Error(`There is no option ${option}. A file name that begins with "-" is written ./-NAME`);
    if (code !== 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') throw cause;
    throw new Error(text.includes('does not take') ? `${option} takes no value` : `The value of ${option} is missing`);
  }
}

function fileAt(positionals: readonly string[]): string {
  const [name = ''] = positionals;
  if (name === '') throw new Error('A file name is empty');
  return path.resolve(name);
}

function phaseOf(text: string | null): number | null {
  if (text === null) return null;
  if (!/^\d{1,2}$/.test(text)) throw new Error(`--to takes the number of a phase, not "${text}"`);
  return Number(text);
}

function keepOf(text: string | null): number | null {
  if (text === null) return null;
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new Error(`--keep takes a number from 1 to 999, not "${text}"`);
  return Number(text);
}

function formatOf(text: string | null): ExportFormat {
  const format = ExportFormat.safeParse(text ?? 'csv');
  if (!format.success) throw new Error(`--format takes ${ExportFormat.options.join(', ')}, not "${text}"`);
  return format.data;
}

function folderOf(text: Parsed['text'], option: string): string | null {
  const value = text(option);
  if (value === '') throw new Error(`--${option} is empty`);
  return value === null ? null : path.resolve(value);
}

function sourceOf(text: Parsed['text'], flag: Parsed['flag']): SourceChoice {
  const folder = folderOf(text, 'run-logs');
  if (!flag('no-run-logs')) return folder === null ? { kind: 'guess' } : { kind: 'folder', folder };
  if (folder !== null) throw new Error('--run-logs and --no-run-logs exclude each other');
  return { kind: 'none' };
}
