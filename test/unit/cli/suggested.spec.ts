import { execFileSync } from 'node:child_process';
import { appError } from '@shared/errors.ts';
import { describe, expect, it } from 'vitest';
import { adviceFor } from '../../../electron/cli/advice.ts';
import { parseCommand } from '../../../electron/cli/arguments.ts';
import { commandLine, quoted } from '../../../electron/cli/suggested.ts';

const isPosix = process.platform !== 'win32';

describe('a suggested command', () => {
  it('is the whole of what has to be typed', () => {
    expect(commandLine('status', '/home/ada/project.db')).toBe('npm run -s phasewise -- status /home/ada/project.db');
    expect(commandLine('restore', "Ada's backups/a.db", '--yes')).toBe(
      `npm run -s phasewise -- restore 'Ada'\\''s backups/a.db' --yes`,
    );
  });

  it.skipIf(!isPosix).each(['a b.db', "it's.db", 'a"b.db', '$HOME `id`; rm *.db', '-rf', '~x', 'a\\b', 'übung.db', ''])(
    'reaches the program as it is: %s',
    (name) => {
      const told = execFileSync('sh', ['-c', `printf '%s|' ${quoted(name)}`], { encoding: 'utf8' });
      expect(told).toBe(`${name}|`);
    },
  );

  it.skipIf(!isPosix)('does not act on the terminal, and is still that name', () => {
    const name = "evil\u001b[2J\u202egnp' \\.db";
    expect(quoted(name)).not.toMatch(/[\u001b\u202e]/);
    expect(
      execFileSync('bash', ['-c', `printf '%s' ${quoted(name)}`], { encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' } }),
    ).toBe(name);
  });

  it('has double quotes where the shell is that of Windows', () => {
    expect(quoted('C:\\Users\\Ada L\\a.db', 'win32')).toBe('"C:\\Users\\Ada L\\a.db"');
  });
});

describe('what an error says to do next', () => {
  const advice = (code: Parameters<typeof appError>[0], args: string[]) => {
    const command = parseCommand(args);
    if (!command.ok) throw new Error(command.error.message);
    return adviceFor(appError(code, ''), command.value, args);
  };

  it.each([
    ['E_USAGE', ['migrate', 'a.db', '--to', '3', '--json'], 'migrate a.db --to 3 --yes'],
    ['E_USAGE', ['keys', '--clear', '--', '-a.db'], 'keys --clear --yes -- -a.db'],
    ['E_CANCELLED', ['migrate', 'a b.db', '--yes'], "migrate 'a b.db' --yes"],
    ['E_REMOVAL_UNCONFIRMED', ['migrate', 'a.db', '--to', '5', '--yes'], 'migrate a.db --to 5 --contract'],
    ['E_RESTORE_UNFINISHED', ['plan', '/x/a.db'], 'restore --finish --to /x/a.db --yes'],
    ['E_BACKUP_GONE', ['restore', 'b.db', '--to', '/x/a.db'], 'backups /x/a.db'],
    ['E_BACKUP_FOREIGN', ['verify', '/x/a.db'], 'verify --all /x/a.db'],
    ['E_ISSUES_OPEN', ['migrate', '/x/a.db'], 'issues /x/a.db'],
  ] as const)('%s of %j is a command: %s', (code, args, expected) => {
    expect(advice(code, [...args])).toBe(`npm run -s phasewise -- ${expected}`);
  });

  it('is none where no command does it', () => {
    expect(advice('E_CORRUPT', ['migrate', 'a.db'])).toBeNull();
    expect(advice('E_USAGE', ['migrate', 'a.db', '--yes'])).toBeNull();
    expect(advice('E_BACKUP_FOREIGN', ['restore', 'b.db', '--to', '/x/a.db'])).toBeNull();
  });

  it('does not send to a backup that is gone', () => {
    const command = parseCommand(['plan', '/x/a.db']);
    const error = appError('E_RESTORE_UNFINISHED', '', { backup: '/nowhere/b.db' });
    expect(command.ok && adviceFor(error, command.value, [])).toBe('npm run -s phasewise -- status /x/a.db');
  });
});
