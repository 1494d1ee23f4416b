import path from 'node:path';
import { parseCommand } from '../../../electron/cli/arguments.ts';
import { describe, expect, it } from 'vitest';

const parse = (...args: string[]) => {
  const result = parseCommand(args);
  return result.ok ? result.value : `${result.error.code}: ${result.error.message}`;
};
const here = (name: string) => path.resolve(name);

describe('the command line', () => {
  it('is understood', () => {
    expect(parse('status', 'a.db', '--json')).toEqual({ name: 'status', file: here('a.db'), checkData: false });
    expect(parse('--json', 'status', 'a.db', '--check')).toEqual({
      name: 'status',
      file: here('a.db'),
      checkData: true,
    });
    expect(parse('plan', '--to', '1', 'a.db')).toEqual({
      name: 'plan',
      file: here('a.db'),
      to: 1,
      backupFolder: null,
      source: { kind: 'guess' },
    });
    expect(parse('migrate', 'a.db', '--yes', '--to=2', '--backup-dir', 'b')).toEqual({
      name: 'migrate',
      file: here('a.db'),
      to: 2,
      yes: true,
      backupFolder: here('b'),
      source: { kind: 'guess' },
      contract: false,
    });
    expect(parse('restore', 'b.db', '--to', 'a.db', '-y')).toEqual({
      name: 'restore',
      how: 'backup',
      source: here('b.db'),
      file: here('a.db'),
      yes: true,
    });
    expect(parse('restore', '--put-back', 'a.db replaced-Abc123', '--to', 'a.db')).toMatchObject({
      ...{ how: 'put-back', source: here('a.db replaced-Abc123'), yes: false },
    });
    expect(parse('restore', '--finish', '--to', 'a.db', '--yes')).toMatchObject({ how: 'finish', source: '' });
    expect(parse('backups', 'a.db', '--keep', '3')).toMatchObject({ keep: 3, yes: false });
    expect(parse('backups', 'a.db')).toMatchObject({ keep: null });
    expect(parse('verify', '--all', 'a.db')).toMatchObject({ isAll: true, backup: here('a.db') });
    expect(parse('verify', '--', '--all')).toMatchObject({ isAll: false, backup: here('--all') });
    expect(parse('status', '--', '-odd.db')).toEqual({ name: 'status', file: here('-odd.db'), checkData: false });
    for (const help of [['--help'], ['-h'], ['help'], ['migrate', '--help']])
      expect(parse(...help)).toEqual({ name: 'help' });
    expect(parse('--version')).toEqual({ name: 'version' });
  });

  it('says where run logs are, what goes in, and what is done with issue rows', () => {
    expect(parse('migrate', 'a.db', '--to', '5', '--contract', '--run-logs', 'logs')).toMatchObject({
      ...{ name: 'migrate', to: 5, contract: true, source: { kind: 'folder', folder: here('logs') } },
    });
    expect(parse('plan', 'a.db', '--no-run-logs')).toMatchObject({ source: { kind: 'none' } });
    expect(parse('ingest', 'a.db', 'run.json', 'logs', '--project', 'anna/kites', '--dry-run')).toEqual({
      ...{ name: 'ingest', file: here('a.db'), files: [here('run.json'), here('logs')] },
      ...{ project: 'anna/kites', isTrial: true, backupFolder: null },
    });
    const common = { name: 'issues', file: here('a.db'), backupFolder: null, source: { kind: 'guess' } };
    expect(parse('issues', 'a.db')).toEqual({ ...common, exportTo: null, retry: false, yes: false });
    expect(parse('issues', 'a.db', '--export', 'b.csv')).toMatchObject({ exportTo: here('b.csv') });
    const table = { name: 'export', file: here('a.db'), table: 'runs' };
    expect(parse('export', 'a.db', 'runs')).toEqual({ ...table, format: 'csv', to: null });
    expect(parse('export', 'a.db', 'runs', '--format', 'sql', '--to', 'b.sql')).toEqual({
      ...table,
      format: 'sql',
      to: here('b.sql'),
    });
    expect(parse('issues', 'a.db', '--retry', '--yes')).toMatchObject({ retry: true, yes: true });
  });

  it('keeps odd file names as they were typed', () => {
    expect(parse('status', 'my db ')).toMatchObject({ file: here('my db ') });
    expect(parse('status', '--', '--help')).toMatchObject({ file: here('--help') });
    expect(parse('status', '--json', '--', '--json')).toMatchObject({ file: here('--json') });
    expect(parse('status', 'file:a.db?mode=rw')).toMatchObject({ file: here('file:a.db?mode=rw') });
  });

  it('is refused with E_USAGE when it is not understood', () => {
    const wrong = [
      [],
      ['--json'],
      ['explode', 'a.db'],
      ['constructor'],
      ['status'],
      ['status', ''],
      ['status', 'a.db', 'b.db'],
      ['status', 'a.db', '--yes'],
      ['--yes', 'migrate', 'a.db'],
      ['migrate', 'a.db', '--to'],
      ['migrate', 'a.db', '--to', 'one'],
      ['migrate', 'a.db', '--to', '-1'],
      ['migrate', 'a.db', '--to', '1e3'],
      ['migrate', 'a.db', '--to', '1.5'],
      ['migrate', 'a.db', '--backup-dir', ''],
      ['migrate', 'a.db', '--run-logs', ''],
      ['migrate', 'a.db', '--run-logs', 'a', '--no-run-logs'],
      ['ingest', 'a.db'],
      ['ingest', 'a.db', ''],
      ['ingest', 'a.db', 'b', '--project', ''],
      ['issues', 'a.db', '--export', 'b', '--retry'],
      ['export', 'a.db'],
      ['export', 'a.db', 'runs', '--format', 'xml'],
      ['status', 'a.db', '--contract'],
      ['migrate', 'a.db', '--force'],
      ['restore', 'b.db', '--yes'],
      ['verify'],
      ['verify', '--all'],
      ['backups', 'a.db', '--keep', '0'],
      ['backups', 'a.db', '--keep', 'all'],
      ['restore', 'b.db', '--finish', '--to', 'a.db'],
      ['restore', '--finish', '--put-back', 'b', '--to', 'a.db'],
    ];
    expect(parse('migrate', 'a.db', '--force')).toBe(
      'E_USAGE: There is no option --force. A file name that begins with "-" is written ./-NAME.',
    );
    expect(parse('migrate', 'a.db', '--to')).toBe('E_USAGE: The value of --to is missing.');
    expect(parse('migrate', 'a.db', '--to', '--yes')).toBe('E_USAGE: The value of --to is missing.');
    // A number is what was meant, not another option.
    expect(parse('migrate', 'a.db', '--to', '-1')).toBe('E_USAGE: --to takes the number of a phase, not "-1".');
    expect(parse('backups', 'a.db', '--keep', '-2')).toBe('E_USAGE: --keep takes a number from 1 to 999, not "-2".');
    expect(parse('status', '--', '--to', '-1')).toBe('E_USAGE: "-1" is one argument too many.');
    expect(parse('migrate', 'a.db', '--yes=1')).toBe('E_USAGE: --yes takes no value.');
    for (const args of wrong)
      expect([args, parse(...args)]).toEqual([args, expect.stringMatching(/^E_USAGE: ./) as string]);
  });
});
